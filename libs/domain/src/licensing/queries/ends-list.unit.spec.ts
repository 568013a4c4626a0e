import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { exceeds, sumUnits, NO_UNITS } from '../../limits.js';
import { RESOURCES, type Feature, type Units } from '../../words.js';
import { VENDOR } from '../limits/authority.js';
import type { ProjectCommand } from '../model/commands.js';
import { EndsList, type EndOfGroup } from './ends-list.js';
import { projectAggregate } from '../project.aggregate.js';
import { licensesOf, restrictionOf } from './quota.js';
import type { ProjectState } from '../model/state.js';
import { day, ProjectScenario, units } from '../project-scenario.harness.js';
import { modelRuns } from '../../model-runs.fixture.js';

const START = day('2026-01-01');
const DAY = 86_400_000;
const TREE = { a: 'p', a1: 'a', a2: 'a', a11: 'a1', b: 'p', b1: 'b' };
const GROUPS = ['p', ...Object.keys(TREE)];

const pathOf = (groupId: string): string[] =>
  groupId === 'p' ? ['p'] : [groupId, ...pathOf(TREE[groupId as keyof typeof TREE])];

interface Worth {
  readonly units: Units;
  readonly features: readonly Feature[];
}

/** The sum of terms at an instant, computed independently of the code. */
function sumAt(terms: readonly (Worth & { validFrom: number; validUntil: number | null })[], at: number): Worth {
  const running = terms.filter((t) => t.validFrom <= at && (t.validUntil === null || at < t.validUntil));
  return {
    units: running.reduce((sum, t) => sumUnits(sum, t.units), NO_UNITS),
    features: running.flatMap((t) => t.features),
  };
}

function limitAt(state: ProjectState, groupId: string, at: number): Worth {
  const own = pathOf(groupId)
    .map((id) => restrictionOf(state, id, START)!)
    .filter(({ enabled }) => enabled)
    .map(({ allotments }) => sumAt(allotments, at));
  const all = [
    sumAt(
      licensesOf(state, START).filter((l) => l.suspendedReason === null),
      at,
    ),
    ...own,
  ];
  const least = (r: keyof Units) => all.map((w) => w.units[r]).reduce((a, b) => (exceeds(a, b) ? b : a));
  return {
    units: { sip_number: least('sip_number'), mobile_app: least('mobile_app'), ukey2: least('ukey2') },
    features: all[0]!.features.filter((f) => all.every((w) => w.features.includes(f))),
  };
}

const falls = (before: Worth, after: Worth): boolean =>
  RESOURCES.some((r) => exceeds(before.units[r], after.units[r])) ||
  before.features.some((f) => !after.features.includes(f));

/** What a list says of one instant, in words. */
const worded = ({ what, groupId, id, units: { sip_number } }: EndOfGroup) =>
  what === 'group' ? `${groupId} ${sip_number}` : `${what} ${id} of ${groupId}`;

function expected(state: ProjectState, within: readonly string[] | null, at: number): string[] {
  const named = (groupId: string) => within?.includes(groupId) ?? groupId === 'p';
  const accessible = (groupId: string) => within === null || pathOf(groupId).some((id) => within.includes(id));
  return GROUPS.filter(accessible)
    .sort()
    .flatMap((groupId) => {
      const restriction = restrictionOf(state, groupId, START)!;
      const before = limitAt(state, groupId, at - 1);
      const gives = before.features.length > 0 || RESOURCES.some((r) => exceeds(before.units[r], 0));
      const own = restriction.enabled ? restriction.allotments.filter((a) => a.validUntil === at) : [];
      const licenses = groupId === 'p' ? licensesOf(state, START).filter((l) => l.validUntil === at) : [];
      const mine = [
        ...(gives ? own.map((a) => ({ id: a.allotmentId, said: `allotment ${a.allotmentId} of ${groupId}` })) : []),
        ...licenses.map((l) => ({ id: l.licenseId!, said: `license ${l.licenseId} of p` })),
      ];
      if (mine.length > 0) return mine.sort((a, b) => (a.id < b.id ? -1 : 1)).map(({ said }) => said);
      if (!restriction.enabled && !named(groupId)) return [];
      return falls(before, limitAt(state, groupId, at)) ? [`${groupId} ${before.units.sip_number}`] : [];
    });
}

const term = fc.record({
  number: fc.oneof(
    { weight: 5, arbitrary: fc.integer({ min: 0, max: 6 }) },
    { weight: 1, arbitrary: fc.constant(null) },
  ),
  from: fc.integer({ min: 0, max: 3 }),
  days: fc.option(fc.integer({ min: 1, max: 4 }), { nil: null, freq: 2 }),
  features: fc.subarray(['siri', 'elevators'] as const),
});
type Term = typeof term extends fc.Arbitrary<infer Value> ? Value : never;
const license = fc.record({ term, suspended: fc.boolean() });
const restriction = fc.record({
  groupId: fc.constantFrom(...GROUPS),
  terms: fc.array(term, { maxLength: 3 }),
  off: fc.integer({ min: 0, max: 5 }),
});

