import type {
  DeviceCatalogueCommand,
  DeviceCatalogueEvent,
  DeviceCatalogueState,
  DeviceCommand,
  DeviceEvent,
  DeviceRefusal,
  DeviceState,
  GroupTreeState,
  JoinRequestCommand,
  JoinRequestEvent,
  JoinRequestRefusal,
  JoinRequestState,
  PartnerCommand,
  PartnerEvent,
  PartnerRefusal,
  PartnerState,
  RoleCommand,
  RoleEvent,
  RoleRefusal,
  TenantRolesState,
  TreeCommand,
  TreeEvent,
  TreeRefusal,
  UserCommand,
  UserEvent,
  UserRefusal,
  UserState,
} from '@allotree/domain';
import type { Handler } from '@allotree/event-sourcing';

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

export type TreeHandler = Handler<GroupTreeState, TreeCommand, TreeEvent, TreeRefusal>;
export type PartnerHandler = Handler<PartnerState, PartnerCommand, PartnerEvent, PartnerRefusal>;
export type JoinRequestHandler = Handler<JoinRequestState, JoinRequestCommand, JoinRequestEvent, JoinRequestRefusal>;
export type UserHandler = Handler<UserState, UserCommand, UserEvent, UserRefusal>;
export type DeviceHandler = Handler<DeviceState, DeviceCommand, DeviceEvent, DeviceRefusal>;
export type CatalogueHandler = Handler<DeviceCatalogueState, DeviceCatalogueCommand, DeviceCatalogueEvent, never>;
export type RolesHandler = Handler<TenantRolesState, RoleCommand, RoleEvent, RoleRefusal>;
