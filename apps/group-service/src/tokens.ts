import type {
  deviceAggregate,
  deviceCatalogueAggregate,
  groupTreeAggregate,
  joinRequestAggregate,
  partnerAggregate,
  tenantRolesAggregate,
  userAggregate,
} from '@allotree/domain';
import type { HandlerOf, TypesOf } from '@allotree/event-sourcing';

/** Name of the TypeORM data source, and of its schema. */
export const GROUPS = 'groups';

export const EVENT_STORE = Symbol('event store of the group service');
export const SNAPSHOT_STORE = Symbol('snapshot store of the group service');
export const TREE_HANDLER = Symbol('group tree handler');
export const PARTNER_HANDLER = Symbol('partner handler');
export const JOIN_REQUEST_HANDLER = Symbol('handler of requests to join a distributor');
export const ROLES_HANDLER = Symbol('handler of the roles of tenants');
export const USER_HANDLER = Symbol('user handler');
export const DEVICE_HANDLER = Symbol('device handler');
export const CATALOGUE_HANDLER = Symbol('handler of the device catalogue');

export type TreeHandler = HandlerOf<TypesOf<typeof groupTreeAggregate>>;
export type PartnerHandler = HandlerOf<TypesOf<typeof partnerAggregate>>;
export type JoinRequestHandler = HandlerOf<TypesOf<typeof joinRequestAggregate>>;
export type UserHandler = HandlerOf<TypesOf<typeof userAggregate>>;
export type DeviceHandler = HandlerOf<TypesOf<typeof deviceAggregate>>;
export type CatalogueHandler = HandlerOf<TypesOf<typeof deviceCatalogueAggregate>>;
export type RolesHandler = HandlerOf<TypesOf<typeof tenantRolesAggregate>>;
