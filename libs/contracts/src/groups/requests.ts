import { z } from 'zod';
import { PermissionName } from '../access/index.js';
import { Id, readOnly } from '../http/common.js';
import { DeviceItem, GroupDetails, RoleItem } from './responses.js';
import {
  BillingModeName,
  ClaimCode,
  Email,
  ExternalId,
  GroupTypeName,
  RoleName,
  PartnerKindName,
  PlainName,
  SerialNumber,
  TimeZone,
} from './words.js';

/** `POST /partners`. With `objectName` the partner gets its own project of that name and its trial (L1). */
export const RegisterPartnerRequest = z
  .strictObject({
    name: PlainName,
    kind: PartnerKindName,
    /** The distributor a dealer or management company belongs to. Absent: the partner is its own tenant. */
    parentPartnerId: Id.optional(),
    objectName: PlainName.optional(),
    /** Of the project that `objectName` names. */
    timeZone: TimeZone.default('UTC'),
    administrator: z.strictObject({ name: PlainName, email: Email }),
  })
  .meta({
    examples: [
      {
        name: 'Nordlicht',
        kind: 'distributor',
        objectName: 'Nordlicht showroom',
        administrator: { name: 'Ada Berg', email: 'ada@nordlicht.example' },
      },
    ],
  });
export type RegisterPartnerRequest = z.infer<typeof RegisterPartnerRequest>;

/** `POST /partners/{id}/join-requests/{requestId}/reject` */
export const RejectJoinRequest = z
  .strictObject({ reason: PlainName })
  .meta({ examples: [{ reason: 'Not a customer' }] });
export type RejectJoinRequest = z.infer<typeof RejectJoinRequest>;

/** `POST /projects` */
export const CreateProjectRequest = z
  .strictObject({
    name: PlainName,
    partnerId: Id,
    timeZone: TimeZone.default('UTC'),
    billingMode: BillingModeName.default('prepaid'),
  })
  .meta({ examples: [{ name: 'Hafenblick', partnerId: 'partner-1', timeZone: 'Europe/Berlin' }] });
export type CreateProjectRequest = z.infer<typeof CreateProjectRequest>;

/** `POST /projects/{p}/close`, `POST /partners/{id}/close` */
export const CloseRequest = z
  .strictObject({ reason: PlainName })
  .meta({ examples: [{ reason: 'The building was sold' }] });
export type CloseRequest = z.infer<typeof CloseRequest>;

/** `POST /projects/{p}/groups` */
export const CreateGroupRequest = z
  .strictObject({ parentId: Id, type: GroupTypeName, name: PlainName, externalId: ExternalId.nullable().optional() })
  .meta({ examples: [{ parentId: 'project-1', type: 'building', name: 'Building A' }] });
export type CreateGroupRequest = z.infer<typeof CreateGroupRequest>;

/** How many groups one call generates at most, all levels together (G2). */
const MAX_GENERATED = 110_000;

const level = (namePattern: string) => ({
  /** For every group of the level above. */
  count: z.int().min(1).max(MAX_GENERATED),
  firstNumber: z.int().min(0).max(1_000_000).default(1),
  /** `{n}` is the own number, `{building}`, `{unit}`, `{floor}` those above; `{n:2}` writes at least two digits. */
  namePattern: z
    .string()
    .trim()
    .min(1, 'must not be empty')
    .max(100)
    .regex(/^[^\p{Cc}\p{Cs}]*$/u, 'must not contain control characters')
    .default(namePattern),
});

/**
 * `POST /projects/{p}/groups/generate` (G2). Levels may be left out; each group of a level gets all of the next.
 * `apartments.restart` says where the numbers of apartments start again: in each `unit` (default), in each `building`, or on
 * each `floor`.
 */
export const GenerateGroupsRequest = z
  .strictObject({
    parentId: Id,
    buildings: z.strictObject(level('Building {n}')).optional(),
    units: z.strictObject(level('Unit {n}')).optional(),
    floors: z.strictObject(level('Floor {n}')).optional(),
    apartments: z
      .strictObject({ ...level('Apartment {n}'), restart: z.enum(['unit', 'building', 'floor']).default('unit') })
      .optional(),
  })
  .meta({
    examples: [
      {
        parentId: 'project-1',
        buildings: { count: 3, firstNumber: 1, namePattern: 'Building {n}' },
        units: { count: 2, namePattern: 'Entrance {n}' },
        floors: { count: 5 },
        apartments: { count: 4, namePattern: '{floor}{n:2}', restart: 'floor' },
      },
    ],
  });
