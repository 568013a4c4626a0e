import { describe, expect, it } from '@jest/globals';
import type { Holding, Permission, Scope } from '@allotree/contracts';
import { ownService, type Principal } from '@allotree/http/principal';
import { Problem } from '@allotree/http/problem';
import { checkGrant, checkRevoke } from './grants.js';
import { Memberships, PermissionChecker, type Ownership, type Target } from './permission-checker.js';

const PLACES: Readonly<Record<string, Ownership>> = {
  house: { tenantId: 'nord', partnerId: 'dealer' },
  abroad: { tenantId: 'sued', partnerId: 'sued' },
};
const PARTNERS: Readonly<Record<string, Ownership>> = {
  nord: { tenantId: 'nord', partnerId: 'nord' },
  dealer: { tenantId: 'nord', partnerId: 'dealer' },
  sued: { tenantId: 'sued', partnerId: 'sued' },
};
const PATHS: Readonly<Record<string, readonly string[]>> = {
  house: ['house'],
  a: ['a', 'house'],
  a1: ['a1', 'a', 'house'],
  b: ['b', 'house'],
};

const ADA: Principal = { ...ownService('ada'), serverAdministrator: false };
const group = (groupId: string): Scope => ({ kind: 'group', projectId: 'house', groupId });
const holding = (scope: Scope, ...permissions: Permission[]): Holding => ({
  membershipId: 'm',
  tenantId: 'nord',
  scope,
  permissions: new Set(permissions),
});

class Known extends Memberships {
  /** The cached value, and the one found by a fresh read. */
  constructor(
    private readonly remembered: readonly Holding[],
    private readonly stored: readonly Holding[] = remembered,
  ) {
    super();
  }

  holdingsOf(_userId: string, fresh: boolean): Promise<readonly Holding[]> {
    return Promise.resolve(fresh ? this.stored : this.remembered);
  }

  permissionsOf(tenantId: string, role: string): Promise<readonly Permission[] | null> {
    return Promise.resolve(tenantId === 'nord' && role === 'helper' ? ['devices:read'] : null);
  }

  project(projectId: string): Promise<Ownership | null> {
    return Promise.resolve(PLACES[projectId] ?? null);
  }

  partner(partnerId: string): Promise<Ownership | null> {
    return Promise.resolve(PARTNERS[partnerId] ?? null);
  }
}

const checkerOf = (memberships: Memberships) => {
  const loaded: string[] = [];
  let looks = 0;
  const checker = new PermissionChecker(
    memberships,
    (projectId, groupId) => {
      loaded.push(`${projectId}/${groupId}`);
      return Promise.resolve(PATHS[groupId] ?? null);
    },
    async (attempt, settled) => {
      looks += 1;
      const result = await attempt();
      return settled(result) ? result : attempt();
    },
  );
  return { checker, loaded, looks: () => looks };
};

const answer = async (
  checker: PermissionChecker,
  target: Target,
  permission: Permission = 'groups:read',
): Promise<unknown> =>
  checker.demand(ADA, permission, target).then(
    () => 'permitted',
    (problem: Problem) => ({ code: problem.code, ...problem.facts }),
  );

describe('a demand for a permission', () => {
  const { checker } = checkerOf(new Known([holding(group('a'), 'groups:read')]));

  it.each<[string, Target, unknown]>([
    ['at the group', group('a'), 'permitted'],
    ['below it', group('a1'), 'permitted'],
    ['beside it', group('b'), { code: 'NOT_FOUND', what: 'group', id: 'b' }],
    ['where there is no group', group('z'), { code: 'NOT_FOUND', what: 'group', id: 'z' }],
    ['of the project as a whole', group('house'), { code: 'FORBIDDEN' }],
    ['somewhere in the project', { kind: 'within', projectId: 'house' }, 'permitted'],
    ['somewhere at all', { kind: 'anywhere' }, 'permitted'],
    [
      'of the partner above',
      { kind: 'partner', partnerId: 'dealer' },
      { code: 'NOT_FOUND', what: 'partner', id: 'dealer' },
    ],
    [
      'in another project',
      { kind: 'within', projectId: 'abroad' },
      { code: 'NOT_FOUND', what: 'project', id: 'abroad' },
    ],
    ['in no project', { kind: 'within', projectId: 'z' }, { code: 'NOT_FOUND', what: 'project', id: 'z' }],
    [
      'at a group of another project',
      { kind: 'group', projectId: 'abroad', groupId: 'a' },
      { code: 'NOT_FOUND', what: 'project', id: 'abroad' },
    ],
  ])('%s', async (_where, target, expected) => {
    expect(await answer(checker, target)).toEqual(expected);
  });

  it('names the missing permission where the place is accessible', async () => {
    expect(await answer(checker, group('a1'), 'groups:manage')).toEqual({
      code: 'FORBIDDEN',
      permission: 'groups:manage',
    });
  });
});

