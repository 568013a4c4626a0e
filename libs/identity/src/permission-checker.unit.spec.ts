import { describe, expect, it } from '@jest/globals';
import type { Holding, Permission } from '@allotree/contracts';
import type { Principal } from '@allotree/http/principal';
import {
  ADA,
  ADMIN,
  ANYWHERE,
  checkerOf,
  group,
  holding,
  keyOf,
  Known,
  newGroupId,
  outcome,
  partner,
  within,
} from './permission-checker.fixture.js';
import { ALL_PERMISSIONS, type PermissionChecker, type Target } from './permission-checker.js';

const demand = (checker: PermissionChecker, target: Target, permission: Permission = 'groups:read', who = ADA) =>
  outcome(checker.demand(who, permission, target));

const PERMITTED = new Set(['groups:read']);

describe('a demand for a permission', () => {
  const { checker } = checkerOf(new Known([holding(group('a'), 'groups:read')]));

  it.each<[string, Target, unknown]>([
    ['at the group', group('a'), PERMITTED],
    ['below it', group('a1'), PERMITTED],
    ['beside it', group('b'), { code: 'NOT_FOUND', what: 'group', id: 'b' }],
    ['where there is no group', group('z'), { code: 'NOT_FOUND', what: 'group', id: 'z' }],
    ['of the project as a whole', group('house'), { code: 'FORBIDDEN' }],
    ['somewhere in the project', within('house'), PERMITTED],
    ['somewhere at all', ANYWHERE, PERMITTED],
    ['of the partner above', partner('dealer'), { code: 'NOT_FOUND', what: 'partner', id: 'dealer' }],
    ['where there is no partner', partner('z'), { code: 'NOT_FOUND', what: 'partner', id: 'z' }],
    ['in another project', within('abroad'), { code: 'NOT_FOUND', what: 'project', id: 'abroad' }],
    ['in no project', within('z'), { code: 'NOT_FOUND', what: 'project', id: 'z' }],
    ['at a group of another project', group('a', 'abroad'), { code: 'NOT_FOUND', what: 'project', id: 'abroad' }],
  ])('%s', async (_where, target, expected) => {
    expect(await demand(checker, target)).toStrictEqual(expected);
  });

  it.each<[string, Target]>([
    ['at a group', group('a1')],
    ['somewhere in the project', within('house')],
    ['somewhere at all', ANYWHERE],
  ])('names the missing permission %s', async (_where, target) => {
    expect(await demand(checker, target, 'groups:manage')).toStrictEqual({
      code: 'FORBIDDEN',
      permission: 'groups:manage',
    });
  });

  it.each<[string, Target]>([
    ['an existing group', group('a')],
    ['no group', group('z', 'z')],
    ['no partner', partner('z')],
    ['a place that is not named', ANYWHERE],
  ])('is met for a server administrator at %s, with every permission', async (_where, target) => {
    expect(await demand(checker, target, 'system:manage', ADMIN)).toBe(ALL_PERMISSIONS);
  });
});

describe('a demand of somebody without memberships', () => {
  const { checker } = checkerOf(new Known([]));

  it.each<[string, Target, unknown]>([
    ['finds no group', group('a'), { code: 'NOT_FOUND', what: 'project', id: 'house' }],
    ['finds no root', group('house'), { code: 'NOT_FOUND', what: 'project', id: 'house' }],
    ['finds no project', within('house'), { code: 'NOT_FOUND', what: 'project', id: 'house' }],
    ['finds no partner', partner('nord'), { code: 'NOT_FOUND', what: 'partner', id: 'nord' }],
    ['is forbidden where it names no place', ANYWHERE, { code: 'FORBIDDEN' }],
  ])('%s', async (_what, target, expected) => {
    expect(await demand(checker, target)).toStrictEqual(expected);
  });
});

describe('memberships at several places', () => {
  const abroad: Holding = { ...holding(group('b', 'abroad'), 'devices:manage'), tenantId: 'sued' };
  const { checker } = checkerOf(
    new Known([
      holding(partner('dealer'), 'quotas:read'),
      holding(group('a'), 'groups:read'),
      holding(group('a1'), 'members:read'),
      abroad,
    ]),
  );

  it.each<[string, Target, readonly Permission[] | null]>([
    ['above and at a group', group('a1'), ['quotas:read', 'groups:read', 'members:read']],
    ['above a group alone', group('b'), ['quotas:read']],
    ['anywhere in a project', within('house'), ['quotas:read', 'groups:read', 'members:read']],
    ['at a partner, without those below', partner('dealer'), ['quotas:read']],
    ['at the partner above: none', partner('nord'), null],
    ['anywhere', ANYWHERE, ['quotas:read', 'groups:read', 'members:read', 'devices:manage']],
  ])('add up %s', async (_where, target, expected) => {
    const held = await checker.permissionsAt(ADA, target);
    expect(held && [...held].sort()).toStrictEqual(expected && [...expected].sort());
  });
});

