import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { exceeds, NO_UNITS, sipCoversMobile, sumUnits } from '../../limits.js';
import { RESOURCES, type Feature, type Units } from '../../words.js';
import type { ProjectCommand } from '../model/commands.js';
import type { Place } from '../model/events.js';
import { memberQuotaOf } from '../queries/member-quota.js';
import { projectAggregate } from '../project.aggregate.js';
import { licensesOf, restrictionOf } from '../queries/quota.js';
import type { ProjectState } from '../model/state.js';
import { ProjectScenario, day, units } from '../project-scenario.harness.js';
import { modelRuns } from '../../model-runs.fixture.js';

/**
 * Random commands from random places. The expected refusals are computed independently: places are numbered from top to
 * bottom, and limits are added up day by day.
 */

const DAY = 86_400_000;
const START = day('2026-06-01');
const DAYS = Array.from({ length: 45 }, (_, n) => n);
/** Everything that acts on a group of these is on it or above it: the vendor is the highest, the group a1 the lowest. */
const STAIR: readonly Place[] = [
  { kind: 'group', groupId: 'a1' },
  { kind: 'group', groupId: 'a' },
  { kind: 'group', groupId: 'p' },
  { kind: 'partner', partnerId: 'nordlicht' },
  { kind: 'partner', partnerId: 't' },
  { kind: 'vendor' },
];
const GROUPS = ['a1', 'a', 'p'] as const;
type Acted = (typeof GROUPS)[number];
const stepOf = (groupId: Acted): number => GROUPS.indexOf(groupId);
const ISSUED_FROM: Readonly<Record<string, number>> = { ofDealer: 3, ofTenant: 4, trial: 5 };

const fewUnits: fc.Arbitrary<Units> = fc
  .record({
    sip_number: fc.option(fc.integer({ min: 0, max: 6 }), { freq: 6 }),
    mobile_app: fc.integer({ min: 0, max: 4 }),
    ukey2: fc.integer({ min: 0, max: 2 }),
  })
  .map((some) => (sipCoversMobile(some) ? some : { ...some, mobile_app: some.sip_number }));
const features = fc.subarray(['siri', 'elevators'] satisfies Feature[]);

/** A command, and the step it is given from: at or above the group it acts on. */
interface Act {
  readonly step: number;
  readonly command: (now: number, state: ProjectState) => ProjectCommand;
  readonly groupId?: Acted;
  readonly says: string;
}

const fromAbove = (groupId: Acted): fc.Arbitrary<number> => fc.integer({ min: stepOf(groupId), max: STAIR.length - 1 });
const term = fc.option(fc.integer({ min: 1, max: 30 }), { nil: null, freq: 3 });

const restrict: fc.Arbitrary<Act> = fc.constantFrom(...GROUPS).chain((groupId) =>
  fc
    .record({
      step: fromAbove(groupId),
      enabled: fc.integer({ min: 0, max: 5 }).map((n) => n > 0),
      reserved: fc.boolean(),
      grace: fc.constantFrom(0, 0, 2, 5),
      parts: fc.array(fc.record({ units: fewUnits, features, until: term, keep: fc.boolean() }), { maxLength: 2 }),
      key: fc.integer({ min: 0, max: 99 }),
    })
    .map((w) => ({
      step: w.step,
      groupId,
      says: JSON.stringify({ groupId, ...w }),
      command: (now, state) => ({
        type: 'SetRestriction',
        now,
        groupId,
        enabled: w.enabled,
        poolMode: w.reserved ? 'reserved' : 'shared',
        gracePeriodDays: w.grace,
        reminder: null,
        cascade: true,
        authority: STAIR[w.step]!,
        newIds: w.parts.map((_, index) => `${groupId}-${w.key}-${index}`),
        allotments: w.parts.map((part, index) => {
          // Some parts change an allotment that is there: without its id every change would be a new one.
          const known = part.keep ? state.restrictions.get(groupId)?.allotments[index] : undefined;
          return {
            allotmentId: known?.allotmentId ?? null,
            type: 'plus' as const,
            units: part.units,
            features: part.features,
            validFrom: null,
            validUntil: part.until === null ? null : now + part.until * DAY,
          };
        }),
      }),
    })),
);

