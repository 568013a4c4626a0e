import { describe, expect, it } from '@jest/globals';
import { VENDOR } from '../limits/authority.js';
import { projectAggregate } from '../project.aggregate.js';
import { ProjectScenario, day, units } from '../project-scenario.harness.js';
import { nextDueAt, restrictionOf } from '../queries/quota.js';
import type { Meter, ProjectEvent } from './events.js';
import { newMeter } from './meter.js';

const START = day('2026-06-01');
const JULY = day('2026-07-01');
const AUGUST = day('2026-08-01');
const GRACE_END = day('2026-08-04');
const NEW_YEAR = day('2027-01-01');

/** 20 of everything until the end of the year; buildings a and b. */
function scenario(): ProjectScenario {
  const s = new ProjectScenario(START).open().place('a', 'b');
  s.plus(units(20, 20, 20), NEW_YEAR);
  return s;
}

const fold = (s: ProjectScenario, event: ProjectEvent): void => void projectAggregate.evolve(s.state, event);
const ownLimit = (s: ProjectScenario) => s.quota('a').resources.sip_number.limit;
const statuses = (s: ProjectScenario) => restrictionOf(s.state, 'a', s.now)?.allotments.map(({ status }) => status);

describe('what is due next', () => {
  it('is what lies ahead of licenses and allotments, not what is over or begins now', () => {
    const s = scenario();
    expect(nextDueAt(s.state)).toBe(NEW_YEAR);
    s.restrict('a', units(5), AUGUST);
    expect(nextDueAt(s.state)).toBe(AUGUST);
    s.do(s.restriction('b', [{ units: units(5), validFrom: day('2026-05-01'), validUntil: JULY }]));
    expect(nextDueAt(s.state)).toBe(JULY);
    s.plus(units(5), day('2026-06-15'), { validFrom: day('2026-05-01') });
    expect(nextDueAt(s.state)).toBe(day('2026-06-15'));
  });

  it('is nothing of a disabled restriction', () => {
    const s = scenario();
    s.restrict('a', units(5), AUGUST, { enabled: false });
    expect(nextDueAt(s.state)).toBe(NEW_YEAR);
  });
});

describe('the allotments of a group', () => {
  it('end together when they end at one instant', () => {
    const s = scenario();
    s.do(
      s.restriction(
        'a',
        [
          { units: units(5), validUntil: AUGUST },
          { units: units(3), validUntil: AUGUST },
        ],
        { newIds: ['x', 'y'], gracePeriodDays: 3 },
      ),
    );
    expect(ownLimit(s)).toBe(8);
    const allotments = ['x', 'y'].map((allotmentId) => ({ groupId: 'a', allotmentId }));
    expect(s.on(AUGUST)).toStrictEqual([{ type: 'AllotmentsEnded', at: AUGUST, data: { allotments } }]);
    expect(ownLimit(s)).toBe(0);
    expect(statuses(s)).toStrictEqual(['grace', 'grace']);
    expect(s.on(GRACE_END)).toStrictEqual([{ type: 'GracePeriodsEnded', at: GRACE_END, data: { allotments } }]);
    expect(statuses(s)).toStrictEqual(['expired', 'expired']);
  });

  it('end once, also when one of the same group ends later', () => {
    const s = scenario();
    s.do(
      s.restriction(
        'a',
        [
          { units: units(5), validUntil: day('2026-07-28') },
          { units: units(3), validUntil: AUGUST },
        ],
        { newIds: ['x', 'y'], gracePeriodDays: 3 },
      ),
    );
    s.on(day('2026-07-31'));
    expect(statuses(s)).toStrictEqual(['expired', 'active']);
    expect(s.on(AUGUST)).toStrictEqual([
      { type: 'AllotmentsEnded', at: AUGUST, data: { allotments: [{ groupId: 'a', allotmentId: 'y' }] } },
    ]);
  });

  it('keep their places in the order of creation, and a new one comes last', () => {
    const s = scenario();
    s.do(s.restriction('a', [{ units: units(5) }, { units: units(3) }], { newIds: ['x', 'y'] }));
    const made = s.state.totals.sequence;
    s.do(
      s.restriction(
        'a',
        [{ units: units(1) }, { allotmentId: 'y', units: units(3) }, { allotmentId: 'x', units: units(5) }],
        { newIds: ['z', '', ''] },
      ),
    );
    const order = s.state.restrictions.get('a')?.allotments.map(({ allotmentId, sequence }) => [allotmentId, sequence]);
    expect(order).toStrictEqual([
      ['z', made + 1],
      ['y', made],
      ['x', made - 1],
    ]);
  });

  it('keep the place that they were set from in a transfer that was recorded without one', () => {
    const s = scenario();
    s.restrict('a', units(5)).restrict('b', units(5), null, { authority: { kind: 'group', groupId: 'p' } });
    const { type, data } = projectAggregate.encode({
      type: 'AllotmentsTransferred',
      at: START,
      data: {
        fromGroupId: 'a',
        toGroupId: 'b',
        units: { sip_number: 1, mobile_app: 0, ukey2: 0 },
        reason: 'moved',
        fromAllotments: s.state.restrictions.get('a')!.allotments,
        toAllotments: s.state.restrictions.get('b')!.allotments,
        fromPlace: null,
        toPlace: null,
      },
    });
    fold(s, projectAggregate.decode(type, data));
    expect(s.state.restrictions.get('a')?.place).toStrictEqual(VENDOR);
    expect(s.state.restrictions.get('b')?.place).toStrictEqual({ kind: 'group', groupId: 'p' });
  });
});

