import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  addDays,
  assignmentsOf,
  dateAt,
  endOfDay,
  EndsInEffect,
  licensesOf,
  projectAggregate,
  quotaOf,
  restrictionOf,
  type GroupQuota,
  type ProjectState,
} from '@allotree/domain';
import { modelRuns } from '@allotree/domain/model-runs';
import { DAY } from '@allotree/domain/project-steps';
import { Past } from '@allotree/reporting-service/past';
import fc from 'fast-check';
import type { EntityManager } from 'typeorm';
import { histories, type History } from './project-histories.fixture.js';

/** Histories that are stored together, and instants that are looked at in each. */
const TOGETHER = 500;
const INSTANTS = 3;
const { numRuns, seed = 20_260_301 } = modelRuns();
const HISTORIES = 5 * numRuns;

let past: Past;
beforeAll(async () => {
  past = await Past.open();
});
afterAll(() => past.close());

/** The full fold of everything up to an instant. */
function foldUntil({ events }: History, at: number): ProjectState {
  const state = projectAggregate.initial();
  for (const event of events) if (event.at <= at) projectAggregate.evolve(state, event);
  return state;
}

/** Limits alone: how much will be in use is unknown. */
const planned = (quota: GroupQuota | null) =>
  quota && {
    ...quota,
    resources: Object.values(quota.resources).map(({ limit, effectiveLimit, limitedBy, allotted }) => ({
      limit,
      effectiveLimit,
      limitedBy,
      allotted,
    })),
  };

/** Of the last decision that the license service published; others stay inside. */
const recordedUntil = ({ published }: History): number =>
  Math.max(...published.filter(({ source }) => source === '/license-service').map(({ time }) => Date.parse(time)));

/** Instants of a history: some of its events, some in between, and one after it. */
function instantsOf({ events }: History, number: number): readonly number[] {
  const [first, last] = [events[0]!.at, events.at(-1)!.at];
  const instant = fc.oneof(fc.constantFrom(...events.map(({ at }) => at)), fc.integer({ min: first, max: last }));
  const within = fc.sample(instant, { numRuns: INSTANTS - 1, seed: number });
  return [...within, last + 1 + (number % 30) * DAY];
}

/** The numbers of a quota, as `quota_at` has them. */
const numbersOf = ({ resources }: GroupQuota) =>
  Object.entries(resources).map(([resource, { limit, effectiveLimit, consumed, suspended, available }]) => ({
    resource,
    own_limit: limit,
    effective_limit: effectiveLimit,
    in_force: consumed,
    suspended,
    available,
  }));

/** The states of a group at an instant as the fold has them, and when the first of what it relies on ends. */
function statesOf(inEffect: EndsInEffect, groupId: string, at: number, soon: number) {
  const { state } = inEffect;
  const { enabled, allotments } = restrictionOf(state, groupId, at)!;
  const path = [...groupsAbove(state, groupId)].map((id) => restrictionOf(state, id, at)!);
  const hasLimit = enabled || state.groups.get(groupId)!.parentId === null;
  const ends = [...path.flatMap((each) => each.allotments), ...allotments, ...licensesOf(state, at)]
    .flatMap(({ validUntil }) => (validUntil !== null && validUntil > at && validUntil <= soon ? [validUntil] : []))
    .sort((a, b) => a - b);
  const endsAt = ends.find((end) => hasLimit && inEffect.at(groupId, end) !== null);
  const resources = Object.values(quotaOf(state, groupId, at)!.resources);
  const isFull = resources.some(
    ({ consumed, effectiveLimit }) => consumed > 0 && effectiveLimit !== null && consumed >= effectiveLimit,
  );
  const states = [
    ...(hasLimit && isFull ? ['at_limit'] : []),
    ...(endsAt === undefined ? [] : ['ending_soon']),
    ...(assignmentsOf(state, groupId, at).some(({ status }) => status === 'suspended') ? ['suspended'] : []),
  ];
  return { groupId, states, endsAt: endsAt === undefined ? null : new Date(endsAt).toISOString() };
}

