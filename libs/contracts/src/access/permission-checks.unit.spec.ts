import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { PERMISSION_NAMES, type Permission } from './permissions.js';
import {
  authorityAt,
  beyond,
  accessFilterOf,
  permissionsAt,
  type Holding,
  type Place,
  type Scope,
} from './permission-checks.js';

const GROUPS = 12;
const SOME: readonly Permission[] = ['groups:read', 'groups:manage', 'quotas:read', 'stock:read'];

/** A project whose group `i` lies below `parents[i - 1]`, in one of two tenants with a dealer each. */
interface Forest {
  readonly parents: readonly number[];
  readonly tenant: number;
}

interface Member {
  readonly tenant: number;
  /** -2: the distributor; -1: the dealer; else the group. */
  readonly at: number;
  readonly permissions: readonly Permission[];
}

const forest = fc.record({
  parents: fc.tuple(...Array.from({ length: GROUPS - 1 }, (_, i) => fc.nat(i))),
  tenant: fc.nat(1),
});
const member = fc.record({
  tenant: fc.nat(1),
  at: fc.integer({ min: -2, max: GROUPS - 1 }),
  permissions: fc.subarray([...SOME]),
});

const parentOf = ({ parents }: Forest, group: number): number => (group === 0 ? -1 : (parents[group - 1] as number));

const pathOf = (trees: Forest, group: number): string[] => {
  const path: string[] = [];
  for (let at = group; at >= 0; at = parentOf(trees, at)) path.push(`g${at}`);
  return path;
};

const scopeOf = ({ tenant, at }: Member): Scope => {
  if (at === -2) return { kind: 'partner', partnerId: `t${tenant}` };
  if (at === -1) return { kind: 'partner', partnerId: `dealer${tenant}` };
  return { kind: 'group', projectId: `p${tenant}`, groupId: `g${at}` };
};

const holdingOf = (one: Member, index: number): Holding => ({
  membershipId: `m${index}`,
  tenantId: `t${one.tenant}`,
  scope: scopeOf(one),
  permissions: new Set(one.permissions),
});

const placeOf = (trees: Forest, group: number): Place => ({
  kind: 'group',
  tenantId: `t${trees.tenant}`,
  partnerId: `dealer${trees.tenant}`,
  projectId: `p${trees.tenant}`,
  path: pathOf(trees, group),
});

/** Everything a membership covers, by going down from it; the distributor is -2, its dealer -1. */
const covered = (trees: Forest, at: number): Set<number> => {
  const below = new Set([at]);
  if (at === -2) below.add(-1);
  if (at < 0) below.add(0);
  for (let group = 1; group < GROUPS; group += 1) if (below.has(parentOf(trees, group))) below.add(group);
  return below;
};

describe('permissions at a place', () => {
  it('is what going down from every membership finds', () => {
    fc.assert(
      fc.property(forest, fc.array(member, { maxLength: 6 }), (trees, members) => {
        for (let group = 0; group < GROUPS; group += 1) {
          const applicable = members.filter((one) => one.tenant === trees.tenant && covered(trees, one.at).has(group));
          const found = permissionsAt(members.map(holdingOf), placeOf(trees, group));
          const expected = applicable.length === 0 ? null : new Set(applicable.flatMap((one) => one.permissions));
          expect(found).toEqual(expected);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('never leads upwards from a group to its partner, nor from a dealer to its distributor', () => {
    fc.assert(
      fc.property(fc.array(member, { maxLength: 6 }), fc.nat(1), (members, tenant) => {
        const at = (partnerId: string): unknown =>
          permissionsAt(members.map(holdingOf), { kind: 'partner', tenantId: `t${tenant}`, partnerId });
        const own = members.filter((one) => one.tenant === tenant);
        const of = (found: readonly Member[]): unknown =>
          found.length === 0 ? null : new Set(found.flatMap((one) => one.permissions));
        expect(at(`t${tenant}`)).toEqual(of(own.filter((one) => one.at === -2)));
        expect(at(`dealer${tenant}`)).toEqual(of(own.filter((one) => one.at < 0)));
      }),
    );
  });

  it('is not helped by a partner or project of the same id in another tenant', () => {
    const holding = holdingOf({ tenant: 0, at: 0, permissions: ['groups:read'] }, 0);
    const elsewhere = { ...placeOf({ parents: [], tenant: 0 }, 0), tenantId: 't1' };
    expect(permissionsAt([holding], elsewhere)).toBeNull();
  });
});

describe('authority: the highest place from which a permission is held (L4, R9)', () => {
  const highestOf = (members: readonly Member[]): unknown =>
    authorityAt(members.map(holdingOf), 'groups:manage', place);
  const chain: Forest = { parents: Array.from({ length: GROUPS - 1 }, (_, i) => i), tenant: 0 };
  const place = placeOf(chain, 5);
  const manage = (at: number, tenant = 0): Member => ({ tenant, at, permissions: ['groups:manage'] });

  it('is the tenant before the partner, the partner before a group, an upper group before a lower one', () => {
    expect(highestOf([manage(5), manage(3), manage(-1), manage(-2)])).toEqual({ kind: 'partner', partnerId: 't0' });
    expect(highestOf([manage(5), manage(3), manage(-1)])).toEqual({ kind: 'partner', partnerId: 'dealer0' });
    expect(highestOf([manage(5), manage(3)])).toEqual({ kind: 'group', groupId: 'g3' });
  });

  it('counts only memberships that hold this very permission, in this tenant, at the place or above it', () => {
    const reader: Member = { tenant: 0, at: -2, permissions: ['groups:read'] };
    expect(highestOf([reader, manage(5)])).toEqual({ kind: 'group', groupId: 'g5' });
    expect(highestOf([reader, manage(6), manage(-2, 1), manage(0, 1)])).toBeNull();
  });

  it('exists exactly where the permission is held', () => {
    fc.assert(
      fc.property(forest, fc.array(member, { maxLength: 6 }), fc.nat(GROUPS - 1), (trees, members, group) => {
        const holdings = members.map(holdingOf);
        const at = placeOf(trees, group);
        const held = permissionsAt(holdings, at)?.has('groups:manage') === true;
        expect(authorityAt(holdings, 'groups:manage', at) !== null).toBe(held);
      }),
    );
  });
});

describe('the access filter of a permission', () => {
  it('names where it is held, a distributor as its tenant', () => {
    const members: Member[] = [
      { tenant: 0, at: -2, permissions: ['groups:read'] },
      { tenant: 1, at: -1, permissions: ['groups:read'] },
      { tenant: 1, at: 3, permissions: ['groups:read'] },
      { tenant: 1, at: 4, permissions: ['stock:read'] },
    ];
    expect(accessFilterOf(members.map(holdingOf), 'groups:read')).toEqual({
      tenantIds: ['t0'],
      partnerIds: ['dealer1'],
      groups: [{ projectId: 'p1', groupId: 'g3' }],
    });
    expect(accessFilterOf([], 'groups:read')).toEqual({ tenantIds: [], partnerIds: [], groups: [] });
  });
});

describe('what goes beyond', () => {
  it('is exactly what is not held', () => {
    fc.assert(
      fc.property(fc.subarray([...PERMISSION_NAMES]), fc.subarray([...PERMISSION_NAMES]), (granted, held) => {
        const missing = beyond(granted, new Set(held));
        expect(missing.filter((permission) => held.includes(permission))).toEqual([]);
        expect(granted.every((permission) => held.includes(permission) || missing.includes(permission))).toBe(true);
      }),
    );
  });
});