describe('the path of a group', () => {
  const known = new Known([]);
  const paths: Record<string, readonly string[]> = {};
  const { checker, loaded, forgetCalls } = checkerOf(known, paths);
  const OUTSIDE: readonly [string, readonly Holding[], string][] = [
    ['without any membership', [], 'house'],
    ['with one at a partner', [holding(partner('dealer'), 'groups:read')], 'house'],
    ['with one in another project', [holding(group('a', 'abroad'), 'groups:read')], 'house'],
    ['of a project that does not exist', [holding(group('a', 'z'), 'groups:read')], 'z'],
  ];

  it.each(OUTSIDE)('is not loaded for a demand of a caller %s', async (_who, holdings, projectId) => {
    forgetCalls();
    known.become(holdings);
    await demand(checker, group('a', projectId));
    expect(loaded).toStrictEqual([]);
  });

  it.each(OUTSIDE)('is not loaded for the authority of a caller %s', async (_who, holdings, projectId) => {
    forgetCalls();
    known.become(holdings);
    await outcome(checker.authority(ADA, 'groups:read', group('a', projectId)));
    expect(loaded).toStrictEqual([]);
  });

  it('is loaded once, for several checks', async () => {
    forgetCalls();
    const groupId = newGroupId();
    paths[groupId] = [groupId, 'a', 'house'];
    known.become([holding(group('a'), 'groups:read')]);
    await demand(checker, group(groupId));
    await demand(checker, group(groupId));
    expect(loaded).toStrictEqual([`house/${groupId}`]);
  });
});

describe('a removed group', () => {
  const { checker } = checkerOf(new Known([holding(group('gone'), 'groups:read')]));

  it.each<[string, Target]>([
    ['the project', within('house')],
    ['the group', group('gone')],
  ])('ends the membership at it: %s is not found', async (_what, target) => {
    expect(await demand(checker, target)).toStrictEqual({ code: 'NOT_FOUND', what: 'project', id: 'house' });
  });
});

describe('an API key', () => {
  const ofTenant = [
    holding(partner('nord'), 'api-keys:manage', 'groups:read'),
    holding(group('a'), 'api-keys:manage', 'licenses:read'),
  ];
  const tenant = partner('nord');
  const key = keyOf(['groups:read', 'licenses:read'], 'ada');
  const known = new Known([]);
  const { checker } = checkerOf(known);

  it.each<[string, readonly Holding[], readonly Permission[] | null]>([
    ['has the permissions that its creator holds in the whole tenant', ofTenant, ['groups:read']],
    ['ends with the right to create keys', [holding(tenant, 'groups:read', 'licenses:read')], null],
    [
      'is not kept by the right to create keys at a dealer',
      [holding(partner('dealer'), 'api-keys:manage', 'groups:read')],
      null,
    ],
    ['ends with the last membership of its creator', [], null],
    [
      'ends where its creator holds permissions of another tenant alone',
      [{ ...holding(partner('sued'), 'api-keys:manage', 'groups:read'), tenantId: 'sued' }],
      null,
    ],
  ])('%s', async (_what, holdings, expected) => {
    known.become(holdings);
    const held = await checker.permissionsAt(key, tenant);
    expect(held && [...held]).toStrictEqual(expected);
  });

  it.each<[string, Target, ReadonlySet<string> | null]>([
    ['a group', group('b'), PERMITTED],
    ['a dealer', partner('dealer'), PERMITTED],
    ['its tenant', tenant, PERMITTED],
    ['another tenant', partner('sued'), null],
    ['a project of another tenant', within('abroad'), null],
  ])('made by the vendor has its own permissions in its whole tenant: %s', async (_where, target, expected) => {
    expect(await checker.permissionsAt(keyOf(['groups:read']), target)).toStrictEqual(expected);
  });

  it.each<[string, Principal]>([
    ['without a tenant', { ...keyOf(['groups:read']), tenantId: null }],
    ['without permissions', keyOf([])],
  ])('%s has no memberships', async (_which, who) => {
    expect(await checker.membershipsOf(who)).toStrictEqual([]);
  });

  it.each<[string, Principal, Target, unknown]>([
    ['without a tenant', { ...keyOf(['groups:read']), tenantId: null }, ANYWHERE, { code: 'FORBIDDEN' }],
    ['without permissions', keyOf([]), partner('nord'), { code: 'NOT_FOUND', what: 'partner', id: 'nord' }],
  ])('%s is refused', async (_which, who, target, expected) => {
    expect(await demand(checker, target, 'groups:read', who)).toStrictEqual(expected);
  });

  it('is one membership at its tenant', async () => {
    expect(await checker.membershipsOf(keyOf(['groups:read']))).toStrictEqual([
      { membershipId: 'key', tenantId: 'nord', scope: tenant, permissions: PERMITTED },
    ]);
  });
});
