import { accept, refuse, type Decision } from '../decision.js';
import { nameKey, refuseName, tidyName } from '../names.js';
import { AS_IS, eventCodec } from '../stored-events.js';

/** A custom role of a tenant: a named set of permissions. */
export interface CustomRole {
  readonly roleId: string;
  readonly name: string;
  readonly permissions: readonly string[];
}

/** A membership that has a role: of a partner, or at a group. */
export type RoleUse =
  | { readonly partnerId: string; readonly userId: string }
  | { readonly projectId: string; readonly groupId: string; readonly userId: string };

interface RoleEvents {
  RoleDefined: CustomRole & { tenantId: string };
  RoleChanged: CustomRole;
  RoleRemoved: { roleId: string };
}

export type RoleEventType = keyof RoleEvents;
export type RoleEvent = {
  [Type in RoleEventType]: { readonly type: Type; readonly data: Readonly<RoleEvents[Type]> };
}[RoleEventType];

interface RoleCommands {
  DefineRole: CustomRole & { tenantId: string };
  ChangeRole: CustomRole;
  /** `uses`: memberships that have the role, at most `MAX_NAMED_USES` of `useCount`. */
  RemoveRole: { roleId: string; uses: readonly RoleUse[]; useCount: number };
}

export type RoleCommand = {
  [Type in keyof RoleCommands]: { readonly type: Type } & Readonly<RoleCommands[Type]>;
}[keyof RoleCommands];
type CommandOf<Type extends RoleCommand['type']> = Extract<RoleCommand, { type: Type }>;

export type RoleRefusal =
  | { readonly code: 'NAME_TAKEN'; readonly roleId: string; readonly names: readonly string[]; readonly count: 1 }
  | {
      readonly code: 'ROLE_IN_USE';
      readonly roleId: string;
      readonly count: number;
      readonly uses: readonly RoleUse[];
    }
  | { readonly code: 'NOT_FOUND'; readonly what: 'role'; readonly id: string }
  | { readonly code: 'VALIDATION'; readonly field: string; readonly message: string };

export interface TenantRolesState {
  readonly tenantId: string | null;
  readonly roles: ReadonlyMap<string, CustomRole>;
}

/** How many memberships a refusal lists. */
export const MAX_NAMED_USES = 20;
const MAX_ROLES = 200;

const tenantRolesCodec = eventCodec<RoleEvent>('the roles of a tenant')({
  RoleDefined: AS_IS,
  RoleChanged: AS_IS,
  RoleRemoved: AS_IS,
});

const evolve = (state: TenantRolesState, event: RoleEvent): TenantRolesState => {
  const roles = new Map(state.roles);
  if (event.type === 'RoleRemoved') roles.delete(event.data.roleId);
  else {
    const { roleId, name, permissions } = event.data;
    roles.set(roleId, { roleId, name, permissions });
  }
  return { tenantId: event.type === 'RoleDefined' ? event.data.tenantId : state.tenantId, roles };
};

type Decided = Decision<RoleEvent, RoleRefusal>;

const sameRole = (one: CustomRole, other: CustomRole): boolean =>
  one.name === other.name &&
  one.permissions.length === other.permissions.length &&
  one.permissions.every((permission) => other.permissions.includes(permission));

const taken = ({ roles }: TenantRolesState, { roleId, name }: CustomRole): Decided | null => {
  const other = [...roles.values()].find((role) => role.roleId !== roleId && nameKey(role.name) === nameKey(name));
  return other ? refuse({ code: 'NAME_TAKEN', roleId: other.roleId, names: [other.name], count: 1 }) : null;
};

const define = (state: TenantRolesState, { type: _, ...role }: CommandOf<'DefineRole'>): Decided => {
  if (state.roles.has(role.roleId)) return accept([]);
  if (state.roles.size >= MAX_ROLES)
    return refuse({ code: 'VALIDATION', field: 'name', message: `a tenant has at most ${MAX_ROLES} roles` });
  const refused = refuseName('name', role.name) ?? taken(state, role);
  return refused ?? accept([{ type: 'RoleDefined', data: { ...role, name: tidyName(role.name) } }]);
};

const change = (state: TenantRolesState, { type: _, ...wanted }: CommandOf<'ChangeRole'>): Decided => {
  const role = { ...wanted, name: tidyName(wanted.name) };
  const known = state.roles.get(role.roleId);
  if (!known) return refuse({ code: 'NOT_FOUND', what: 'role', id: role.roleId });
  if (sameRole(known, role)) return accept([]);
  const refused = refuseName('name', role.name) ?? taken(state, role);
  return refused ?? accept([{ type: 'RoleChanged', data: role }]);
};

const remove = (state: TenantRolesState, { roleId, uses, useCount }: CommandOf<'RemoveRole'>): Decided => {
  if (!state.roles.has(roleId)) return refuse({ code: 'NOT_FOUND', what: 'role', id: roleId });
  if (useCount > 0) return refuse({ code: 'ROLE_IN_USE', roleId, count: useCount, uses });
  return accept([{ type: 'RoleRemoved', data: { roleId } }]);
};

const decide = (state: TenantRolesState, command: RoleCommand): Decided => {
  if (command.type === 'DefineRole') return define(state, command);
  return command.type === 'ChangeRole' ? change(state, command) : remove(state, command);
};

/** A role has a revision of its own. */
export const roleSetting = (roleId: string): string => `role ${roleId}`;

/** The custom roles of a tenant (docs/domain/rules.md#roles); stream `tenant_roles-<tenantId>`. */
export const tenantRolesAggregate = {
  category: 'tenant_roles',
  initial: (): TenantRolesState => ({ tenantId: null, roles: new Map() }),
  evolve,
  decide,
  eventTypes: tenantRolesCodec.types,
  encode: tenantRolesCodec.encode,
  decode: tenantRolesCodec.decode,
  settingsOf: ({ data }: RoleEvent): readonly string[] => [roleSetting(data.roleId)],
  settingOf: ({ roleId }: RoleCommand): string | null => roleSetting(roleId),
  tenantOf: (state: TenantRolesState): string | null => state.tenantId,
} as const;
