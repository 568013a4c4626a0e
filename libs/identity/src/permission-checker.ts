import {
  authoritiesIn,
  authorityAt,
  beyond,
  builtInPermissions,
  accessFilterOf,
  PERMISSION_NAMES,
  permissionsAt,
  type Authority,
  type AccessFilter,
  type Holding,
  type Permission,
  type Place,
  type Scope,
} from '@allotree/contracts';
import { LRUCache } from 'lru-cache';
import type { FeedWaiter } from '@allotree/bus';
import type { Principal } from '@allotree/http/principal';
import { notArrived, notFound, Problem } from '@allotree/http/problem';
import { atMost, CACHE_TTL_MS } from './cache-ttl.js';

/** The tenant and partner of a project or partner. They never change. */
export type Ownership = Pick<Place, 'tenantId' | 'partnerId'>;

/** A service's own view of memberships and roles, kept up to date by events. */
export abstract class Memberships {
  /** @param fresh bypasses the cache: for a second check before a caller is refused */
  abstract holdingsOf(userId: string, fresh: boolean): Promise<readonly Holding[]>;
  /** The permissions of a tenant's own role; `null`: there is none. */
  abstract permissionsOf(tenantId: string, role: string): Promise<readonly Permission[] | null>;
  abstract project(projectId: string): Promise<Ownership | null>;
  abstract partner(partnerId: string): Promise<Ownership | null>;
}

/**
 * The ids from a group up to the root of its project; `null`: no such group (any more).
 * @param fresh with everything that was recorded before the call, by other processes too
 */
export type PathOf = (projectId: string, groupId: string, fresh: boolean) => Promise<readonly string[] | null>;

/**
 * Retries an attempt before a service answers that something does not exist or is not permitted, because the events that change this may
 * still be on their way. Stops when the result is settled.
 */
export type RetryPolicy = <Result>(
  attempt: () => Promise<Result>,
  settled: (result: Result) => boolean,
) => Promise<Result>;

/** Something that follows events, and that can be waited for. */
export type Follower = Pick<FeedWaiter, 'caughtUp'>;

/**
 * Retries when the feeds have caught up with everything published before.
 * @throws Problem `UNAVAILABLE` where they could not, and the result is still not settled
 */
export const retryAfterCatchUp =
  (...feeds: readonly Follower[]): RetryPolicy =>
  async (attempt, settled) => {
    const result = await attempt();
    if (settled(result)) return result;
    const caughtUp = await Promise.all(feeds.map((feed) => feed.caughtUp()));
    const again = await attempt();
    if (!settled(again) && caughtUp.includes(false)) throw notArrived();
    return again;
  };

/** The place a permission is required at, by its ids. */
export type Target =
  | Scope
  /** A project in which it is held somewhere. */
  | { readonly kind: 'within'; readonly projectId: string }
  | { readonly kind: 'anywhere' };

type Permissions = ReadonlySet<Permission>;

const MAX_CACHED_PATHS = 100_000;

/** The permissions of a server administrator, everywhere. */
export const ALL_PERMISSIONS: Permissions = new Set(PERMISSION_NAMES);

/**
 * Checks permissions by memberships, in one service. Costs O(depth of the group + own memberships), independent of the size of the tenant.
 */
export class PermissionChecker {
  private readonly paths = new LRUCache<string, readonly string[]>({ ...atMost(MAX_CACHED_PATHS), ttl: CACHE_TTL_MS });

  constructor(
    private readonly memberships: Memberships,
    private readonly findPath: PathOf,
    private readonly retryPolicy: RetryPolicy,
  ) {}

  /**
   * The caller's permissions at a place, which include `permission`.
   * @throws Problem `NOT_FOUND` outside their memberships, as if it did not exist; `FORBIDDEN` where only the permission is missing
   */
  async demand(principal: Principal, permission: Permission, target: Target): Promise<Permissions> {
    if (principal.serverAdministrator) return ALL_PERMISSIONS;
    const held = await this.held(principal, permission, target);
    if (held?.has(permission) !== true) throw await this.refusal(principal, permission, target, held);
    return held;
  }

  /** The caller's permissions at a place. `null`: it is outside their memberships. */
  async permissionsAt(principal: Principal, target: Target, fresh = false): Promise<Permissions | null> {
    if (principal.serverAdministrator) return ALL_PERMISSIONS;
    const holdings = await this.holdings(principal, fresh);
    if (target.kind === 'anywhere') return allOf(holdings);
    if (target.kind === 'within') return this.within(holdings, target.projectId, fresh);
    return this.at(holdings, target, fresh);
  }

  /**
   * The highest place from which a caller holds a permission at a group or partner (L4, R9). Never cached: a higher membership
   * that was just granted or revoked decides whether a command is refused. A key has that of its tenant at most.
   * @throws Problem like `demand`, where the permission is no longer held
   */
  async authority(principal: Principal, permission: Permission, scope: Scope): Promise<Authority> {
    if (principal.serverAdministrator) return { kind: 'vendor' };
    const holdings = await this.holdings(principal, true);
    const place = await this.placeOf(holdings, scope, true);
    const authority = place && authorityAt(holdings, permission, place);
    if (authority !== null) return authority;
    throw await this.refusal(principal, permission, scope, place && permissionsAt(holdings, place));
  }

