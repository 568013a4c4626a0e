import { describe, expect, it } from '@jest/globals';
import type { Holding, Scope } from '@allotree/contracts';
import {
  ADA,
  ADMIN,
  ANYWHERE,
  checkerOf,
  group,
  holding,
  keyOf,
  Known,
  outcome,
  partner,
  within,
} from './permission-checker.fixture.js';
import { ALL_PERMISSIONS, type Target } from './permission-checker.js';

const inSued = (held: Holding): Holding => ({ ...held, tenantId: 'sued' });
const named = (membershipId: string, held: Holding): Holding => ({ ...held, membershipId });

describe('authority: the highest place from which a permission is held', () => {
  const dealer = holding(partner('dealer'), 'groups:manage');
  const groups = [holding(group('a1'), 'groups:manage'), holding(group('a'), 'groups:manage')];
  const other = inSued(holding(partner('sued'), 'groups:manage'));
  const known = new Known([]);
  const { checker } = checkerOf(known);

  it.each<[string, readonly Holding[], Scope, unknown]>([
    ['is the highest group of several', groups, group('a1'), { kind: 'group', groupId: 'a' }],
    ['is the partner before the groups', [...groups, dealer], group('a1'), { kind: 'partner', partnerId: 'dealer' }],
    ['does not come from another tenant', [other, ...groups], group('a1'), { kind: 'group', groupId: 'a' }],
    ['is a partner for itself', [dealer], partner('dealer'), { kind: 'partner', partnerId: 'dealer' }],
    [
      'does not reach from a partner to the one above',
      [dealer],
      partner('nord'),
      { code: 'NOT_FOUND', what: 'partner', id: 'nord' },
    ],
    ['does not reach to a group beside', groups, group('b'), { code: 'NOT_FOUND', what: 'group', id: 'b' }],
    ['does not reach from a group to the root', groups, group('house'), { code: 'FORBIDDEN' }],
    ['does not reach to a group that is not there', groups, group('z'), { code: 'NOT_FOUND', what: 'group', id: 'z' }],
    [
      'is refused with the permission where only that is missing',
      [holding(group('a'), 'groups:read')],
      group('a1'),
      { code: 'FORBIDDEN', permission: 'groups:manage' },
    ],
    [
      'does not reach into another tenant',
      [dealer, ...groups],
      group('a', 'abroad'),
      { code: 'NOT_FOUND', what: 'project', id: 'abroad' },
    ],
    ['does not reach to no project', [dealer], group('a', 'z'), { code: 'NOT_FOUND', what: 'project', id: 'z' }],
    ['does not reach to no partner', [dealer], partner('z'), { code: 'NOT_FOUND', what: 'partner', id: 'z' }],
  ])('%s', async (_what, holdings, scope, expected) => {
    known.become(holdings);
    expect(await outcome(checker.authority(ADA, 'groups:manage', scope))).toStrictEqual(expected);
  });

  it.each<[string, string | null, unknown]>([
    ['is its tenant for a key', 'nord', { kind: 'partner', partnerId: 'nord' }],
    ['is nothing for a key of another tenant', 'sued', { code: 'NOT_FOUND', what: 'project', id: 'house' }],
    ['is nothing for a key without a tenant', null, { code: 'NOT_FOUND', what: 'project', id: 'house' }],
  ])('%s', async (_what, tenantId, expected) => {
    const key = { ...keyOf(['groups:manage']), tenantId };
    expect(await outcome(checker.authority(key, 'groups:manage', group('a')))).toStrictEqual(expected);
  });

  it('is the vendor for a server administrator alone', async () => {
    expect(await checker.authority(ADMIN, 'groups:manage', group('a'))).toStrictEqual({ kind: 'vendor' });
  });
});

