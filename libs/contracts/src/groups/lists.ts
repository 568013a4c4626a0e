import { z } from 'zod';
import { Flag, Id } from '../http/common.js';
import { listOf, listQuery, pageQuery } from '../lists/index.js';
import {
  AdministratorItem,
  CataloguedDevice,
  DeviceItem,
  GroupItem,
  JoinRequestItem,
  MemberItem,
  PartnerItem,
  ProjectItem,
  RoleItem,
} from './responses.js';
import { ExternalId, JoinRequestStatusName, StandingName } from './words.js';

const BOTH = ['asc', 'desc'] as const;
const NEWEST_FIRST = ['desc', 'asc'] as const;

export const PARTNERS = listOf(PartnerItem, {
  id: 'partnerId',
  filters: ['partnerId', 'kind', 'name', 'parentPartnerId', 'tenantId', 'status', 'closedReason', 'registeredAt'],
  orders: { registeredAt: BOTH, name: BOTH },
  example: 'kind = "dealer" AND name : "dahl"',
});
/** `GET /partners` */
export const PartnersQuery = pageQuery(PARTNERS).extend({
  parentPartnerId: Id.optional(),
  status: StandingName.optional(),
});
export type PartnersQuery = z.infer<typeof PartnersQuery>;

export const ADMINISTRATORS = listOf(AdministratorItem, {
  id: 'userId',
  filters: ['userId', 'email', 'name', 'role'],
  orders: { name: BOTH, email: BOTH, role: BOTH },
  example: 'role = "site_administrator"',
});
/** `GET /partners/{id}/administrators` */
export const AdministratorsQuery = listQuery(ADMINISTRATORS);
export type AdministratorsQuery = z.infer<typeof AdministratorsQuery>;

export const JOIN_REQUESTS = listOf(JoinRequestItem, {
  id: 'joinRequestId',
  filters: [
    'joinRequestId',
    'kind',
    'partnerName',
    'projectName',
    'administrator.name',
    'administrator.email',
    'status',
    'requestedAt',
    'decidedAt',
  ],
  orders: { requestedAt: NEWEST_FIRST },
  example: 'status = "open" AND requestedAt >= "2026-06-01"',
});
/** `GET /partners/{id}/join-requests` */
export const JoinRequestsQuery = pageQuery(JOIN_REQUESTS).extend({ status: JoinRequestStatusName.optional() });
export type JoinRequestsQuery = z.infer<typeof JoinRequestsQuery>;

export const ROLE_LIST = listOf(RoleItem, {
  id: 'roleId',
  filters: ['roleId', 'name', 'custom', 'permissions'],
  orders: { name: BOTH },
  example: 'custom = true AND permissions : "devices:manage"',
});
/** Whose roles: the tenant of the caller where none is named. */
const OfTenant = z.strictObject({ tenantId: Id.optional() });
export const RolesQuery = listQuery(ROLE_LIST).extend(OfTenant.shape);
export type RolesQuery = z.infer<typeof RolesQuery>;
/** The same for what changes roles. */
export const RoleCommandQuery = OfTenant.extend({ dryRun: Flag });
export type RoleCommandQuery = z.infer<typeof RoleCommandQuery>;

export const PROJECTS = listOf(ProjectItem, {
  id: 'projectId',
  filters: [
    'projectId',
    'name',
    'partnerId',
    'tenantId',
    'timeZone',
    'billingMode',
    'status',
    'closedReason',
    'createdAt',
  ],
  orders: { createdAt: BOTH, name: BOTH },
  example: 'billingMode = "postpaid" AND createdAt < "2026-01-01"',
});
/** `GET /projects` */
export const ProjectsQuery = pageQuery(PROJECTS).extend({ partnerId: Id.optional(), status: StandingName.optional() });
export type ProjectsQuery = z.infer<typeof ProjectsQuery>;

export const GROUPS = listOf(GroupItem, {
  id: 'groupId',
  filters: ['groupId', 'parentId', 'type', 'name', 'externalId', 'hasChildren'],
  orders: { createdAt: BOTH },
  example: 'type = "unit" AND name : "unit 1"',
});
/** `GET /projects/{p}/groups`: the children of one group, or all groups of the project in the order they were made. */
export const GroupsQuery = pageQuery(GROUPS).extend({ parentId: Id.optional(), externalId: ExternalId.optional() });
export type GroupsQuery = z.infer<typeof GroupsQuery>;

export const MEMBERS = listOf(MemberItem, {
  id: 'memberId',
  filters: ['memberId', 'userId', 'groupId', 'email', 'name', 'role', 'externalId', 'addedAt'],
  orders: { addedAt: BOTH, name: BOTH },
  example: 'role = "concierge" AND externalId = null',
});
/** `GET /projects/{p}/groups/{g}/members` */
export const MembersQuery = pageQuery(MEMBERS).extend({ externalId: ExternalId.optional() });
export type MembersQuery = z.infer<typeof MembersQuery>;

export const DEVICES = listOf(DeviceItem, {
  id: 'serialNumber',
  filters: ['serialNumber', 'groupId', 'model', 'externalId', 'addedAt'],
  orders: { addedAt: BOTH },
  example: 'model = "AA-12" AND serialNumber : "12CD"',
});
/** `GET /projects/{p}/groups/{g}/devices` */
export const DevicesQuery = pageQuery(DEVICES).extend({ externalId: ExternalId.optional() });
export type DevicesQuery = z.infer<typeof DevicesQuery>;

export const CATALOGUE = listOf(CataloguedDevice, {
  id: 'serialNumber',
  filters: ['serialNumber', 'cataloguedAt'],
  orders: { cataloguedAt: BOTH },
  example: 'serialNumber : "12CD"',
});
/** `GET /device-catalogue` */
export const CatalogueQuery = pageQuery(CATALOGUE);
export type CatalogueQuery = z.infer<typeof CatalogueQuery>;
