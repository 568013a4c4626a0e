import { z } from 'zod';
import { AnyCloudEvent, eventSchema, type CloudEvent } from '../cloud-event.js';
import { Id, IsoInstant } from '../http/common.js';
import { BillingModeName, GroupTypeName, PartnerKindName, RoleName } from './words.js';

const text = z.string();
/** Absent: none, or an event of an earlier version. */
const externalId = text.optional();
const group = { projectId: Id, groupId: Id };
const member = { ...group, memberId: Id, userId: Id, email: text, name: text, role: RoleName, externalId };
const device = { ...group, serialNumber: text, model: text, externalId };

/** How many groups one `groups-placed` carries at most. */
export const MAX_PLACED_GROUPS = 1_000;

/** The integration events of the group service: CloudEvent type -> shape of `data`. The key is the id of the project or partner. */
export const GROUPS_EVENTS = {
  'allotree.partner-registered.v1': z.object({
    partnerId: Id,
    kind: PartnerKindName,
    name: text,
    parentPartnerId: Id.nullable(),
    tenantId: Id,
    administrator: z.object({ userId: Id, email: text, name: text }).optional(),
  }),
  /** The root group has the project's id and the type `company`. `trial`: created by a partner's registration (L1). */
  'allotree.project-created.v1': z.object({
    projectId: Id,
    name: text,
    partnerId: Id,
    tenantId: Id,
    timeZone: text,
    billingMode: BillingModeName,
    trial: z.boolean(),
  }),
  /** The project can be read from now on; nothing about it changes any more. */
  'allotree.project-closed.v1': z.object({ projectId: Id, reason: text }),
  /** Parents before their children. */
  'allotree.groups-placed.v1': z.object({
    projectId: Id,
    groups: z
      .array(z.object({ groupId: Id, parentId: Id, type: GroupTypeName, name: text, externalId }))
      .min(1)
      .max(MAX_PLACED_GROUPS),
  }),
  /** `externalId` is absent where it stays as it was; `null`: the group has none any more. */
  'allotree.group-changed.v1': z.object({
    ...group,
    type: GroupTypeName,
    name: text,
    externalId: text.nullable().optional(),
  }),
  'allotree.group-moved.v1': z.object({ ...group, parentId: Id }),
  /** With everything below it; its devices and members were removed just before. */
  'allotree.group-removed.v1': z.object(group),
  /** The same `memberId` again: its name, role or external id changed. */
  'allotree.member-added.v1': z.object(member),
  'allotree.member-removed.v1': z.object(member),
  /** Besides the one a partner was registered with. The same `userId` again: its name or role changed. */
  'allotree.partner-administrator-added.v1': z.object({
    partnerId: Id,
    tenantId: Id,
    userId: Id,
    email: text,
    name: text,
    role: RoleName,
  }),
  /** An independent partner became a distributor; who administers it follows in events of their own. */
  'allotree.partner-promoted.v1': z.object({ partnerId: Id, tenantId: Id, kind: PartnerKindName }),
  /** The partner can be read from now on. Its administrators are removed in events of their own. */
  /** Whether the partner's own people can create postpaid projects; those that exist are unaffected. */
  'allotree.partner-postpaid-changed.v1': z.object({ partnerId: Id, tenantId: Id, allowed: z.boolean() }),
  'allotree.partner-closed.v1': z.object({ partnerId: Id, tenantId: Id, reason: text }),
  'allotree.partner-administrator-removed.v1': z.object({ partnerId: Id, userId: Id }),
  /** A role of the tenant's own, new or changed. The key is the tenant. Permissions nobody knows here permit nothing. */
  'allotree.role-changed.v1': z.object({
    tenantId: Id,
    roleId: Id,
    name: text,
    permissions: z.array(text),
  }),
  'allotree.role-removed.v1': z.object({ tenantId: Id, roleId: Id }),
  /** Keyed by the user: what is named is so from now on. `active: false`: may not come in any more. */
  'allotree.user-changed.v1': z.object({
    userId: Id,
    email: text.optional(),
    name: text.optional(),
    timeZone: text.optional(),
    language: text.optional(),
    emailConfirmed: z.boolean().optional(),
    active: z.boolean().optional(),
  }),
  /** Keyed by the user: somebody of an external issuer is this user from now on. */
  'allotree.identity-linked.v1': z.object({
    userId: Id,
    tenantId: Id.nullable(),
    email: text,
    issuer: text,
    subject: text,
  }),
  /** Keyed by the user (or machine): until then its access tokens look good, and are not. */
  'allotree.session-revoked.v1': z.object({ sessionId: Id, userId: Id, until: IsoInstant }),
  'allotree.device-registered.v1': z.object(device),
  /** `externalId: null`: the device has none any more. */
  'allotree.device-changed.v1': z.object({ ...group, serialNumber: text, externalId: text.nullable() }),
  'allotree.device-removed.v1': z.object(device),
} as const;

export type GroupsEventType = keyof typeof GROUPS_EVENTS;
export type GroupsEventData<Type extends GroupsEventType> = z.infer<(typeof GROUPS_EVENTS)[Type]>;
export type GroupsEvent<Type extends GroupsEventType = GroupsEventType> = {
  [Each in Type]: CloudEvent<GroupsEventData<Each>, Each>;
}[Type];

/** The JSON Schema of the whole CloudEvent of this type. */
export const groupsEventSchema = (type: GroupsEventType): object => eventSchema(type, GROUPS_EVENTS[type]);

/**
 * Decodes a message on the topic of the group service. `null`: an unknown type.
 * @throws ZodError if the data does not match the type
 */
export function groupsEventOf(message: unknown): GroupsEvent | null {
  const event = AnyCloudEvent.parse(message);
  const shape = GROUPS_EVENTS[event.type as GroupsEventType] as (typeof GROUPS_EVENTS)[GroupsEventType] | undefined;
  return shape === undefined ? null : ({ ...event, data: shape.parse(event.data) } as GroupsEvent);
}