describe('a checker', () => {
  it('fails once the group of the membership is removed', async () => {
    const { checker } = checkerOf(new Known([holding(group('gone'), 'groups:read')]));
    expect(await answer(checker, { kind: 'within', projectId: 'house' })).toMatchObject({ what: 'project' });
    expect(await answer(checker, group('gone'))).toMatchObject({ what: 'project' });
  });

  it('does not load a project for a caller without membership in it', async () => {
    const partner = holding({ kind: 'partner', partnerId: 'dealer' }, 'groups:read');
    for (const memberships of [new Known([]), new Known([partner])]) {
      const { checker, loaded } = checkerOf(memberships);
      await answer(checker, group('a'));
      expect(loaded).toEqual([]);
    }
  });

  it('checks again, bypassing the cache, before it refuses', async () => {
    const given = new Known([], [holding(group('a'), 'groups:read')]);
    const { checker, looks } = checkerOf(given);
    expect(await answer(checker, group('a'))).toBe('permitted');
    expect(looks()).toBe(1);
    const revoked = checkerOf(new Known([holding(group('a'), 'quotas:read')], []));
    expect(await answer(revoked.checker, group('a'))).toMatchObject({ code: 'NOT_FOUND' });
  });

  it('checks again before it answers that only the permission is missing', async () => {
    const promoted = new Known([holding(group('a'), 'quotas:read')], [holding(group('a'), 'groups:read')]);
    expect(await answer(checkerOf(promoted).checker, group('a'))).toBe('permitted');
    const helper = new Known([holding(group('a'), 'quotas:read')]);
    expect(await answer(checkerOf(helper).checker, group('a'))).toEqual({
      code: 'FORBIDDEN',
      permission: 'groups:read',
    });
  });

  it('limits a key to its creator’s permissions in the tenant, and ends it with the right to create keys', async () => {
    const key: Principal = {
      ...ADA,
      tenantId: 'nord',
      apiKey: { keyId: 'k', permissions: ['groups:read', 'licenses:read'], madeBy: 'ada' },
    };
    const heldBy = async (...holdings: Holding[]) => {
      const { checker } = checkerOf(new Known(holdings));
      return [...((await checker.permissionsAt(key, { kind: 'partner', partnerId: 'nord' })) ?? [])];
    };
    const tenant: Scope = { kind: 'partner', partnerId: 'nord' };
    const dealer: Scope = { kind: 'partner', partnerId: 'dealer' };
    expect(await heldBy(holding(tenant, 'api-keys:manage', 'groups:read'))).toEqual(['groups:read']);
    expect(await heldBy(holding(tenant, 'groups:read', 'licenses:read'))).toEqual([]);
    expect(await heldBy(holding(dealer, 'api-keys:manage', 'groups:read'))).toEqual([]);
    expect(await heldBy()).toEqual([]);
  });

  it('of an API key covers its tenant, with the permissions of the key', async () => {
    const key: Principal = { ...ADA, tenantId: 'nord', apiKey: { keyId: 'k', permissions: ['groups:read'] } };
    const { checker } = checkerOf(new Known([holding(group('a'), 'groups:manage')]));
    const may = (target: Target) => checker.permissionsAt(key, target);
    expect(await may(group('b'))).toEqual(new Set(['groups:read']));
    expect(await may({ kind: 'partner', partnerId: 'dealer' })).toEqual(new Set(['groups:read']));
    expect(await may({ kind: 'partner', partnerId: 'sued' })).toBeNull();
    expect(await checker.permissionsAt({ ...key, tenantId: null }, group('b'))).toBeNull();
  });
});