const transfer: fc.Arbitrary<Act> = fc
  .record({
    up: fc.boolean(),
    step: fc.integer({ min: 1, max: 5 }),
    count: fc.integer({ min: 1, max: 2 }),
    key: fc.nat(99),
  })
  .map((w) => {
    const [fromGroupId, toGroupId] = w.up ? (['a1', 'a'] as const) : (['a', 'a1'] as const);
    return {
      step: w.step,
      groupId: toGroupId,
      says: JSON.stringify({ fromGroupId, toGroupId, ...w }),
      command: (now) => ({
        type: 'TransferAllotments',
        now,
        fromGroupId,
        toGroupId,
        units: { sip_number: w.count, mobile_app: 0, ukey2: 0 },
        reason: 'moved',
        newId: `t${w.key}`,
        cascade: true,
        authority: STAIR[w.step]!,
        toAuthority: STAIR[w.step]!,
      }),
    };
  });

const limitMember: fc.Arbitrary<Act> = fc.constantFrom(...GROUPS).chain((groupId) =>
  fc
    .record({ step: fromAbove(groupId), limits: fewUnits, featuresOff: features })
    .map(({ step, limits, featuresOff }) => ({
      step,
      groupId,
      says: JSON.stringify({ groupId, step, limits, featuresOff }),
      command: (now) => ({
        type: 'SetMemberLimits',
        now,
        groupId,
        userId: 'eva',
        limits,
        featuresOff,
        authority: STAIR[step]!,
      }),
    })),
);

const changeLicense: fc.Arbitrary<Act> = fc
  .record({
    step: fromAbove('p'),
    licenseId: fc.constantFrom(...Object.keys(ISSUED_FROM)),
    kind: fc.constantFrom('ExtendLicense', 'SuspendLicense', 'ReinstateLicense', 'RevokeLicense', 'GrantLicense'),
    days: fc.integer({ min: 1, max: 90 }),
  })
  .map(({ step, licenseId, kind, days }) => ({
    step,
    says: JSON.stringify({ step, licenseId, kind, days }),
    command: (now) => {
      const authority = STAIR[step]!;
      if (kind === 'ExtendLicense') return { type: kind, now, licenseId, authority, validUntil: now + days * DAY };
      if (kind === 'ReinstateLicense') return { type: kind, now, licenseId, authority };
      if (kind !== 'GrantLicense') return { type: kind, now, licenseId, authority, reason: 'unpaid' };
      const unlimited = units(null, null, null);
      const grant = { licenseType: 'trial', units: unlimited, features: [], source: { kind: 'manual' } } as const;
      const usualUntil = now + 30 * DAY;
      return {
        type: kind,
        now,
        licenseId: `by-${step}-${days}`,
        ...grant,
        validFrom: null,
        validUntil: now + days * DAY,
        authority,
        usualUntil,
      };
    },
  }));

const act = fc.record({
  pass: fc.constantFrom(0, 0, 0, 1, 3),
  act: fc
    .oneof(
      { weight: 6, arbitrary: restrict },
      { weight: 1, arbitrary: transfer },
      { weight: 2, arbitrary: limitMember },
      { weight: 2, arbitrary: changeLicense },
    )
    .map((one) => Object.assign(one, { [fc.toStringMethod]: () => one.says })),
});

function opened(): ProjectScenario {
  const s = new ProjectScenario(START).open().place('a', 'a1 under a');
  const package_ = (partnerId: string) =>
    ({ kind: 'package', partnerId, packageId: 'k', packageValidUntil: null }) as const;
  s.plus(units(20, 20, 10), null, { licenseId: 'ofTenant', source: package_('t') });
  s.plus(units(5, 5, 0), START + 20 * DAY, { licenseId: 'ofDealer', source: package_('nordlicht') });
  const trial = { licenseType: 'trial', source: { kind: 'registration' } } as const;
  s.plus(units(null, null, null), START + 30 * DAY, { licenseId: 'trial', ...trial });
  return s;
}

/** The sum of a group's allotments on each day from `now` on, with and without grace; `null`: it has no limit. */
function worth(state: ProjectState, groupId: string, now: number) {
  const { enabled, allotments, gracePeriodDays, poolMode } = restrictionOf(state, groupId, now)!;
  if (!enabled) return null;
  const on = (at: number, grace: number) =>
    allotments.filter((a) => a.validFrom <= at && (a.validUntil === null || at < a.validUntil + grace * DAY));
  return DAYS.map((n) => now + n * DAY).map((at) => ({
    own: on(at, 0).reduce((sum, a) => sumUnits(sum, a.units), NO_UNITS),
    keeping: on(at, gracePeriodDays).reduce((sum, a) => sumUnits(sum, a.units), NO_UNITS),
    features: new Set(on(at, 0).flatMap((a) => a.features)),
    isReserved: poolMode === 'reserved',
  }));
}