describe('authorities: every place from which a permission is held in a project', () => {
  const { checker } = checkerOf(
    new Known([
      holding(partner('dealer'), 'groups:manage'),
      holding(group('a'), 'groups:manage', 'groups:read'),
      holding(group('b'), 'groups:manage'),
      inSued(holding(group('a', 'abroad'), 'groups:manage', 'devices:read')),
    ]),
  );

  it('are the partners above and the groups inside, of this project alone', async () => {
    expect(await checker.authorities(ADA, 'groups:manage', 'house')).toStrictEqual([
      { kind: 'partner', partnerId: 'dealer' },
      { kind: 'group', groupId: 'a' },
      { kind: 'group', groupId: 'b' },
    ]);
  });

  it('are only those with the permission', async () => {
    expect(await checker.authorities(ADA, 'groups:read', 'house')).toStrictEqual([{ kind: 'group', groupId: 'a' }]);
  });

  it.each<[string, string, unknown]>([
    ['where it is held in another project alone', 'house', { code: 'FORBIDDEN', permission: 'devices:read' }],
    ['where there is no project', 'z', { code: 'NOT_FOUND', what: 'project', id: 'z' }],
  ])('are refused %s', async (_where, projectId, expected) => {
    expect(await outcome(checker.authorities(ADA, 'devices:read', projectId))).toStrictEqual(expected);
  });

  it('are the vendor for a server administrator', async () => {
    expect(await checker.authorities(ADMIN, 'groups:manage', 'house')).toStrictEqual([{ kind: 'vendor' }]);
  });
});

describe('the permissions at many groups of a project', () => {
  const { checker } = checkerOf(new Known([holding(group('a'), 'groups:read')]));

  it.each<[string, string, readonly string[], unknown]>([
    ['are those of the membership at the group', 'house', ['a', 'house'], new Set(['groups:read'])],
    ['are those of the membership above the group', 'house', ['a1', 'a', 'house'], new Set(['groups:read'])],
    ['are none beside it', 'house', ['b', 'house'], null],
    ['are none above it', 'house', ['house'], null],
    ['are none in another project', 'abroad', ['a', 'abroad'], null],
    ['are none in no project', 'z', ['a', 'z'], null],
  ])('%s', async (_what, projectId, path, expected) => {
    const permissionsAt = await checker.permissionsIn(ADA, projectId);
    expect(permissionsAt(path)).toStrictEqual(expected);
  });

  it('are all of them for a server administrator', async () => {
    const permissionsAt = await checker.permissionsIn(ADMIN, 'house');
    expect(permissionsAt(['b', 'house'])).toBe(ALL_PERMISSIONS);
  });
});

describe('the places that a list shows', () => {
  const { checker } = checkerOf(
    new Known([
      holding(partner('nord'), 'roles:read'),
      holding(partner('dealer'), 'stock:read', 'roles:read'),
      holding(group('a'), 'groups:read'),
      holding(group('b'), 'devices:read'),
      inSued(holding(group('b', 'abroad'), 'groups:read')),
    ]),
  );

  it('are the groups with the permission', async () => {
    expect(await checker.accessFilter(ADA, 'groups:read')).toStrictEqual({
      tenantIds: [],
      partnerIds: [],
      groups: [
        { projectId: 'house', groupId: 'a' },
        { projectId: 'abroad', groupId: 'b' },
      ],
    });
  });

  it('are the tenant and the partners with the permission', async () => {
    expect(await checker.accessFilter(ADA, 'roles:read')).toStrictEqual({
      tenantIds: ['nord'],
      partnerIds: ['dealer'],
      groups: [],
    });
  });

  it('are none without the permission', async () => {
    expect(await checker.accessFilter(ADA, 'audit:read')).toStrictEqual({ tenantIds: [], partnerIds: [], groups: [] });
  });

  it('are not limited for a server administrator', async () => {
    expect(await checker.accessFilter(ADMIN, 'groups:read')).toBeNull();
  });

  it('lie in the tenants in which the permission is held, each once', async () => {
    expect(await checker.tenants(ADA, 'roles:read')).toStrictEqual(['nord']);
    expect(await checker.tenants(ADA, 'groups:read')).toStrictEqual(['nord', 'sued']);
    expect(await checker.tenants(ADA, 'audit:read')).toStrictEqual([]);
  });

  it('lie in every tenant for a server administrator', async () => {
    expect(await checker.tenants(ADMIN, 'roles:read')).toBeNull();
  });
});

