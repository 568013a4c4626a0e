import { describe, expect, it } from '@jest/globals';
import type { Holding } from '@allotree/contracts';
import type { Principal } from '@allotree/http/principal';
import {
  ADA,
  checkerOf,
  group,
  holding,
  keyOf,
  Known,
  newGroupId,
  outcome,
  partner,
} from './permission-checker.fixture.js';
import { retryAfterCatchUp, type Follower, type PermissionChecker } from './permission-checker.js';

const reader = holding(group('a'), 'groups:read');
const helper = holding(group('a'), 'quotas:read');
const READ = new Set(['groups:read']);
const FORBIDDEN = { code: 'FORBIDDEN', permission: 'groups:read' };
const NOT_FOUND = { code: 'NOT_FOUND', what: 'project', id: 'house' };

describe('a demand, with memberships that are remembered for a moment', () => {
  const known = new Known([]);
  const { checker, settled, forgetCalls } = checkerOf(known);

  it.each<[string, readonly Holding[], readonly Holding[], unknown, readonly boolean[]]>([
    ['trusts a permission that is remembered', [reader], [], READ, []],
    ['finds a membership that was just given', [], [reader], READ, [true]],
    ['finds a permission that was just given', [helper], [reader], READ, [true]],
    ['refuses as if nothing had ever been there after a membership was revoked', [helper], [], NOT_FOUND, [false]],
    ['looks again before it answers that only the permission is missing', [helper], [helper], FORBIDDEN, [false]],
    ['looks again before it answers that there is nothing', [], [], NOT_FOUND, [false]],
  ])('%s', async (_what, remembered, stored, expected, looks) => {
    forgetCalls();
    known.become(remembered, stored);
    expect(await outcome(checker.demand(ADA, 'groups:read', group('a')))).toStrictEqual(expected);
    expect(settled).toStrictEqual(looks);
  });

  it('finds a permission of a key that its creator was just given', async () => {
    const creator = holding(partner('nord'), 'api-keys:manage', 'groups:read');
    known.become([], [creator]);
    expect(await outcome(checker.demand(keyOf(['groups:read'], 'ada'), 'groups:read', group('a')))).toStrictEqual(READ);
  });
});

describe('memberships that have changed since they were remembered', () => {
  const former = [holding(group('a'), 'groups:manage', 'groups:read')];
  const current = [
    { ...holding(partner('nord'), 'groups:manage', 'groups:read'), membershipId: 'n' },
    { ...holding(group('b'), 'groups:manage', 'groups:read'), membershipId: 'b' },
  ];
  const known = new Known([]);
  const { checker } = checkerOf(known);

  it.each<[string, (of: PermissionChecker) => Promise<unknown>, unknown]>([
    [
      'the authority for a command',
      (of) => of.authority(ADA, 'groups:manage', group('a')),
      { kind: 'partner', partnerId: 'nord' },
    ],
    [
      'the authorities for a command on many groups',
      (of) => of.authorities(ADA, 'groups:manage', 'house'),
      [
        { kind: 'partner', partnerId: 'nord' },
        { kind: 'group', groupId: 'b' },
      ],
    ],
    [
      'the permissions in a project',
      async (of) => (await of.permissionsIn(ADA, 'house'))(['b', 'house']),
      new Set(['groups:manage', 'groups:read']),
    ],
    ['the own memberships', (of) => of.membershipsOf(ADA), current],
  ])('count at once for %s', async (_what, ask, expected) => {
    known.become(former, current);
    expect(await ask(checker)).toStrictEqual(expected);
  });

  it.each<[string, (of: PermissionChecker) => Promise<unknown>, unknown]>([
    ['permissions at a place', (of) => of.permissionsAt(ADA, group('b')), null],
    [
      'the filter of a list',
      (of) => of.accessFilter(ADA, 'groups:read'),
      { tenantIds: [], partnerIds: [], groups: [{ projectId: 'house', groupId: 'a' }] },
    ],
    ['the groups of a project', (of) => of.groupsWithin(ADA, 'groups:read', 'house'), ['a']],
    ['the memberships at a group', (of) => of.membershipsAt(ADA, 'house', 'a'), ['m']],
  ])('count a moment later for %s', async (_what, ask, expected) => {
    known.become(former, current);
    expect(await ask(checker)).toStrictEqual(expected);
  });

  it('count a moment later for the tenants of a list', async () => {
    known.become(former, []);
    expect(await checker.tenants(ADA, 'groups:read')).toStrictEqual(['nord']);
  });
});