describe('assignments', () => {
  it('without a holder, a number and an external id have none', () => {
    const s = scenario();
    s.assign('a', 'sip_number', 2);
    expect([...s.state.heldBy.entries()]).toStrictEqual([]);
    expect([...s.state.externalIds.assignment.entries()]).toStrictEqual([]);
  });

  it('that are suspended no longer count once they are released', () => {
    const s = scenario();
    s.restrict('a', units(2));
    const [kept = '', waiting = ''] = s.assign('a', 'sip_number', 2);
    s.restrict('a', units(1), null, { cascade: true });
    const counts = () =>
      ['a', 'p'].map((id) => {
        const { consumed, suspended } = s.quota(id).resources.sip_number;
        return { consumed, suspended };
      });
    expect(counts()).toStrictEqual([
      { consumed: 1, suspended: 1 },
      { consumed: 1, suspended: 1 },
    ]);
    s.release('a', waiting);
    expect(counts()).toStrictEqual([
      { consumed: 1, suspended: 0 },
      { consumed: 1, suspended: 0 },
    ]);
    s.release('a', kept);
    expect(counts()).toStrictEqual([
      { consumed: 0, suspended: 0 },
      { consumed: 0, suspended: 0 },
    ]);
  });
});

describe('the limits of a person', () => {
  it('that narrow nothing any more are removed, and those of another person stay', () => {
    const s = scenario();
    const set = (userId: string, limit: number | null): void =>
      void s.do({
        type: 'SetMemberLimits',
        now: START,
        groupId: 'a',
        userId,
        limits: units(limit, limit, limit),
        featuresOff: [],
        authority: VENDOR,
      });
    const people = () => [...s.state.memberLimits.entries()].map(([groupId, own]) => [groupId, [...own.keys()]]);
    set('kim', 1);
    set('lee', 2);
    set('kim', null);
    expect(people()).toStrictEqual([['a', ['lee']]]);
    set('lee', null);
    expect(people()).toStrictEqual([]);
  });
});

describe('the meter of a project after the correction of a clock', () => {
  const now = day('2026-06-02');
  const corrected = (meter?: Meter): ProjectEvent => ({
    type: 'ClockCorrected',
    at: now,
    data: { lastRecorded: JULY - 1, ...(meter && { meter }) },
  });
  const metered = (): ProjectScenario => {
    const s = new ProjectScenario(START).open({ billingMode: 'postpaid' });
    s.now = JULY - 1;
    return s.place('a');
  };

  it('has the measures that were recorded with the correction', () => {
    const s = metered();
    fold(s, corrected({ ...newMeter(START), at: now }));
    expect(s.state.totals.meter).toStrictEqual({ ...newMeter(START), at: now });
    expect(s.state.totals.now).toBe(now);
  });

  it('stays as it is after one that an earlier version recorded, without measures', () => {
    const s = metered();
    const { meter } = s.state.totals;
    fold(s, corrected());
    expect(s.state.totals.meter).toStrictEqual(meter);
  });
});

describe('an event that is recorded of a project', () => {
  const unknown = {
    license: { licenseId: 'unknown' },
    allotments: { allotments: [{ groupId: 'unknown', allotmentId: 'unknown' }] },
    assignments: { assignments: [{ assignmentId: 'unknown', groupId: 'a', resource: 'sip_number' }] },
  } as const;
  const events: readonly ProjectEvent[] = [
    { type: 'GroupChanged', at: START, data: { groupId: 'unknown', type: 'floor', name: 'First floor' } },
    { type: 'GroupRelocated', at: START, data: { groupId: 'unknown', parentId: 'a' } },
    { type: 'GroupRemoved', at: START, data: { groupId: 'unknown' } },
    { type: 'BasicLicenseEnded', at: START, data: { serialNumber: 'unknown' } },
    { type: 'LicenseExtended', at: START, data: { ...unknown.license, validUntil: null } },
    { type: 'LicenseStarted', at: START, data: unknown.license },
    { type: 'LicenseRevoked', at: START, data: { ...unknown.license, reason: 'fraud' } },
    { type: 'LicenseExternalIdChanged', at: START, data: { ...unknown.license, externalId: 'ERP 1' } },
    { type: 'AllotmentsClamped', at: START, data: { groupId: 'unknown', allotments: [], causedByGroupId: 'a' } },
    { type: 'AllotmentsStarted', at: START, data: unknown.allotments },
    { type: 'AllotmentsEnded', at: START, data: unknown.allotments },
    { type: 'AssignmentsSuspended', at: START, data: unknown.assignments },
    { type: 'AssignmentsReleased', at: START, data: { ...unknown.assignments, reason: 'released' } },
  ];

  it.each(events)('changes nothing where it names what is not there: $type', (event) => {
    const s = scenario();
    const before = structuredClone(s.state);
    fold(s, event);
    expect(structuredClone(s.state)).toStrictEqual(before);
  });

  it('counts a device, and the suspension and the return of a unit, once', () => {
    const s = scenario();
    const [assignmentId = ''] = s.assign('a');
    const twice = (event: ProjectEvent): void => {
      fold(s, event);
      const once = structuredClone(s.state);
      fold(s, event);
      expect(structuredClone(s.state)).toStrictEqual(once);
    };
    const assignments = [{ assignmentId, groupId: 'a', resource: 'sip_number' }] as const;
    twice({ type: 'BasicLicenseStarted', at: START, data: { serialNumber: 'SN-1', groupId: 'a' } });
    twice({ type: 'AssignmentsSuspended', at: START, data: { assignments } });
    twice({ type: 'AssignmentsReinstated', at: START, data: { assignments } });
    expect(s.quota('a').resources.sip_number).toMatchObject({ consumed: 1, suspended: 0 });
  });
});