describe('the groups of a project that a list shows', () => {
  const { checker } = checkerOf(
    new Known([
      holding(group('a'), 'groups:read'),
      holding(group('b'), 'groups:read', 'devices:read'),
      holding(group('house'), 'quotas:read'),
      inSued(holding(group('c', 'abroad'), 'groups:read')),
    ]),
  );

  it('are those with the permission, of this project alone', async () => {
    expect(await checker.groupsWithin(ADA, 'groups:read', 'house')).toStrictEqual(['a', 'b']);
    expect(await checker.groupsWithin(ADA, 'devices:read', 'house')).toStrictEqual(['b']);
    expect(await checker.groupsWithin(ADA, 'groups:read', 'abroad')).toStrictEqual(['c']);
  });

  it('are all where the permission is held at the root', async () => {
    expect(await checker.groupsWithin(ADA, 'quotas:read', 'house')).toBeNull();
  });

  it('are none where the permission is not held', async () => {
    expect(await checker.groupsWithin(ADA, 'members:read', 'house')).toStrictEqual([]);
    expect(await checker.groupsWithin(ADA, 'groups:read', 'z')).toStrictEqual([]);
  });

  it('are all for a partner and for a server administrator', async () => {
    const key = keyOf(['groups:read']);
    expect(await checker.groupsWithin(key, 'groups:read', 'house')).toBeNull();
    expect(await checker.groupsWithin(ADMIN, 'groups:read', 'house')).toBeNull();
  });
});

describe('the memberships at a group itself', () => {
  const { checker } = checkerOf(
    new Known([
      named('partner', holding(partner('nord'), 'groups:read')),
      named('root', holding(group('house'), 'groups:read')),
      named('a', holding(group('a'), 'groups:read')),
      named('a again', holding(group('a'), 'devices:read')),
      named('below', holding(group('a1'), 'groups:read')),
      named('elsewhere', inSued(holding(group('a', 'abroad'), 'groups:read'))),
    ]),
  );

  it.each<[string, string, readonly string[]]>([
    ['house', 'a', ['a', 'a again']],
    ['house', 'house', ['root']],
    ['house', 'b', []],
    ['abroad', 'a', ['elsewhere']],
  ])('%s/%s are not those above, below or in another project', async (projectId, groupId, expected) => {
    expect(await checker.membershipsAt(ADA, projectId, groupId)).toStrictEqual(expected);
  });
});

describe('the tenant a request concerns', () => {
  const { checker } = checkerOf(
    new Known([
      holding(partner('nord'), 'projects:read'),
      inSued(holding(partner('sued'), 'projects:read', 'roles:read')),
    ]),
  );

  it.each<[string, Target, string | null]>([
    ['of a group', group('a'), 'nord'],
    ['of a group of another tenant', group('abroad', 'abroad'), 'sued'],
    ['of a project', within('abroad'), 'sued'],
    ['of a partner', partner('dealer'), 'nord'],
    ['of no project', within('z'), null],
    ['of no partner', partner('z'), null],
  ])('is that of the place, whatever other memberships the caller has: %s', async (_which, target, expected) => {
    expect(await checker.tenantConcerned(ADA, 'projects:read', target)).toBe(expected);
  });

  it('is for a list the only one in which the permission is held', async () => {
    expect(await checker.tenantConcerned(ADA, 'roles:read', ANYWHERE)).toBe('sued');
  });

  it('is none for a list where there are several, or none', async () => {
    expect(await checker.tenantConcerned(ADA, 'projects:read', ANYWHERE)).toBeNull();
    expect(await checker.tenantConcerned(ADA, 'audit:read', ANYWHERE)).toBeNull();
  });

  it.each<[string, Target]>([
    ['at a group', group('a')],
    ['in a list', ANYWHERE],
  ])('is none for a server administrator %s', async (_where, target) => {
    expect(await checker.tenantConcerned(ADMIN, 'projects:read', target)).toBeNull();
  });
});
