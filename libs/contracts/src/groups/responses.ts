import { z } from 'zod';
import { PermissionName } from '../access/index.js';
import { Id, IsoInstant, pageOf } from '../http/common.js';
import {
  BillingModeName,
  GroupTypeName,
  StandingName,
  JoinRequestStatusName,
  RoleName,
  PartnerKindName,
} from './words.js';

export const RegisteredPartner = z.object({
  partnerId: Id,
  /** `null` where no `objectName` was given. */
  projectId: Id.nullable(),
  administratorId: Id,
});
export type RegisteredPartner = z.infer<typeof RegisteredPartner>;

export const PartnerItem = z.object({
  partnerId: Id,
  kind: PartnerKindName,
  name: z.string(),
  parentPartnerId: Id.nullable(),
  tenantId: Id,
  status: StandingName,
  /** Why it was closed; `null`: it is open. */
  closedReason: z.string().nullable(),
  registeredAt: IsoInstant,
});
export type PartnerItem = z.infer<typeof PartnerItem>;
/** What a single partner shows: exact for the moment. */
export const PartnerDetails = PartnerItem.omit({ registeredAt: true }).extend({
  /** Whether its own people can create postpaid projects; set by the server administrator. */
  postpaidAllowed: z.boolean(),
});
export type PartnerDetails = z.infer<typeof PartnerDetails>;
export const PartnerPage = pageOf(PartnerItem);

/** `joinCode` is shown this once. */
export const RotatedJoinCode = z.object({ joinCode: z.string() });
export type RotatedJoinCode = z.infer<typeof RotatedJoinCode>;

/** A partner that asks a distributor to belong to it. */
export const JoinRequestItem = z.object({
  joinRequestId: Id,
  kind: PartnerKindName,
  partnerName: z.string(),
  projectName: z.string(),
  administrator: z.object({ name: z.string(), email: z.string() }),
  status: JoinRequestStatusName,
  requestedAt: IsoInstant,
  decidedAt: IsoInstant.nullable(),
});
export type JoinRequestItem = z.infer<typeof JoinRequestItem>;
export const JoinRequestPage = pageOf(JoinRequestItem);

export const ApprovedJoin = z.object({ partnerId: Id, projectId: Id });
export type ApprovedJoin = z.infer<typeof ApprovedJoin>;

export const CreatedProject = z.object({ projectId: Id });
export type CreatedProject = z.infer<typeof CreatedProject>;

export const ProjectItem = z.object({
  projectId: Id,
  name: z.string(),
  partnerId: Id,
  tenantId: Id,
  timeZone: z.string(),
  billingMode: BillingModeName,
  status: StandingName,
  /** Why it was closed; `null`: it is open. */
  closedReason: z.string().nullable(),
  createdAt: IsoInstant,
});
export type ProjectItem = z.infer<typeof ProjectItem>;
export const ProjectDetails = ProjectItem.omit({ createdAt: true });
export type ProjectDetails = z.infer<typeof ProjectDetails>;
export const ProjectPage = pageOf(ProjectItem);

export const CreatedGroup = z.object({ groupId: Id });
export type CreatedGroup = z.infer<typeof CreatedGroup>;

export const GroupItem = z.object({
  groupId: Id,
  parentId: Id.nullable(),
  type: GroupTypeName,
  name: z.string(),
  externalId: z.string().nullable(),
  hasChildren: z.boolean(),
});
export type GroupItem = z.infer<typeof GroupItem>;
export const GroupPage = pageOf(GroupItem);

/** `path`: from the root down to the group itself. */
export const GroupDetails = GroupItem.extend({ path: z.array(z.object({ groupId: Id, name: z.string() })) });
export type GroupDetails = z.infer<typeof GroupDetails>;

/** The same for a preview (`?dryRun=true`), where nothing was made. */
export const GeneratedGroupsSummary = z.object({
  created: z.int(),
  dryRun: z.boolean(),
  /** From the top; `first` and `last` are names. */
  levels: z.array(z.object({ type: GroupTypeName, count: z.int(), first: z.string(), last: z.string() })),
  /** The first groups, each as its names from the parent down. */
  sample: z.array(z.array(z.string())),
});
export type GeneratedGroupsSummary = z.infer<typeof GeneratedGroupsSummary>;

export const AddedMember = z.object({ memberId: Id, userId: Id });
export type AddedMember = z.infer<typeof AddedMember>;

export const MemberItem = z.object({
  memberId: Id,
  userId: Id,
  groupId: Id,
  email: z.string(),
  name: z.string(),
  role: RoleName,
  externalId: z.string().nullable(),
  addedAt: IsoInstant,
});
export type MemberItem = z.infer<typeof MemberItem>;
export const MemberPage = pageOf(MemberItem);

export const AddedAdministrator = z.object({ userId: Id });
export type AddedAdministrator = z.infer<typeof AddedAdministrator>;

export const AdministratorItem = z.object({ userId: Id, email: z.string(), name: z.string(), role: RoleName });
export type AdministratorItem = z.infer<typeof AdministratorItem>;
export const AdministratorList = z.object({ items: z.array(AdministratorItem), nextCursor: z.null() });
export type AdministratorList = z.infer<typeof AdministratorList>;

export const CreatedRole = z.object({ roleId: Id });
export type CreatedRole = z.infer<typeof CreatedRole>;

/** `custom`: the tenant made it; the others are everybody's and stay as they are. */
export const RoleItem = z.object({
  roleId: RoleName,
  name: z.string(),
  custom: z.boolean(),
  permissions: z.array(PermissionName),
});
export type RoleItem = z.infer<typeof RoleItem>;
export const RoleList = z.object({ items: z.array(RoleItem), nextCursor: z.null() });
export type RoleList = z.infer<typeof RoleList>;

export const AddedDevice = z.object({ serialNumber: z.string() });
export type AddedDevice = z.infer<typeof AddedDevice>;

export const DeviceDetails = z.object({
  serialNumber: z.string(),
  groupId: Id,
  model: z.string(),
  externalId: z.string().nullable(),
});
export type DeviceDetails = z.infer<typeof DeviceDetails>;
export const DeviceItem = DeviceDetails.extend({ addedAt: IsoInstant });
export type DeviceItem = z.infer<typeof DeviceItem>;
export const DevicePage = pageOf(DeviceItem);

/** `changed` devices came into the catalogue or got another code. */
export const CatalogueChange = z.object({ changed: z.int(), unchanged: z.int() });
export type CatalogueChange = z.infer<typeof CatalogueChange>;
export const CataloguedDevice = z.object({ serialNumber: z.string(), cataloguedAt: IsoInstant });
export type CataloguedDevice = z.infer<typeof CataloguedDevice>;
export const CataloguePage = pageOf(CataloguedDevice);