describe('a membership that was revoked, but is still remembered', () => {
  const held = holding(partner('nord'), 'api-keys:manage', 'groups:manage');
  const known = new Known([]);
  const { checker } = checkerOf(known);

  describe.each<[string, Principal]>([
    ['its holder', ADA],
    ['a key that its holder made', keyOf(['groups:manage'], 'ada')],
  ])('permits %s', (_who, caller) => {
    it.each<[string, () => Promise<unknown>]>([
      ['no command', () => checker.authority(caller, 'groups:manage', group('a'))],
      ['no command on many groups', () => checker.authorities(caller, 'groups:manage', 'house')],
    ])('%s', async (_what, ask) => {
      known.become([held], []);
      expect(await outcome(ask())).toStrictEqual(NOT_FOUND);
    });

    it('to see no group of a project', async () => {
      known.become([held], []);
      const permissionsAt = await checker.permissionsIn(caller, 'house');
      expect(permissionsAt(['a', 'house'])).toBeNull();
    });
  });
});

describe('the path of a group that changes', () => {
  const paths: Record<string, readonly string[]> = { house: ['house'], a: ['a', 'house'] };
  const { checker } = checkerOf(new Known([holding(group('a'), 'groups:read')]), paths);
  const A = ['a', 'house'];
  const B = ['b', 'house'];
  /** A group that was checked before, when it was below these. */
  const checkedBelow = async (above: readonly string[]): Promise<string> => {
    const groupId = newGroupId();
    paths[groupId] = [groupId, ...above];
    await checker.permissionsAt(ADA, group(groupId));
    return groupId;
  };

  it('counts at once for the authority after the group was moved away', async () => {
    const id = await checkedBelow(A);
    paths[id] = [id, ...B];
    const authority = outcome(checker.authority(ADA, 'groups:read', group(id)));
    expect(await authority).toStrictEqual({ code: 'NOT_FOUND', what: 'group', id });
  });

  it('counts at once for a group that was moved into the caller’s', async () => {
    const id = await checkedBelow(B);
    paths[id] = [id, ...A];
    expect(await outcome(checker.demand(ADA, 'groups:read', group(id)))).toStrictEqual(READ);
  });

  it('is found once the group exists, although it was looked up before', async () => {
    const id = newGroupId();
    expect(await checker.permissionsAt(ADA, group(id))).toBeNull();
    paths[id] = [id, ...A];
    expect(await checker.permissionsAt(ADA, group(id))).toStrictEqual(READ);
  });

  it('is forgotten when a fresh check finds the group removed', async () => {
    const id = await checkedBelow(A);
    delete paths[id];
    expect(await checker.permissionsAt(ADA, group(id), true)).toBeNull();
    expect(await checker.permissionsAt(ADA, group(id))).toBeNull();
  });
});

describe('a refusal after which events may still be on their way', () => {
  /** A result that is `late` until all feeds have caught up, with what happened in order. */
  const retried = async (first: string, afterwards: string, caughtUp: readonly boolean[]) => {
    const log: string[] = [];
    const feed = (name: number): Follower => ({
      caughtUp: async () => {
        log.push(`waits for feed ${name}`);
        await Promise.resolve();
        log.push(`feed ${name} has answered`);
        return caughtUp[name] ?? true;
      },
    });
    const results = [first, afterwards];
    const retry = retryAfterCatchUp(...caughtUp.map((_, name) => feed(name)));
    const attempt = () => {
      log.push('looks');
      return Promise.resolve(results.shift());
    };
    return { result: await outcome(retry(attempt, (found) => found === 'found')), log };
  };
  const BOTH = ['waits for feed 0', 'waits for feed 1', 'feed 0 has answered', 'feed 1 has answered'];
  const TWICE = ['looks', ...BOTH, 'looks'];
  const UNAVAILABLE = { code: 'UNAVAILABLE', retryAfterSeconds: 1 };

  it.each<[string, string, string, readonly boolean[], unknown, readonly string[]]>([
    ['does not happen where it is found at once', 'found', 'missing', [true, false], 'found', ['looks']],
    ['is withdrawn where all events bring it', 'missing', 'found', [true, true], 'found', TWICE],
    ['stays where all events have arrived', 'missing', 'missing', [true, true], 'missing', TWICE],
    ['is withdrawn though some events have not arrived', 'missing', 'found', [true, false], 'found', TWICE],
    ['is not given while some events have not arrived', 'missing', 'missing', [true, false], UNAVAILABLE, TWICE],
  ])('%s', async (_what, first, afterwards, caughtUp, result, log) => {
    expect(await retried(first, afterwards, caughtUp)).toStrictEqual({ result, log });
  });
});
