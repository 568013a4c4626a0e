import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { modelRuns } from '../model-runs.fixture.js';
import { FEATURES, RESOURCES, type Resource, type Units } from '../words.js';
import { VENDOR } from './limits/authority.js';
import type { AssignmentInput, ProjectCommand, ProjectCommandOf, RestrictionInput } from './model/commands.js';
import { encodeSnapshot, decodeSnapshot } from './model/snapshot.js';
import type { ProjectState } from './model/state.js';
import { projectAggregate } from './project.aggregate.js';
import { ProjectScenario, day, units } from './project-scenario.harness.js';
import { quotaOf } from './queries/quota.js';

/** Random batches on random projects, compared with their permutations and with single commands. */

const START = day('2026-06-01');
const END = day('2027-01-01');
const GROUPS = ['p', 'a', 'a1', 'a2', 'a11', 'b', 'b1', 'c'];

const count = (max: number): fc.Arbitrary<number> => fc.integer({ min: 0, max });
const unitsArb: fc.Arbitrary<Units> = fc
  .tuple(count(8), count(8), count(3))
  .map(([numbers, apps, keys]) => units(numbers, Math.min(numbers, apps), keys));

/** One allotment at most: what an allotment without an end is worth later is not checked again (R2). */
const section = (groupId: string): fc.Arbitrary<RestrictionInput> =>
  fc
    .record({
      enabled: fc.integer({ min: 0, max: 7 }).map((n) => n > 0),
      reserved: fc.integer({ min: 0, max: 3 }).map((n) => n === 0),
      allotted: fc.option(unitsArb, { nil: null, freq: 7 }),
      features: fc.subarray(['siri', 'elevators'] as const),
      until: fc.constantFrom(null, null, END, day('2026-12-01'), day('2027-03-01')),
    })
    .map(({ enabled, reserved, allotted, features, until }) => ({
      groupId,
      enabled,
      poolMode: reserved ? 'reserved' : 'shared',
      gracePeriodDays: 0,
      reminder: null,
      newIds: [`${groupId}-allotment`],
      allotments: allotted
        ? [{ allotmentId: null, type: 'plus', units: allotted, features, validFrom: null, validUntil: until }]
        : [],
    }));
const anySection = fc.constantFrom(...GROUPS).chain(section);
const sections = (maxLength: number): fc.Arbitrary<RestrictionInput[]> =>
  fc.uniqueArray(anySection, { minLength: 1, maxLength, selector: ({ groupId }) => groupId });

const itemArb = fc.record({
  groupId: fc.constantFrom(...GROUPS, 'nowhere'),
  resource: fc.constantFrom<Resource>('sip_number', 'sip_number', 'mobile_app', 'ukey2'),
  count: fc.integer({ min: 1, max: 3 }),
  label: fc.constantFrom(null, null, '1', '2'),
  holder: fc.constantFrom(null, 'kim', 'eva'),
  externalId: fc.constantFrom(null, null, null, 'E1', 'E2', ' E2'),
});
const items = fc.array(itemArb, { minLength: 1, maxLength: 6 }).map((list): AssignmentInput[] =>
  list.map(({ count: n, ...item }, index): AssignmentInput => ({
    ...item,
    assignmentIds: Array.from({ length: n }, (_, unit) => `new-${index}-${unit}`),
  })),
);

const history = fc.array(
  fc.oneof(
    anySection.map((input) => ({ ...input, type: 'SetRestriction', authority: VENDOR, cascade: false }) as const),
    itemArb.map(({ count: _, label: __, ...unit }) => ({ type: 'AssignUnit', ...unit }) as const),
  ),
  { maxLength: 14 },
);
type History = typeof history extends fc.Arbitrary<infer Steps> ? Steps : never;

function projectAfter(steps: History): ProjectState {
  const s = new ProjectScenario(START).open();
  s.place('a', 'b', 'c', 'a1 under a', 'a2 under a', 'a11 under a1', 'b1 under b');
  s.plus(units(12, 9, 4), END, { features: FEATURES });
  const limits = { limits: units(2, null, null), featuresOff: [], authority: VENDOR };
  s.do({ type: 'SetMemberLimits', now: START, groupId: 'a', userId: 'kim', ...limits });
  steps.forEach((step, index) => {
    const own = step.type === 'AssignUnit' ? { assignmentId: `old-${index}`, label: null, sipAssignmentId: null } : {};
    fold(s.state, { now: START, ...step, ...own } as ProjectCommand);
  });
  return s.state;
}

function fold(state: ProjectState, command: ProjectCommand): boolean {
  const decision = projectAggregate.decide(state, command);
  if (decision.ok) for (const event of decision.events) projectAggregate.evolve(state, event);
  return decision.ok;
}

const copyOf = (state: ProjectState): ProjectState => decodeSnapshot(JSON.parse(JSON.stringify(encodeSnapshot(state))));
const quotasOf = (state: ProjectState): unknown => GROUPS.map((groupId) => quotaOf(state, groupId, START));
const hasSuspended = (state: ProjectState): boolean =>
  [...state.assignments.entries()].some(([, { inForce }]) => !inForce);