const isMore = (a: Units, b: Units): boolean => RESOURCES.some((resource) => exceeds(a[resource], b[resource]));

function isLooser(after: ReturnType<typeof worth>, before: ReturnType<typeof worth>): boolean {
  if (before === null) return false;
  if (after === null) return true;
  return after.some((is, n) => {
    const was = before[n]!;
    const hasNew = [...is.features].some((feature) => !was.features.has(feature));
    return hasNew || isMore(is.own, was.own) || isMore(is.keeping, was.keeping) || (was.isReserved && !is.isReserved);
  });
}

/** The values that no command from below may loosen, at an instant. */
const look = (state: ProjectState, now: number) => ({
  now,
  worth: new Map(GROUPS.map((groupId) => [groupId, worth(state, groupId, now)])),
  eva: new Map(GROUPS.map((groupId) => [groupId, memberQuotaOf(state, groupId, 'eva', now)!])),
  licenses: new Map(licensesOf(state, now).map((license) => [license.licenseId, license])),
});

describe('nobody below a place loosens what was set or issued from it, by whatever sequence of commands (L1, L4, R9)', () => {
  it('restrictions, limits of members, licenses', () => {
    fc.assert(
      fc.property(fc.array(act, { minLength: 5, maxLength: 40, size: 'max' }), (acts) => {
        const scenario = opened();
        /** The place each was set from, derived from the accepted commands. */
        const setFrom = new Map<string, number>();
        const suspendedFrom = new Map<string, number>();
        let now = START;
        let last: ReturnType<typeof look> | null = null;
        for (const { pass, act } of acts) {
          now += pass * DAY;
          scenario.on(now);
          const { state } = scenario;
          const command = act.command(now, state);
          const decision = projectAggregate.decide(state, command);
          if (!decision.ok) continue;
          // Nothing has happened since the last look, unless time has passed.
          const before: ReturnType<typeof look> = last?.now === now ? last : look(state, now);
          scenario.do(command);
          const after = look(state, now);
          last = after;
          // One list instead of an `expect` for every value, which would cost more than the domain.
          const loosened: object[] = [];
          for (const groupId of GROUPS) {
            const isBelow = act.step < (setFrom.get(groupId) ?? -1);
            if (isBelow && isLooser(after.worth.get(groupId)!, before.worth.get(groupId)!)) loosened.push({ groupId });
            const [was, is] = [before.eva.get(groupId)!, after.eva.get(groupId)!];
            const isBelowEva = act.step < (setFrom.get(`eva ${groupId}`) ?? -1);
            const areStillOff = was.featuresOff.every((feature) => is.featuresOff.includes(feature));
            if (isBelowEva && (isMore(is.limits, was.limits) || !areStillOff)) loosened.push({ groupId, was, is });
          }
          const issuedAbove: string[] = [];
          for (const [id, issuedFrom] of Object.entries(ISSUED_FROM)) {
            if (act.step < issuedFrom) issuedAbove.push(id);
            const isBack =
              before.licenses.get(id)!.suspendedReason !== null && after.licenses.get(id)!.suspendedReason === null;
            if (isBack && !(act.step >= suspendedFrom.get(id)!)) loosened.push({ reinstated: id });
          }
          expect(loosened).toEqual([]);
          expect(issuedAbove.map((id) => after.licenses.get(id))).toEqual(
            issuedAbove.map((id) => before.licenses.get(id)),
          );
          const trials = [...after.licenses.values()].filter(({ type }) => type === 'trial').length;
          if (act.step < 5)
            expect(trials).toBe([...before.licenses.values()].filter(({ type }) => type === 'trial').length);

          for (const { type, data } of decision.events) {
            if (type === 'LicenseSuspended') suspendedFrom.set(data.licenseId, act.step);
            const raise = (key: string): void => void setFrom.set(key, Math.max(setFrom.get(key) ?? -1, act.step));
            if (type === 'RestrictionChanged') {
              if (before.worth.get(data.groupId as Acted) === null) setFrom.delete(data.groupId);
              raise(data.groupId);
            }
            if (type === 'AllotmentsTransferred') [data.fromGroupId, data.toGroupId].forEach(raise);
            if (type === 'MemberLimitsSet') {
              const { limits, featuresOff } = before.eva.get(data.groupId as Acted)!;
              const isNew = featuresOff.length === 0 && RESOURCES.every((resource) => limits[resource] === null);
              if (isNew) setFrom.delete(`eva ${data.groupId}`);
              raise(`eva ${data.groupId}`);
            }
          }
        }
      }),
      modelRuns(),
    );
  });
});
