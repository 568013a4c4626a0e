import { z } from 'zod';

/**
 * Everything somebody can be permitted, with a sentence each. A permission always applies to a place (a partner or a group)
 * and everything below it (docs/domain/rules.md#roles).
 */
export const PERMISSIONS = {
  'partners:read': 'See partners and who administers them',
  'partners:manage': 'Register and close partners below, and choose who administers them',
  'stock:read': 'See what a partner has in stock',
  'stock:sell': 'Sell part of a stock to a partner below',
  'stock:issue': 'Issue part of a stock to a project, as a license',
  'packages:record': "Record on a distributor's stock what it bought of the vendor",
  'projects:read': 'See that a project exists, its name and its time zone',
  'projects:manage': 'Create and close projects',
  'groups:read': 'See groups and how they lie below one another',
  'groups:manage': 'Create, generate, change, move and remove groups',
  'members:read': 'See who is a member of a group, and with which role',
  'members:manage': 'Add, invite and remove members, with no more than one may do oneself',
  'roles:read': 'See the roles a tenant made for itself',
  'roles:manage': 'Make, change and remove roles of a tenant',
  'devices:read': 'See the devices of a group',
  'devices:manage': 'Add devices to a group and remove them',
  'licenses:read': 'See the licenses of a project, and what ends when',
  'licenses:manage': 'Grant, extend, suspend, reinstate and revoke licenses',
  'quotas:read': 'See what a group may use, uses, and could still get',
  'restrictions:read': 'See the limits of a group',
  'restrictions:manage': 'Restrict groups, and move units between them',
  'assignments:read-own': 'See what is assigned to oneself',
  'assignments:read': 'See everything that is assigned at a group',
  'assignments:manage': 'Assign numbers, apps and keys, and release them',
  'history:read': 'See who did what, when',
  'events:read': 'Pull every integration event of a whole tenant',
  'statements:read': 'See what is billed between a seller and a buyer, and how it comes about',
  'billing:manage': 'Set billing terms, adjust what is billed and issue credit notes',
  'webhooks:manage': 'Send every integration event of a whole tenant to an address, and see its deliveries',
  'mail:read': 'See the mails that were sent, and their templates',
  'mail:manage': 'Change mail templates, and send mails again',
  'api-keys:manage': 'Make and revoke keys for machines',
  'audit:read': 'See who signed in, and who changed what anybody may',
  'system:manage': 'Operate the system itself',
} as const satisfies Record<string, string>;

export type Permission = keyof typeof PERMISSIONS;
export const PERMISSION_NAMES = Object.keys(PERMISSIONS) as readonly Permission[];
export const isPermission = (name: string): name is Permission => Object.hasOwn(PERMISSIONS, name);
export const PermissionName = z.enum(PERMISSION_NAMES as readonly [Permission, ...Permission[]]);

/** Who may do the first may do the others. */
const IMPLIED: { readonly [P in Permission]?: readonly Permission[] } = {
  'partners:manage': ['partners:read'],
  'stock:sell': ['stock:read'],
  'stock:issue': ['stock:read'],
  'packages:record': ['stock:read'],
  'projects:manage': ['projects:read'],
  'groups:manage': ['groups:read'],
  'members:manage': ['members:read'],
  'roles:manage': ['roles:read'],
  'devices:manage': ['devices:read'],
  'licenses:manage': ['licenses:read'],
  'restrictions:manage': ['restrictions:read'],
  'assignments:manage': ['assignments:read', 'assignments:read-own'],
  'assignments:read': ['assignments:read-own'],
  'billing:manage': ['statements:read'],
  'webhooks:manage': ['events:read'],
  'mail:manage': ['mail:read'],
};

/** These permissions and those they imply, in the order of the list. */
export const withImplied = (permissions: readonly Permission[]): readonly Permission[] => {
  const all = new Set(permissions.flatMap((permission) => [permission, ...(IMPLIED[permission] ?? [])]));
  return PERMISSION_NAMES.filter((permission) => all.has(permission));
};

/** Permissions of the server administrator only: no role of a tenant has them. */
export const VENDOR_PERMISSIONS: ReadonlySet<Permission> = new Set(['packages:record', 'system:manage']);

/** Whether a tenant can have this permission: in a role of its own, or in a key. */
export const isTenantPermission = (name: string): name is Permission =>
  isPermission(name) && !VENDOR_PERMISSIONS.has(name);

const COMPANY = PERMISSION_NAMES.filter((permission) => !VENDOR_PERMISSIONS.has(permission));

const SITE = withImplied([
  'partners:read',
  'stock:read',
  'projects:read',
  'groups:manage',
  'members:manage',
  'roles:read',
  'devices:manage',
  'licenses:read',
  'quotas:read',
  'restrictions:manage',
  'assignments:manage',
  'history:read',
  'statements:read',
]);

const CONCIERGE = withImplied(['projects:read', 'groups:read', 'quotas:read']);

const USER = withImplied(['projects:read', 'groups:read', 'quotas:read', 'assignments:read-own']);

/** The five roles (docs/domain/rules.md#roles) as sets of permissions. A tenant makes further ones out of the same list. */
export const ROLES = {
  server_administrator: PERMISSION_NAMES,
  company_administrator: COMPANY,
  site_administrator: SITE,
  concierge: CONCIERGE,
  user: USER,
} as const satisfies Record<string, readonly Permission[]>;

export type BuiltInRole = keyof typeof ROLES;

/** `null`: none of the five, so the id of a role that a tenant made. */
export const builtInPermissions = (role: string): readonly Permission[] | null =>
  Object.hasOwn(ROLES, role) ? ROLES[role as BuiltInRole] : null;
