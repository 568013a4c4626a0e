import { z } from 'zod';
import { eventSchema, type CloudEvent } from '../cloud-event.js';
import { Id } from '../http/common.js';
import { BillingModeName, GroupTypeName, MemberRoleName, PartnerKindName } from './words.js';

const text = z.string();
const group = { projectId: Id, groupId: Id };
const member = { ...group, memberId: Id, userId: Id, email: text, name: text, role: MemberRoleName };
const device = { ...group, serialNumber: text, model: text };

/** How many groups one `groups-placed` carries at most. */
export const MAX_PLACED_GROUPS = 1_000;

/** What the group service tells others: CloudEvent type -> shape of `data`. The key is the project's or partner's id. */
export const GROUPS_EVENTS = {
  'allotree.partner-registered.v1': z.object({
    partnerId: Id,
    kind: PartnerKindName,
    name: text,
    parentPartnerId: Id.nullable(),
    tenantId: Id,
    administrator: z.object({ userId: Id, email: text, name: text }).optional(),
  }),
  /** The root group has the project's id and the type `company`. `trial`: created by a partner's registration (domain.md L1). */
  'allotree.project-created.v1': z.object({
    projectId: Id,
    name: text,
    partnerId: Id,
    tenantId: Id,
    timeZone: text,
    billingMode: BillingModeName,
    trial: z.boolean(),
  }),
  /** Parents before their children. */
  'allotree.groups-placed.v1': z.object({
    projectId: Id,
    groups: z
      .array(z.object({ groupId: Id, parentId: Id, type: GroupTypeName, name: text }))
      .min(1)
      .max(MAX_PLACED_GROUPS),
  }),
  'allotree.group-changed.v1': z.object({ ...group, type: GroupTypeName, name: text }),
  'allotree.group-moved.v1': z.object({ ...group, parentId: Id }),
  /** With everything below it; its devices were removed just before. */
  'allotree.group-removed.v1': z.object(group),
  /** The same `memberId` again: its name or role changed. */
  'allotree.member-added.v1': z.object(member),
  'allotree.member-removed.v1': z.object(member),
  'allotree.device-registered.v1': z.object(device),
  'allotree.device-removed.v1': z.object(device),
} as const;

export type GroupsEventType = keyof typeof GROUPS_EVENTS;
export type GroupsEventData<Type extends GroupsEventType> = z.infer<(typeof GROUPS_EVENTS)[Type]>;
export type GroupsEvent = { [Type in GroupsEventType]: CloudEvent<GroupsEventData<Type>, Type> }[GroupsEventType];

/** The JSON Schema of the whole CloudEvent of this type. */
export const groupsEventSchema = (type: GroupsEventType): object => eventSchema(type, GROUPS_EVENTS[type]);
