import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { exceeds, sipCoversMobile, sumUnits, NO_UNITS, basicUnitsOf, UNLIMITED } from '../limits.js';
import { RESOURCES, type Units } from '../words.js';
import { passes } from './limits/checks.js';
import type { ProjectCommand } from './model/commands.js';
import type { ProjectEvent } from './model/events.js';
import { asOf } from './time/catch-up.js';
import { LimitTimelines } from './limits/limit-timeline.js';
import { projectAggregate } from './project.aggregate.js';
import { DAY, fold, opened, PEOPLE, START, steps } from './project-steps.fixture.js';
import { memberQuotaOf } from './queries/member-quota.js';
import { assignmentsOf, licensesOf, quotaOf, restrictionOf } from './queries/quota.js';
import { decodeSnapshot, encodeSnapshot } from './model/snapshot.js';
import { usageOf } from './model/usage.js';
import type { ProjectState } from './model/state.js';
import { modelRuns } from '../model-runs.fixture.js';

/**
 * Random lists of commands while time passes. After each accepted one the project is checked independently of the code:
 * limits are summed from the allotments, and use is counted from the assignments.
 */

const groupsOf = (state: ProjectState): string[] => [...state.groups.entries()].map(([groupId]) => groupId);

/** The path of a group, by walking up. */
function path(state: ProjectState, groupId: string): string[] {
  const parentId = state.groups.get(groupId)!.parentId;
  return parentId === null ? [groupId] : [groupId, ...path(state, parentId)];
}

/** The sum of a group's allotments at an instant, including `graceDays` after their end. */
function worth(state: ProjectState, groupId: string, now: number, withGrace: boolean): Units | null {
  const restriction = restrictionOf(state, groupId, now)!;
  if (!restriction.enabled) return null;
  const days = withGrace ? restriction.gracePeriodDays : 0;
  return restriction.allotments
    .filter((a) => a.validFrom <= now && (a.validUntil === null || now < a.validUntil + days * DAY))
    .reduce((sum, a) => sumUnits(sum, a.units), NO_UNITS);
}

function capacity(state: ProjectState, now: number): Units {
  if (state.totals.project!.billingMode === 'postpaid') return UNLIMITED;
  const granted = licensesOf(state, now).filter(
    (l) => l.licenseId !== null && l.suspendedReason === null && l.revokedReason === null,
  );
  return granted
    .filter((l) => l.validFrom <= now && (l.validUntil === null || now < l.validUntil))
    .reduce((sum, l) => sumUnits(sum, l.units), basicUnitsOf(state.totals.devices));
}

/**
 * Each check yields what it finds wrong: there are thousands of values to a run, and an `expect` of its own for every one of
 * them costs more than the domain itself.
 */
type Faults = Iterable<object>;

function* limitFaults(state: ProjectState): Faults {
  const { now } = state.totals;
  const all = groupsOf(state).flatMap((groupId) => assignmentsOf(state, groupId, now));
  const used = (within: string, resource: string): number =>
    all.filter((a) => a.resource === resource && a.status === 'in_force' && path(state, a.groupId).includes(within))
      .length;
  const most = capacity(state, now);
  for (const resource of RESOURCES) {
    if (exceeds(used('p', resource), most[resource])) yield { resource, beyond: 'capacity' };
    for (const groupId of groupsOf(state)) {
      const inForce = used(groupId, resource);
      const keeps = worth(state, groupId, now, true);
      if (keeps && exceeds(inForce, keeps[resource])) yield { resource, groupId, inForce, beyond: keeps };
      const counted = usageOf(state, groupId).inForce[resource];
      if (counted !== inForce) yield { resource, groupId, inForce, counted };
    }
  }
}

function* pairFaults(state: ProjectState): Faults {
  const { now } = state.totals;
  const all = groupsOf(state).flatMap((groupId) => assignmentsOf(state, groupId, now));
  for (const app of all.filter((a) => a.resource === 'mobile_app')) {
    const number = all.find((a) => a.assignmentId === app.sipAssignmentId)!;
    if (number.resource !== 'sip_number' || number.groupId !== app.groupId) yield { app, number };
    if (app.status === 'in_force' && number.status !== 'in_force') yield { app, number };
  }
  for (const waiting of all.filter((a) => a.status === 'suspended')) {
    const number = all.find((a) => a.assignmentId === waiting.sipAssignmentId);
    if (number && number.status === 'suspended') continue;
    const { available } = quotaOf(state, waiting.groupId, now)!.resources[waiting.resource];
    if (available !== 0) yield { waiting, available };
  }
}

