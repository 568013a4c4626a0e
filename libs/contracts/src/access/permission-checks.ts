import type { Permission } from './permissions.js';

/** Where a membership stands. It counts there and everywhere below. */
export type Scope =
  | { readonly kind: 'partner'; readonly partnerId: string }
  | { readonly kind: 'group'; readonly projectId: string; readonly groupId: string };

/** The permissions of a person at one place and below it: a membership with the permissions of its role. */
export interface Holding {
  /** Unique in its project, or at its partner. */
  readonly membershipId: string;
  readonly tenantId: string;
  readonly scope: Scope;
  readonly permissions: ReadonlySet<Permission>;
}

/** A place, with what lies above it. */
export type Place =
  /** A group of a project. `path`: the ids from the group itself up to the root. */
  | {
      readonly kind: 'group';
      readonly tenantId: string;
      readonly partnerId: string;
      readonly projectId: string;
      readonly path: readonly string[];
    }
  /** A partner. The tenant is the distributor above it, or the partner itself. */
  | { readonly kind: 'partner'; readonly tenantId: string; readonly partnerId: string };

const appliesAt = ({ scope, tenantId }: Holding, place: Place): boolean => {
  if (tenantId !== place.tenantId) return false;
  if (scope.kind === 'partner') return scope.partnerId === place.partnerId || scope.partnerId === place.tenantId;
  return place.kind === 'group' && scope.projectId === place.projectId && place.path.includes(scope.groupId);
};

/**
 * The permissions of a person at a place: those of all memberships at it or above it. `null`: there are none, so for this
 * person the place does not exist. O(memberships of the person x depth of the group).
 */
export const permissionsAt = (holdings: readonly Holding[], place: Place): ReadonlySet<Permission> | null => {
  const applicable = holdings.filter((holding) => appliesAt(holding, place));
  const [only, ...others] = applicable;
  if (only === undefined) return null;
  if (others.length === 0) return only.permissions;
  return new Set(applicable.flatMap(({ permissions }) => [...permissions]));
};

/** A place from which a permission is held: the whole system (the vendor), a partner, or a group of the project. */
export type Authority =
  | { readonly kind: 'vendor' }
  | { readonly kind: 'partner'; readonly partnerId: string }
  | { readonly kind: 'group'; readonly groupId: string };

/**
 * The highest place, at a place or above it, from which somebody holds a permission there (L4, R9): the tenant,
 * then the partner, then the groups from the root down. `null`: it is held nowhere. The vendor has no memberships, so this
 * never returns it. O(memberships of the person x depth of the group).
 */
export const authorityAt = (holdings: readonly Holding[], permission: Permission, place: Place): Authority | null => {
  const path = place.kind === 'group' ? place.path : [];
  /** Smaller is higher. */
  const rank = ({ scope }: Holding): number => {
    if (scope.kind === 'group') return 2 + path.length - path.indexOf(scope.groupId);
    return scope.partnerId === place.tenantId ? 0 : 1;
  };
  const holding = holdings.filter((one) => one.permissions.has(permission) && appliesAt(one, place));
  const [highest] = holding.sort((a, b) => rank(a) - rank(b));
  if (highest === undefined) return null;
  const { scope } = highest;
  return scope.kind === 'partner'
    ? { kind: 'partner', partnerId: scope.partnerId }
    : { kind: 'group', groupId: scope.groupId };
};

/**
 * Every place in a project, or above it, from which somebody holds a permission in the project or a part of it. Which groups
 * lie below them only the project knows.
 */
export const authoritiesIn = (
  holdings: readonly Holding[],
  permission: Permission,
  project: { readonly tenantId: string; readonly partnerId: string; readonly projectId: string },
): readonly Authority[] =>
  holdings
    .filter(({ permissions }) => permissions.has(permission))
    .flatMap((holding): readonly Authority[] => {
      const { scope, tenantId } = holding;
      if (scope.kind === 'partner') return appliesAt(holding, { kind: 'partner', ...project }) ? [scope] : [];
      const isInside = tenantId === project.tenantId && scope.projectId === project.projectId;
      return isInside ? [{ kind: 'group', groupId: scope.groupId }] : [];
    });

/** Where somebody holds a permission, for lists. A partner that is its own tenant stands for everything in it. */
export interface AccessFilter {
  readonly tenantIds: readonly string[];
  readonly partnerIds: readonly string[];
  readonly groups: readonly { readonly projectId: string; readonly groupId: string }[];
}

export const accessFilterOf = (holdings: readonly Holding[], permission: Permission): AccessFilter => {
  const tenantIds = new Set<string>();
  const partnerIds = new Set<string>();
  const groups: { projectId: string; groupId: string }[] = [];
  for (const { scope, tenantId, permissions } of holdings) {
    if (!permissions.has(permission)) continue;
    if (scope.kind === 'group') groups.push({ projectId: scope.projectId, groupId: scope.groupId });
    else if (scope.partnerId === tenantId) tenantIds.add(tenantId);
    else partnerIds.add(scope.partnerId);
  }
  return { tenantIds: [...tenantIds], partnerIds: [...partnerIds], groups };
};

/** The permissions that a person who holds only `held` cannot grant. */
export const beyond = (granted: readonly Permission[], held: ReadonlySet<Permission>): readonly Permission[] =>
  granted.filter((permission) => !held.has(permission));