  /**
   * Every place from which a caller holds a permission in a project, for a command on many of its groups. Never cached, like
   * `authority`.
   * @throws Problem like `demand`, where it is held nowhere in the project
   */
  async authorities(principal: Principal, permission: Permission, projectId: string): Promise<readonly Authority[]> {
    if (principal.serverAdministrator) return [{ kind: 'vendor' }];
    const holdings = await this.holdings(principal, true);
    const ownership = await this.memberships.project(projectId);
    const places = ownership === null ? [] : authoritiesIn(holdings, permission, { ...ownership, projectId });
    if (places.length > 0) return places;
    const held = await this.within(holdings, projectId, true);
    throw await this.refusal(principal, permission, { kind: 'within', projectId }, held);
  }

  /**
   * The caller's permissions in a project, for a query on many of its groups: a function of the ids from a group up to the
   * root. Never cached. `null`: the group is outside their memberships.
   */
  async permissionsIn(
    principal: Principal,
    projectId: string,
  ): Promise<(path: readonly string[]) => Permissions | null> {
    if (principal.serverAdministrator) return () => ALL_PERMISSIONS;
    const holdings = await this.holdings(principal, true);
    const ownership = await this.memberships.project(projectId);
    return (path) => ownership && permissionsAt(holdings, { kind: 'group', ...ownership, projectId, path });
  }

  /** Those of the permissions that a caller does not hold at a place. Never cached: nobody gives or takes what they no longer hold. */
  async missingAt(
    principal: Principal,
    permissions: readonly Permission[],
    scope: Scope,
  ): Promise<readonly Permission[]> {
    const look = async (): Promise<readonly Permission[]> =>
      beyond(permissions, (await this.permissionsAt(principal, scope, true)) ?? new Set());
    return this.retryPolicy(look, (missing) => missing.length === 0);
  }

  /** The places where a caller holds a permission, for lists. `null`: everywhere. */
  async accessFilter(principal: Principal, permission: Permission): Promise<AccessFilter | null> {
    return principal.serverAdministrator ? null : accessFilterOf(await this.holdings(principal, false), permission);
  }

  /** The tenants in which a caller holds a permission somewhere. `null`: all. */
  async tenants(principal: Principal, permission: Permission): Promise<readonly string[] | null> {
    if (principal.serverAdministrator) return null;
    const holdings = await this.holdings(principal, false);
    return [...new Set(holdings.flatMap((held) => (held.permissions.has(permission) ? [held.tenantId] : [])))];
  }

  /** Every membership of a caller, with its permissions. Never cached. The server administrator has none. */
  membershipsOf(principal: Principal): Promise<readonly Holding[]> {
    return this.holdings(principal, true);
  }

  /** The tenant that a permitted request concerns. `null`: several, or none. */
  async tenantConcerned(principal: Principal, permission: Permission, target: Target): Promise<string | null> {
    if (principal.serverAdministrator) return null;
    if (target.kind !== 'anywhere') {
      const scope: Scope = target.kind === 'partner' ? target : { ...target, kind: 'group', groupId: target.projectId };
      return (await this.ownership(scope))?.tenantId ?? null;
    }
    const [only, ...others] = (await this.tenants(principal, permission)) ?? [];
    return others.length > 0 ? null : (only ?? null);
  }

  /** The groups of a project in which a caller holds a permission, each with everything below it. `null`: all of the project. */
  async groupsWithin(
    principal: Principal,
    permission: Permission,
    projectId: string,
  ): Promise<readonly string[] | null> {
    const whole = await this.permissionsAt(principal, { kind: 'group', projectId, groupId: projectId });
    if (whole?.has(permission) === true) return null;
    const { groups } = accessFilterOf(await this.holdings(principal, false), permission);
    return groups.filter((group) => group.projectId === projectId).map(({ groupId }) => groupId);
  }

  /** The ids of a caller's memberships at a group itself. */
  async membershipsAt(principal: Principal, projectId: string, groupId: string): Promise<readonly string[]> {
    const holdings = await this.holdings(principal, false);
    return holdings
      .filter(({ scope }) => scope.kind === 'group' && scope.projectId === projectId && scope.groupId === groupId)
      .map(({ membershipId }) => membershipId);
  }

  /**
   * The permissions of a role at a place: one of the five built-in roles, or one of the tenant of the place. `null`: there is no such role.
   */
  async permissionsOfRole(role: string, scope: Scope): Promise<readonly Permission[] | null> {
    const look = async (): Promise<readonly Permission[] | null> => {
      const ownership = await this.ownership(scope);
      return ownership && this.memberships.permissionsOf(ownership.tenantId, role);
    };
    return builtInPermissions(role) ?? this.retryPolicy(look, (permissions) => permissions !== null);
  }