describe('granting', () => {
  const { checker } = checkerOf(new Known([holding(group('a'), 'groups:read', 'quotas:read', 'projects:read')]));
  const refusal = async (asked: Promise<void>): Promise<unknown> =>
    asked.then(
      () => null,
      (problem: Problem) => ({ code: problem.code, ...problem.facts }),
    );

  it('can grant the permissions held there', async () => {
    expect(await refusal(checkGrant(checker, ADA, 'concierge', group('a1')))).toBeNull();
    expect(await refusal(checkGrant(checker, ADA, 'concierge', group('b')))).toMatchObject({
      code: 'FORBIDDEN',
    });
    expect(await refusal(checkGrant(checker, ADA, 'helper', group('a')))).toEqual({
      code: 'FORBIDDEN',
      role: 'helper',
      missing: ['devices:read'],
    });
    expect(await refusal(checkGrant(checker, ownService('host'), 'helper', group('a')))).toBeNull();
  });

  it('knows the existing roles', async () => {
    for (const role of ['server_administrator', 'nobody', 'constructor']) {
      expect(await refusal(checkGrant(checker, ownService('host'), role, group('a')))).toMatchObject({
        code: 'VALIDATION',
      });
    }
    // A deleted role can be revoked by anyone who can revoke at all.
    expect(await refusal(checkRevoke(checker, ADA, 'gone', group('a')))).toBeNull();
    expect(await refusal(checkRevoke(checker, ADA, 'user', group('a')))).toMatchObject({
      missing: ['assignments:read-own'],
    });
  });
});

describe('authority: the highest place from which a permission is held', () => {
  const authority = (checker: PermissionChecker, groupId: string, who: Principal = ADA): Promise<unknown> =>
    checker
      .authority(who, 'groups:manage', { kind: 'group', projectId: 'house', groupId })
      .catch(({ code }: Problem) => code);

  it('is the partner before the group, and the highest group of several', async () => {
    const atGroups = [holding(group('a1'), 'groups:manage'), holding(group('a'), 'groups:manage')];
    const dealer = holding({ kind: 'partner', partnerId: 'dealer' }, 'groups:manage');
    expect(await authority(checkerOf(new Known(atGroups)).checker, 'a1')).toEqual({ kind: 'group', groupId: 'a' });
    const all = checkerOf(new Known([...atGroups, dealer])).checker;
    expect(await authority(all, 'a1')).toEqual({ kind: 'partner', partnerId: 'dealer' });
  });

  it('is the vendor for a server administrator alone', async () => {
    expect(await authority(checkerOf(new Known([])).checker, 'a', ownService('admin'))).toEqual({ kind: 'vendor' });
  });

  it('of a key is that of its tenant at most', async () => {
    const key = { keyId: 'k', permissions: ['groups:manage'] } as const;
    const of = (tenantId: string | null): Principal => ({ ...ADA, tenantId, apiKey: key });
    const { checker } = checkerOf(new Known([]));
    expect(await authority(checker, 'a', of('nord'))).toEqual({ kind: 'partner', partnerId: 'nord' });
    expect(await authority(checker, 'a', of('sued'))).toBe('NOT_FOUND');
    expect(await authority(checker, 'a', of(null))).toBe('NOT_FOUND');
  });

  it('reads again instead of trusting the cache, which may be older than a change', async () => {
    const upper = holding({ kind: 'partner', partnerId: 'nord' }, 'groups:manage');
    const lower = holding(group('a'), 'groups:manage');
    expect(await authority(checkerOf(new Known([lower], [lower, upper])).checker, 'a')).toEqual({
      kind: 'partner',
      partnerId: 'nord',
    });
    expect(await authority(checkerOf(new Known([lower, upper], [lower])).checker, 'a')).toEqual({
      kind: 'group',
      groupId: 'a',
    });
    expect(await authority(checkerOf(new Known([upper], [])).checker, 'a')).toBe('NOT_FOUND');
  });
});

describe('the tenant a request concerns', () => {
  const both = [
    holding({ kind: 'partner', partnerId: 'nord' }, 'projects:read'),
    { ...holding({ kind: 'partner', partnerId: 'sued' }, 'projects:read', 'roles:read'), tenantId: 'sued' },
  ];
  const { checker } = checkerOf(new Known(both));

  it('is that of the place, whatever other memberships the caller has', async () => {
    const abroad = { kind: 'group', projectId: 'abroad', groupId: 'abroad' } as const;
    expect(await checker.tenantConcerned(ADA, 'projects:read', group('a'))).toBe('nord');
    expect(await checker.tenantConcerned(ADA, 'projects:read', abroad)).toBe('sued');
    expect(await checker.tenantConcerned(ADA, 'projects:read', { kind: 'partner', partnerId: 'dealer' })).toBe('nord');
  });

  it('is for a list the only one in which the permission is held, and none where there are several', async () => {
    expect(await checker.tenantConcerned(ADA, 'roles:read', { kind: 'anywhere' })).toBe('sued');
    expect(await checker.tenantConcerned(ADA, 'projects:read', { kind: 'anywhere' })).toBeNull();
    expect(await checker.tenantConcerned(ownService('admin'), 'projects:read', group('a'))).toBeNull();
  });
});