const termOf = ({ number, from, days, features }: Term) => ({
  units: units(number, 0, 0),
  features,
  validFrom: from === 0 ? null : START + from * DAY,
  validUntil: days === null ? null : START + (from + days) * DAY,
});

/** A project of which everything is true that was accepted. */
function projectWith(
  licenses: readonly { term: Term; suspended: boolean }[],
  restrictions: readonly { groupId: string; terms: readonly Term[]; off: number }[],
): ProjectState {
  const scenario = new ProjectScenario(START).open();
  // One license stays, so that most ends are of allotments.
  scenario.plus(units(12), null, { licenseId: 'stays' });
  scenario.place(...Object.entries(TREE).map(([id, parent]) => `${id} under ${parent}`));
  licenses.forEach(({ term }, n) => scenario.do(scenario.grant({ licenseId: `l${n}`, ...termOf(term) })));
  const accepted = (command: ProjectCommand): void => {
    if (projectAggregate.decide(scenario.state, command).ok) scenario.do(command);
  };
  // From the top down, so that what is below fits more often.
  const fromTheTop = [...restrictions].sort((a, b) => pathOf(a.groupId).length - pathOf(b.groupId).length);
  for (const { groupId, terms, off } of fromTheTop)
    accepted(scenario.restriction(groupId, terms.map(termOf), { enabled: off > 0, cascade: true }));
  licenses.forEach(({ suspended }, n) => {
    if (!suspended) return;
    accepted({ type: 'SuspendLicense', now: START, licenseId: `l${n}`, reason: 'unpaid', authority: VENDOR });
  });
  return scenario.state;
}

/** What a list says of one instant, page by page. */
function listed(state: ProjectState, at: number, within: readonly string[] | null, atMost: number): EndOfGroup[] {
  const list = new EndsList(state, START);
  const all: EndOfGroup[] = [];
  for (let from = ''; ;) {
    const { ends, until, looked } = list.at({ at, within, seen: within, from, atMost });
    expect(looked).toBeLessThanOrEqual(atMost);
    all.push(...ends);
    if (until === null) return all;
    from = `${until}-`;
  }
}

describe('a list of ends (E5)', () => {
  it('says what adding up every limit anew says, in pages of any size', () => {
    fc.assert(
      fc.property(
        fc.array(license, { maxLength: 3 }),
        fc.array(restriction, { minLength: 2, maxLength: 8 }),
        fc.option(fc.subarray(GROUPS, { minLength: 1 }), { nil: null }),
        fc.integer({ min: 1, max: 4 }),
        (licenses, restrictions, within, atMost) => {
          const state = projectWith(licenses, restrictions);
          for (let days = 1; days <= 8; days += 1) {
            const at = START + days * DAY;
            const ends = listed(state, at, within, atMost);
            expect(ends.map(worded)).toEqual(expected(state, within, at));
            for (const { groupId, remaining, endsWith } of ends) {
              expect(remaining).toEqual(limitAt(state, groupId, at).units);
              // Out of sight, or above (or at) the group, and what it names ends then.
              if (endsWith === null) continue;
              const by = 'groupId' in endsWith ? endsWith.groupId : 'p';
              expect(pathOf(groupId)).toContain(by);
              if (within) expect(pathOf(by).some((id) => within.includes(id))).toBe(true);
              expect(endsAt(state, endsWith, at)).toBe(true);
            }
          }
        },
      ),
      modelRuns(50),
    );
  });

  it('names the nearest of what leaves the least', () => {
    const s = new ProjectScenario(START).open().place('a', 'b under a', 'c under b');
    const until = START + DAY;
    s.plus(units(100), until);
    s.plus(units(20), null);
    s.restrict('a', units(50), until);
    s.restrict('c', units(30), null);
    const binding = (at: number) =>
      new EndsList(s.state, START)
        .at({ at, within: null, seen: null, from: '', atMost: 10 })
        .ends.map(({ id, endsWith }) => [id, endsWith]);
    const license = { licenseId: 'license-1', name: 'Hafenblick' };
    const a = { groupId: 'a', name: 'A' };
    // The license that stays is more than nothing, which is what the building leaves.
    expect(binding(until)).toEqual([['a-3-0', a], ['c', a], ['license-1', license]]); // prettier-ignore
  });
});

function endsAt(state: ProjectState, by: NonNullable<EndOfGroup['endsWith']>, at: number): boolean {
  if ('licenseId' in by)
    return licensesOf(state, START).some((l) => l.licenseId === by.licenseId && l.validUntil === at);
  return restrictionOf(state, by.groupId, START)!.allotments.some(({ validUntil }) => validUntil === at);
}