  private ownership(scope: Scope): Promise<Ownership | null> {
    return scope.kind === 'partner'
      ? this.memberships.partner(scope.partnerId)
      : this.memberships.project(scope.projectId);
  }

  /** Checks again, without the cache, before something is answered to be missing or not permitted. */
  private async held(principal: Principal, permission: Permission, target: Target): Promise<Permissions | null> {
    const remembered = await this.permissionsAt(principal, target);
    if (remembered?.has(permission) === true) return remembered;
    const look = (): Promise<Permissions | null> => this.permissionsAt(principal, target, true);
    return this.retryPolicy(look, (held) => held?.has(permission) === true);
  }

  private async holdings({ userId, apiKey, tenantId }: Principal, fresh: boolean): Promise<readonly Holding[]> {
    if (apiKey === null) return this.memberships.holdingsOf(userId, fresh);
    if (tenantId === null) return [];
    const scope = { kind: 'partner', partnerId: tenantId } as const;
    const permissions = new Set(await this.ofKey(apiKey, tenantId, fresh));
    // A key without any permission has no memberships.
    return permissions.size === 0 ? [] : [{ membershipId: apiKey.keyId, tenantId, scope, permissions }];
  }

  /** P2: a key loses every permission that its creator loses. */
  private async ofKey(
    { permissions, madeBy }: NonNullable<Principal['apiKey']>,
    tenantId: string,
    fresh: boolean,
  ): Promise<readonly Permission[]> {
    if (madeBy === undefined) return permissions;
    const place = { kind: 'partner', tenantId, partnerId: tenantId } as const;
    const held = permissionsAt(await this.memberships.holdingsOf(madeBy, fresh), place);
    // Keys end when their creator loses the right to create keys.
    return held?.has('api-keys:manage') === true ? permissions.filter((permission) => held.has(permission)) : [];
  }

  /** A group that is moved or removed may keep its old path for as long as memberships are cached. */
  private async pathOf(projectId: string, groupId: string, fresh: boolean): Promise<readonly string[] | null> {
    const key = `${projectId} ${groupId}`;
    const remembered = fresh ? undefined : this.paths.get(key);
    if (remembered !== undefined) return remembered;
    const path = await this.findPath(projectId, groupId, fresh);
    if (path === null) this.paths.delete(key);
    else this.paths.set(key, path);
    return path;
  }

  /** A scope with its ancestors. The path matters only to callers with memberships in the project: without any it is not loaded. */
  private async placeOf(holdings: readonly Holding[], scope: Scope, fresh: boolean): Promise<Place | null> {
    const ownership = await this.ownership(scope);
    if (ownership === null || scope.kind === 'partner') return ownership && { kind: 'partner', ...ownership };
    const { projectId, groupId } = scope;
    const isInProject = (held: Holding): boolean => held.scope.kind === 'group' && held.scope.projectId === projectId;
    const path = holdings.some(isInProject) ? ((await this.pathOf(projectId, groupId, fresh)) ?? []) : [];
    return { kind: 'group', ...ownership, projectId, path };
  }

  private async at(holdings: readonly Holding[], scope: Scope, fresh: boolean): Promise<Permissions | null> {
    const place = await this.placeOf(holdings, scope, fresh);
    return place && permissionsAt(holdings, place);
  }

  /** The permissions held anywhere in a project. */
  private async within(holdings: readonly Holding[], projectId: string, fresh: boolean): Promise<Permissions | null> {
    const groups = holdings.flatMap(({ scope }) =>
      scope.kind === 'group' && scope.projectId === projectId ? [scope.groupId] : [],
    );
    const scopes = [projectId, ...groups].map((groupId): Scope => ({ kind: 'group', projectId, groupId }));
    return union(await Promise.all(scopes.map((scope) => this.at(holdings, scope, fresh))));
  }

  /** The error where a permission is not among those held at a place, of which `null` says that it is outside the caller's memberships. */
  private async refusal(
    principal: Principal,
    permission: Permission,
    target: Target,
    held: Permissions | null,
  ): Promise<Problem> {
    return held === null ? this.missing(principal, target) : new Problem('FORBIDDEN', undefined, { permission });
  }

  /** The error for a missing place, the same as for one that never existed; members of a project know that the project exists. */
  private async missing(principal: Principal, target: Target): Promise<Problem> {
    if (target.kind === 'anywhere') return new Problem('FORBIDDEN');
    if (target.kind === 'partner') return notFound('partner', target.partnerId);
    const { projectId } = target;
    const permissions = await this.permissionsAt(principal, { kind: 'within', projectId });
    if (target.kind === 'within' || permissions === null) return notFound('project', projectId);
    return target.groupId === projectId ? new Problem('FORBIDDEN') : notFound('group', target.groupId);
  }
}

const allOf = (holdings: readonly Holding[]): Permissions | null =>
  union(holdings.map(({ permissions }) => permissions));

const union = (sets: readonly (Permissions | null)[]): Permissions | null => {
  const there = sets.filter((set) => set !== null);
  return there.length === 0 ? null : new Set(there.flatMap((set) => [...set]));
};