const restricting = (
  restrictions: readonly RestrictionInput[],
  cascade = false,
): ProjectCommandOf<'SetRestrictions'> => ({
  type: 'SetRestrictions',
  now: START,
  restrictions,
  cascade,
  authorities: [VENDOR],
});
const assigning = (list: readonly AssignmentInput[]): ProjectCommandOf<'AssignUnits'> => ({
  type: 'AssignUnits',
  now: START,
  items: list,
  mode: 'all',
  authorities: [VENDOR],
});

/** A decision in which items are named by themselves, not by their place in the list. */
function decided(state: ProjectState, command: ProjectCommand, list: readonly object[]): unknown {
  const decision = projectAggregate.decide(state, command);
  if (decision.ok || decision.refusal.code !== 'BATCH_REFUSED') return decision;
  const named = decision.refusal.items.map(({ index, refusal }) => JSON.stringify([list[index], refusal]));
  return named.sort();
}

function* permutationsOf<Item>(list: readonly Item[]): Generator<Item[]> {
  if (list.length === 0) yield [];
  for (const [index, item] of list.entries())
    for (const rest of permutationsOf(list.toSpliced(index, 1))) yield [item, ...rest];
}

const permuted = <Item>(list: fc.Arbitrary<Item[]>): fc.Arbitrary<[Item[], Item[]]> =>
  list.chain((one) => fc.tuple(fc.constant(one), fc.shuffledSubarray(one, { minLength: one.length })));

describe('a batch on a random project', () => {
  it('of restrictions is decided alike in every order of its list', () => {
    fc.assert(
      fc.property(history, permuted(sections(8)), fc.boolean(), (steps, [list, other], cascade) => {
        const state = projectAfter(steps);
        const one = decided(state, restricting(list, cascade), list);
        expect(decided(state, restricting(other, cascade), other)).toEqual(one);
      }),
      modelRuns(),
    );
  });

  it('of restrictions equals single commands wherever an order of them exists', () => {
    let compared = 0;
    fc.assert(
      fc.property(history, sections(3), (steps, list) => {
        const state = projectAfter(steps);
        for (const order of permutationsOf(list)) {
          const single = copyOf(state);
          const isAccepted = order.every((input) =>
            fold(single, { ...input, type: 'SetRestriction', now: START, cascade: false, authority: VENDOR }),
          );
          if (!isAccepted) continue;
          compared++;
          const batch = copyOf(state);
          expect(fold(batch, restricting(list))).toBe(true);
          if (!hasSuspended(state)) expect(quotasOf(batch)).toEqual(quotasOf(single));
        }
      }),
      modelRuns(),
    );
    expect(compared).toBeGreaterThan(0);
  });

  it('of one restriction is the single command', () => {
    fc.assert(
      fc.property(history, anySection, fc.boolean(), (steps, input, cascade) => {
        const state = projectAfter(steps);
        const single = { ...input, type: 'SetRestriction', now: START, cascade, authority: VENDOR } as const;
        const alone = projectAggregate.decide(state, single);
        const batch = projectAggregate.decide(state, restricting([input], cascade));
        if (alone.ok) expect(batch).toEqual(alone);
        else expect(batch).toMatchObject({ refusal: { items: [{ index: 0, refusal: alone.refusal }] } });
      }),
      modelRuns(),
    );
  });

  it('raises or lowers a parent and its child together, whatever their numbers', () => {
    const limits = fc.tuple(count(12), count(12)).map(([x, y]) => [Math.max(x, y), Math.min(x, y)] as const);
    fc.assert(
      fc.property(limits, limits, fc.boolean(), (before, after, isParentFirst) => {
        const s = new ProjectScenario(START).open().place('a', 'a1 under a');
        s.plus(units(12), END);
        s.restrict('a', units(before[0])).restrict('a1', units(before[1]));
        const list = [
          s.restriction('a', [{ units: units(after[0]) }]),
          s.restriction('a1', [{ units: units(after[1]) }]),
        ];
        s.do(restricting(isParentFirst ? list : list.reverse()));
        expect(['a', 'a1'].map((id) => s.quota(id).resources.sip_number.limit)).toEqual(after);
      }),
      modelRuns(),
    );
  });

  it('of units is decided alike in every order of its list', () => {
    fc.assert(
      fc.property(history, permuted(items), (steps, [list, other]) => {
        const state = projectAfter(steps);
        expect(decided(state, assigning(other), other)).toEqual(decided(state, assigning(list), list));
      }),
      modelRuns(),
    );
  });

  it('of units is accepted where the single units are, numbers before apps, and equals them', () => {
    fc.assert(
      fc.property(history, items, (steps, list) => {
        const state = projectAfter(steps);
        const single = copyOf(state);
        const batch = copyOf(state);
        const inOrder = RESOURCES.toSorted((a, b) => Number(a === 'mobile_app') - Number(b === 'mobile_app'));
        const isAccepted = inOrder
          .flatMap((resource) => list.filter((item) => item.resource === resource))
          .flatMap(({ assignmentIds, ...item }) => assignmentIds.map((assignmentId) => ({ ...item, assignmentId })))
          .every((one) => fold(single, { type: 'AssignUnit', now: START, sipAssignmentId: null, ...one }));
        expect(fold(batch, assigning(list))).toBe(isAccepted);
        if (isAccepted) expect(quotasOf(batch)).toEqual(quotasOf(single));
      }),
      modelRuns(),
    );
  });
});