function* groupsAbove(state: ProjectState, groupId: string): Generator<string> {
  for (let id = state.groups.get(groupId)!.parentId; id !== null; id = state.groups.get(id)!.parentId) yield id;
}

/** Compares which groups are in which state at a recorded instant. */
async function compareStates({ projectId }: History, state: ProjectState, at: number): Promise<void> {
  const endingWithinDays = 1 + (at % 60);
  // The histories are in UTC.
  const soon = endOfDay(addDays(dateAt(at, 'UTC'), endingWithinDays), 'UTC');
  const inEffect = new EndsInEffect(state, at);
  const expected = [...state.groups.entries()]
    .map(([groupId]) => statesOf(inEffect, groupId, at, soon))
    .filter(({ states }) => states.length > 0);
  const found = await past.groupsInStates({ projectId, at, endingWithinDays });
  const byId = (a: { groupId: string }, b: { groupId: string }): number => (a.groupId < b.groupId ? -1 : 1);
  const actual = found.map(({ groupId, found: why }) => ({ groupId, states: why!.states, endsAt: why!.endsAt }));
  const where = { projectId, at: new Date(at), endingWithinDays };
  expect({ ...where, groups: actual.sort(byId) }).toEqual({ ...where, groups: expected.sort(byId) });
}

interface Comparison {
  readonly isRecorded: boolean;
  readonly inSql: boolean;
  /** How many restricted groups the statement expects below. */
  readonly below: 'few' | 'many';
}

/** Compares a group at an instant. */
async function compareGroup(
  tx: EntityManager,
  state: ProjectState,
  moment: { readonly projectId: string; readonly groupId: string; readonly at: number },
  { isRecorded, inSql, below }: Comparison,
): Promise<void> {
  const { projectId, groupId, at } = moment;
  const { quota, basis } = await past.quotaAt(tx, moment, below);
  const folded = quotaOf(state, groupId, at);
  const [actual, expected] = isRecorded ? [quota, folded] : [planned(quota), planned(folded)];
  const where = { projectId, at: new Date(at), basis: isRecorded ? 'recorded' : 'planned' };
  expect({ ...where, basis, quota: actual }).toEqual({ ...where, quota: expected });
  if (inSql && isRecorded && folded)
    expect({ ...where, numbers: await past.numbersInSql(tx, moment) }).toEqual({
      ...where,
      numbers: numbersOf(folded),
    });
}

/** Compares every group at an instant. @returns how many */
async function compare(history: History, at: number, inSql: boolean): Promise<number> {
  const { projectId } = history;
  const state = foldUntil(history, at);
  const isRecorded = at <= recordedUntil(history);
  const groups = [...state.groups.entries()].map(([groupId]) => groupId);
  await past.read(async (tx) => {
    for (const [index, groupId] of groups.entries()) {
      const below = index % 2 === 0 ? 'few' : 'many';
      await compareGroup(tx, state, { projectId, groupId, at }, { isRecorded, inSql, below });
    }
  });
  if (isRecorded) await compareStates(history, state, at);
  return groups.length;
}

describe('random histories of projects', () => {
  it('have the same quotas and states of groups at every instant in the tables of the past, and in SQL, as in the full fold', async () => {
    let compared = 0;
    for (let first = 0; first < HISTORIES; first += TOGETHER) {
      const some = histories(Math.min(TOGETHER, HISTORIES - first), seed + first, first);
      await past.record(...some.map(({ published }) => published));
      for (const [index, history] of some.entries())
        for (const [order, at] of instantsOf(history, seed + first + index).entries())
          compared += await compare(history, at, order === 0);
    }
    expect(compared).toBeGreaterThan(HISTORIES * INSTANTS);
  }, 14_400_000);
});