function* formFaults(state: ProjectState): Faults {
  for (const groupId of groupsOf(state)) {
    for (const allotment of restrictionOf(state, groupId, state.totals.now)!.allotments)
      if (!sipCoversMobile(allotment.units)) yield { groupId, allotment };
  }
  for (const license of licensesOf(state, state.totals.now)) if (!sipCoversMobile(license.units)) yield { license };
}

/** No two licenses and no two assignments have one external id, and the index of the state names exactly their holders. */
function* externalIdFaults(state: ProjectState): Faults {
  const { now } = state.totals;
  const shown = {
    license: licensesOf(state, now).map(({ licenseId, externalId: own }) => [own, licenseId] as const),
    assignment: groupsOf(state)
      .flatMap((groupId) => assignmentsOf(state, groupId, now))
      .map(({ assignmentId, externalId: own }) => [own, assignmentId] as const),
  };
  for (const kind of ['license', 'assignment'] as const) {
    const held = shown[kind].filter(([own]) => own !== null);
    const index = [...state.externalIds[kind].entries()];
    if (index.length !== held.length) yield { kind, index, held };
    for (const [own, holder] of held)
      if (own!.trim() !== own || state.externalIds[kind].get(own!) !== holder) yield { kind, own, holder };
  }
}

/** A person can use at most what the group can, and less by its own limits; narrowing never widens. */
function* peopleFaults(state: ProjectState): Faults {
  const { now } = state.totals;
  for (const groupId of groupsOf(state)) {
    const group = quotaOf(state, groupId, now)!;
    for (const userId of PEOPLE) {
      const own = memberQuotaOf(state, groupId, userId, now)!;
      if (!own.features.on.every((feature) => group.features.on.includes(feature)))
        yield { groupId, userId, features: own.features.on, ofGroup: group.features.on };
      for (const resource of RESOURCES) {
        const { effectiveLimit, available, consumed } = own.resources[resource];
        const narrows =
          !exceeds(effectiveLimit, group.resources[resource].effectiveLimit) &&
          !exceeds(effectiveLimit, own.limits[resource]) &&
          !exceeds(available, group.resources[resource].available) &&
          consumed <= group.resources[resource].consumed;
        if (!narrows)
          yield { groupId, userId, resource, own: own.resources[resource], group: group.resources[resource] };
      }
    }
  }
}

/** A new assignment fits in the limits of its holder at the group and at every group above it. */
function* ownLimitFaults(state: ProjectState, events: readonly ProjectEvent[]): Faults {
  for (const { data } of events.filter((event) => event.type === 'AssignmentMade')) {
    const { holder, resource, groupId } = data;
    if (holder === null) continue;
    for (const above of path(state, groupId)) {
      const held = groupsOf(state)
        .filter((id) => path(state, id).includes(above))
        .flatMap((id) => assignmentsOf(state, id, state.totals.now))
        .filter((assignment) => assignment.holder === holder && assignment.resource === resource);
      const limit = memberQuotaOf(state, above, holder, state.totals.now)!.limits[resource];
      if (exceeds(held.length, limit)) yield { holder, resource, above, held: held.length, limit };
    }
  }
}

/** All facts of a state, derived ones included. */
const summaryOf = (state: ProjectState): unknown => ({
  externalIds: Object.values(state.externalIds).map((ids) => [...ids.entries()].sort()),
  snapshot: encodeSnapshot(state),
  usage: Object.fromEntries(
    groupsOf(state)
      .sort()
      .map((groupId) => [groupId, usageOf(state, groupId)]),
  ),
  capacity: state.totals.capacity,
  features: state.totals.features,
  quotas: groupsOf(state)
    .sort()
    .map((groupId) => quotaOf(state, groupId, state.totals.now)),
});

