/** Who a request comes from. */
export interface Principal {
  readonly userId: string;
  readonly email: string;
  readonly role: Role;
  /** `null`: not bound to one tenant (the server administrator). */
  readonly tenantId: string | null;
}

/** domain.md, section 2, "Roles". */
export type Role = 'server_administrator';

/** What a route lets somebody do. Applies to the group the route names and everything below it. */
export type Permission =
  | 'partners:read'
  | 'partners:manage'
  | 'packages:manage'
  | 'stock:read'
  | 'projects:read'
  | 'projects:manage'
  | 'groups:read'
  | 'groups:manage'
  | 'members:read'
  | 'members:manage'
  | 'devices:read'
  | 'devices:manage'
  | 'licenses:read'
  | 'licenses:manage'
  | 'restrictions:read'
  | 'restrictions:manage'
  | 'assignments:read'
  | 'assignments:manage'
  | 'history:read'
  | 'mail:read'
  | 'mail:manage'
  | 'system:manage';

/** Names of the route parameters that say what a permission is asked for. */
export interface PermissionTarget {
  readonly project?: string;
  readonly group?: string;
  readonly partner?: string;
}

export interface RoutePermission {
  readonly permission: Permission;
  readonly target: PermissionTarget;
}
