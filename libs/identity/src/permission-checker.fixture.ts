import type { Holding, Permission, Scope } from '@allotree/contracts';
import { ownService, type Principal } from '@allotree/http/principal';
import type { Problem } from '@allotree/http/problem';
import { Memberships, PermissionChecker, type Ownership } from './permission-checker.js';

/** `house` belongs to a dealer of the distributor `nord`, `abroad` to the distributor `sued` itself. */
const PROJECTS: Readonly<Record<string, Ownership>> = {
  house: { tenantId: 'nord', partnerId: 'dealer' },
  abroad: { tenantId: 'sued', partnerId: 'sued' },
};
const PARTNERS: Readonly<Record<string, Ownership>> = {
  nord: { tenantId: 'nord', partnerId: 'nord' },
  dealer: { tenantId: 'nord', partnerId: 'dealer' },
  sued: { tenantId: 'sued', partnerId: 'sued' },
};
/** Below `house`: `a` with `a1`, and `b`. */
const PATHS: Readonly<Record<string, readonly string[]>> = {
  house: ['house'],
  a: ['a', 'house'],
  a1: ['a1', 'a', 'house'],
  b: ['b', 'house'],
};

export const ADA: Principal = { ...ownService('ada'), serverAdministrator: false };
export const ADMIN: Principal = ownService('admin');

/** A key of the tenant `nord`, made by the vendor unless `madeBy` says otherwise. */
export const keyOf = (permissions: readonly Permission[], madeBy?: string): Principal => ({
  ...ownService('key'),
  serverAdministrator: false,
  tenantId: 'nord',
  apiKey: { keyId: 'key', permissions, ...(madeBy === undefined ? {} : { madeBy }) },
});

export const group = (groupId: string, projectId = 'house') => ({ kind: 'group', projectId, groupId }) as const;
export const partner = (partnerId: string) => ({ kind: 'partner', partnerId }) as const;
export const within = (projectId: string) => ({ kind: 'within', projectId }) as const;
export const ANYWHERE = { kind: 'anywhere' } as const;

let groupsMade = 0;
/** The id of another group each time, whose path no checker remembers yet. */
export const newGroupId = (): string => `group-${(groupsMade += 1)}`;

/** A membership in the tenant `nord`. */
export const holding = (scope: Scope, ...permissions: Permission[]): Holding => ({
  membershipId: 'm',
  tenantId: 'nord',
  scope,
  permissions: new Set(permissions),
});

/** The memberships of Ada; nobody else has any. */
export class Known extends Memberships {
  /** The cached value, and the one found by a fresh read, which is cached from then on. */
  constructor(
    private remembered: readonly Holding[],
    private stored: readonly Holding[] = remembered,
  ) {
    super();
  }

  /** Replaces both, for the next example with the same checker: making a checker costs more than everything it is asked. */
  become(remembered: readonly Holding[], stored: readonly Holding[] = remembered): void {
    this.remembered = remembered;
    this.stored = stored;
  }

  holdingsOf(userId: string, fresh: boolean): Promise<readonly Holding[]> {
    if (userId !== ADA.userId) return Promise.resolve([]);
    if (fresh) this.remembered = this.stored;
    return Promise.resolve(this.remembered);
  }

  permissionsOf(tenantId: string, role: string): Promise<readonly Permission[] | null> {
    return Promise.resolve(tenantId === 'nord' && role === 'helper' ? ['devices:read'] : null);
  }

  project(projectId: string): Promise<Ownership | null> {
    return Promise.resolve(PROJECTS[projectId] ?? null);
  }

  partner(partnerId: string): Promise<Ownership | null> {
    return Promise.resolve(PARTNERS[partnerId] ?? null);
  }
}

/**
 * A checker that looks twice before it refuses. `loaded`: the paths it had to load; `settled`: whether each result that it looked for
 * anew was settled at the first look.
 */
export const checkerOf = (memberships: Memberships, paths = PATHS) => {
  const loaded: string[] = [];
  const settled: boolean[] = [];
  const checker = new PermissionChecker(
    memberships,
    (projectId, groupId) => {
      loaded.push(`${projectId}/${groupId}`);
      return Promise.resolve(paths[groupId] ?? null);
    },
    async (attempt, isSettled) => {
      const result = await attempt();
      settled.push(isSettled(result));
      return isSettled(result) ? result : attempt();
    },
  );
  /** Before an example of several with the same checker. */
  const forgetCalls = () => {
    loaded.length = 0;
    settled.length = 0;
  };
  return { checker, loaded, settled, forgetCalls };
};

/** What was answered, or the code and the facts of the refusal. */
export const outcome = (asked: Promise<unknown>): Promise<unknown> =>
  asked.catch(({ code, facts }: Problem) => ({ code, ...facts }));