/** Sequence numbers and stored phases say when a thing was recorded, not what holds. */
const quotas = (state: ProjectState, now: number): unknown =>
  groupsOf(state)
    .sort()
    .map((groupId) => [
      quotaOf(state, groupId, now),
      ...PEOPLE.map((user) => memberQuotaOf(state, groupId, user, now)),
    ]);

/** A run takes some 80 ms, so that the usual 100 of both properties would double the time of all unit specs. */
const runs = modelRuns(25);

describe('a project under random commands with time moving', () => {
  it('never exceeds a limit, suspends exactly the excess, keeps R1, decides every command once', () => {
    fc.assert(
      fc.property(steps, (walk) => {
        const state = opened();
        let now = START;
        let before = JSON.stringify(summaryOf(state));
        for (const { pass, commandAt } of walk) {
          now += pass * DAY;
          const command = commandAt(now);
          const decision = projectAggregate.decide(state, command);
          expect(JSON.stringify(summaryOf(state))).toBe(before);
          if (!decision.ok) continue;
          const available = quotaBefore(state, command);
          const stood = standing(state, command);
          for (const event of decision.events) projectAggregate.evolve(state, event);
          before = JSON.stringify(summaryOf(state));
          if (available !== undefined) expect(available === null || available > 0).toBe(true);
          const timelines = new LimitTimelines(asOf(state, state.totals.now));
          expect(stood.filter((groupId) => !passes(timelines, groupId, state.totals.now))).toEqual([]);
          expect([
            ...ownLimitFaults(state, decision.events),
            ...limitFaults(state),
            ...pairFaults(state),
            ...formFaults(state),
            ...externalIdFaults(state),
            ...peopleFaults(state),
          ]).toEqual([]);
          const again = projectAggregate.decide(state, command);
          if (command.type === 'ReleaseAssignment')
            expect(again).toMatchObject({ ok: false, refusal: { code: 'NOT_FOUND' } });
          else if (again.ok) expect(again.events).toEqual([]);
          else expect(REPEATABLE_REFUSALS).toContain(again.refusal.code);
        }
      }),
      runs,
    );
  });

  it('is the same from its events, from a snapshot, and asked ahead of its timers', () => {
    fc.assert(
      fc.property(steps, fc.integer({ min: 0, max: 30 }), (walk, ahead) => {
        const state = opened();
        let now = START;
        for (const { pass, commandAt } of walk) {
          now += pass * DAY;
          fold(state, commandAt(now));
        }
        const restored = decodeSnapshot(JSON.parse(JSON.stringify(encodeSnapshot(state))));
        expect(summaryOf(restored)).toEqual(summaryOf(state));
        const later = Math.max(now, state.totals.now) + ahead * DAY;
        const predicted = quotas(state, later);
        for (const one of [state, restored]) {
          fold(one, { type: 'TakeEffect', now: later });
          expect(quotas(one, later)).toEqual(predicted);
        }
        expect(summaryOf(restored)).toEqual(summaryOf(state));
      }),
      runs,
    );
  });
});

/** Refusals by facts that changed since: the group is gone, its trial is the used one, or its term is over. */
const REPEATABLE_REFUSALS: readonly string[] = [];

/** R6: the groups below a changed restriction that are in order before the change; all of them must be afterwards. */
function standing(recorded: ProjectState, command: ProjectCommand): string[] {
  if (command.type !== 'SetRestriction' && command.type !== 'TransferAllotments') return [];
  const changed = command.type === 'SetRestriction' ? command.groupId : command.fromGroupId;
  const state = decodeSnapshot(JSON.parse(JSON.stringify(encodeSnapshot(recorded))));
  fold(state, { type: 'TakeEffect', now: command.now });
  const timelines = new LimitTimelines(asOf(state, state.totals.now));
  return groupsOf(state).filter(
    (id) => id !== changed && path(state, id).includes(changed) && passes(timelines, id, state.totals.now),
  );
}

function quotaBefore(state: ProjectState, command: ProjectCommand): number | null | undefined {
  if (command.type !== 'AssignUnit' || state.assignments.has(command.assignmentId)) return undefined;
  const at = Math.max(command.now, state.totals.now);
  const quota =
    command.holder === null
      ? quotaOf(state, command.groupId, at)
      : memberQuotaOf(state, command.groupId, command.holder, at);
  return quota?.resources[command.resource].available;
}