export type GenerateGroupsRequest = z.infer<typeof GenerateGroupsRequest>;

/** `PATCH /projects/{p}/groups/{g}` */
export const ChangeGroupRequest = z
  .strictObject({
    name: PlainName.optional(),
    type: GroupTypeName.optional(),
    /** `null` removes it. */
    externalId: ExternalId.nullable().optional(),
    groupId: readOnly(Id),
    parentId: readOnly(GroupDetails.shape.parentId),
    hasChildren: readOnly(GroupDetails.shape.hasChildren),
    path: readOnly(GroupDetails.shape.path),
  })
  .refine(({ name, type, externalId }) => [name, type, externalId].some((change) => change !== undefined), {
    error: 'name what changes: name, type, externalId',
  })
  .meta({ examples: [{ name: 'Building A (harbour side)' }] });
export type ChangeGroupRequest = z.infer<typeof ChangeGroupRequest>;

/** `POST /projects/{p}/groups/{g}/move` */
export const MoveGroupRequest = z
  .strictObject({ parentId: Id, /** Another project the group moves to, under new ids. */ projectId: Id.optional() })
  .meta({ examples: [{ parentId: 'group-1' }] });
export type MoveGroupRequest = z.infer<typeof MoveGroupRequest>;

/** `POST /projects/{p}/groups/{g}/members` */
export const AddMemberRequest = z
  .strictObject({
    email: Email,
    name: PlainName,
    role: RoleName,
    /** Absent: that of a member who is there already stays; `null` removes it. */
    externalId: ExternalId.nullable().optional(),
  })
  .meta({ examples: [{ email: 'kim@example.com', name: 'Kim Larsen', role: 'site_administrator' }] });
export type AddMemberRequest = z.infer<typeof AddMemberRequest>;

/** `POST /partners/{id}/administrators` */
export const AddAdministratorRequest = z
  .strictObject({
    email: Email,
    name: PlainName,
    /** Absent: the one of the partner's kind. */
    role: RoleName.optional(),
  })
  .meta({ examples: [{ email: 'kim@nordlicht.example', name: 'Kim Larsen' }] });
export type AddAdministratorRequest = z.infer<typeof AddAdministratorRequest>;

/** `POST /roles`; `PUT /roles/{roleId}` takes what is read-only as well; what a permission implies is added. */
export const RoleRequest = z
  .strictObject({ name: PlainName, permissions: z.array(PermissionName).min(1).max(100) })
  .meta({ examples: [{ name: 'Technical manager', permissions: ['groups:read', 'devices:manage'] }] });
export type RoleRequest = z.infer<typeof RoleRequest>;
export const ChangeRoleRequest = RoleRequest.extend({
  roleId: readOnly(RoleItem.shape.roleId),
  custom: readOnly(RoleItem.shape.custom),
});
export type ChangeRoleRequest = z.infer<typeof ChangeRoleRequest>;

/** `POST /projects/{p}/groups/{g}/devices` */
export const AddDeviceRequest = z
  .strictObject({
    serialNumber: SerialNumber,
    model: PlainName,
    /** Needed where the vendor keeps a device catalogue. */
    claimCode: ClaimCode.optional(),
    externalId: ExternalId.nullable().optional(),
  })
  .meta({ examples: [{ serialNumber: 'AA-12CD-000017', model: 'AA-12' }] });
export type AddDeviceRequest = z.infer<typeof AddDeviceRequest>;

/** `PATCH /projects/{p}/groups/{g}/devices/{serialNumber}`; `null` removes the external id. */
export const ChangeDeviceRequest = z
  .strictObject({
    externalId: ExternalId.nullable(),
    serialNumber: readOnly(DeviceItem.shape.serialNumber),
    groupId: readOnly(DeviceItem.shape.groupId),
    model: readOnly(DeviceItem.shape.model),
    addedAt: readOnly(DeviceItem.shape.addedAt),
  })
  .meta({ examples: [{ externalId: 'ERP-4711' }] });
export type ChangeDeviceRequest = z.infer<typeof ChangeDeviceRequest>;

/** `PUT /device-catalogue`: these devices, beside those that are in it already. */
export const CatalogueRequest = z
  .strictObject({
    devices: z
      .array(z.strictObject({ serialNumber: SerialNumber, claimCode: ClaimCode }))
      .min(1)
      .max(1_000),
  })
  .meta({ examples: [{ devices: [{ serialNumber: 'AA-12CD-000017', claimCode: '7K2M-9QXT-4B8R' }] }] });
export type CatalogueRequest = z.infer<typeof CatalogueRequest>;
