import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { VENDOR } from '../limits/authority.js';
import type { ProjectCommand } from '../model/commands.js';
import { projectAggregate } from '../project.aggregate.js';
import { lastRecordedOf, nextDueAt, quotaOf } from '../queries/quota.js';
import { decodeSnapshot, encodeSnapshot } from '../model/snapshot.js';
import { ProjectScenario, day, units } from '../project-scenario.harness.js';

const START = day('2026-06-01');
const MINUTE = 60_000;
const DAY = 86_400_000;
const LAG = 5 * MINUTE;

/** 20 numbers until October; building a has 5 until September, three of them in use. */
function scenario(): {
  s: ProjectScenario;
  assignments: { assignmentId: string; groupId: string; resource: 'sip_number' }[];
} {
  const s = new ProjectScenario(START).open().place('a', 'b');
  s.plus(units(20, 20, 0), day('2026-10-01'), { licenseId: 'l' });
  s.do(s.restriction('a', [{ units: units(5, 0, 0), validUntil: day('2026-09-01') }], { newIds: ['x'] }));
  const assignments = s
    .assign('a', 'sip_number', 3)
    .map((assignmentId) => ({ assignmentId, groupId: 'a', resource: 'sip_number' }) as const);
  return { s, assignments };
}

/** A decision at an instant. */
function touch(s: ProjectScenario, at: number): void {
  s.now = at;
  s.place('touched');
}

describe('a clock that is behind the last decision (U5)', () => {
  const late = START + 10 * DAY;
  const decided: ProjectCommand[] = (() => {
    const { s } = scenario();
    const move = { units: { sip_number: 1, mobile_app: 0, ukey2: 0 }, reason: 'r', newId: 'n', cascade: false };
    return [
      s.grant({ units: units(1, 0, 0) }),
      { type: 'ExtendLicense', now: START, licenseId: 'l', validUntil: null, authority: VENDOR },
      { type: 'ReinstateLicense', now: START, licenseId: 'l', authority: VENDOR },
      s.restriction('a', []),
      {
        type: 'TransferAllotments',
        now: START,
        fromGroupId: 'a',
        toGroupId: 'b',
        ...move,
        authority: VENDOR,
        toAuthority: VENDOR,
      },
      s.assignment('a'),
    ];
  })();

  it.each(decided)('refuses $type, with both instants, beyond what is tolerated', (command) => {
    const { s } = scenario();
    touch(s, late);
    const now = late - LAG - 1;
    expect(s.refusal({ ...command, now, maxClockLag: LAG })).toEqual({ code: 'CLOCK_BEHIND', now, lastRecorded: late });
  });

  it('tolerates a little, and counts it as the last recorded instant', () => {
    const { s } = scenario();
    touch(s, late);
    const [granted] = s.do({ ...s.grant({ units: units(1, 0, 0) }), now: late - LAG, maxClockLag: LAG });
    expect(granted).toMatchObject({ type: 'LicenseGranted', at: late, data: { validFrom: late } });
  });

  it('does not refuse facts, or commands whose outcome does not depend on the time', () => {
    const { s, assignments } = scenario();
    touch(s, late);
    const now = START;
    const lag = { now, maxClockLag: LAG };
    // What left a stock already, and the facts of the group service, come without a tolerance.
    expect(s.do({ ...s.grant({ units: units(1, 0, 0) }), now })).toHaveLength(1);
    expect(s.do({ type: 'AddDevice', now, serialNumber: 'd', groupId: 'a' })).toHaveLength(1);
    expect(
      s.do({ type: 'ReleaseAssignment', ...lag, groupId: 'a', assignmentId: assignments[0]!.assignmentId }),
    ).toHaveLength(1);
    expect(s.do({ type: 'SuspendLicense', ...lag, licenseId: 'l', reason: 'unpaid', authority: VENDOR })).not.toEqual(
      [],
    );
    expect(s.do({ type: 'RevokeLicense', ...lag, licenseId: 'l', reason: 'unpaid', authority: VENDOR })).toHaveLength(
      1,
    );
  });
});

describe('correcting a project that a clock ahead has touched', () => {
  it('puts terms that ended too early in force again, and suspended assignments return', () => {
    const { s, assignments } = scenario();
    const ahead = day('2027-03-01');
    touch(s, ahead);
    expect(s.quota('a').resources.sip_number).toMatchObject({ effectiveLimit: 0, suspended: 3 });
    const now = START + DAY;
    const allotment = {
      allotmentId: 'x',
      type: 'plus',
      units: units(5, 0, 0),
      features: [],
      validFrom: START,
    } as const;
    expect(s.do({ type: 'CorrectClock', now, maxClockLag: LAG })).toEqual([
      { type: 'ClockCorrected', at: now, data: { lastRecorded: ahead } },
      { type: 'LicenseExtended', at: now, data: { licenseId: 'l', validUntil: day('2026-10-01') } },
      {
        type: 'RestrictionChanged',
        at: now,
        data: {
          groupId: 'a',
          enabled: true,
          poolMode: 'shared',
          gracePeriodDays: 0,
          reminder: null,
          place: VENDOR,
          allotments: [{ ...allotment, validUntil: day('2026-09-01') }],
        },
      },
      { type: 'AssignmentsReinstated', at: now, data: { assignments } },
    ]);
    expect(lastRecordedOf(s.state)).toBe(now);
    expect(nextDueAt(s.state)).toBe(day('2026-09-01'));
    expect(s.do({ type: 'CorrectClock', now, maxClockLag: LAG })).toEqual([]);
    s.now = now;
    expect(s.do({ ...s.assignment('a'), maxClockLag: LAG })).toHaveLength(1);
    expect(s.on(day('2026-09-01')).map(({ type }) => type)).toEqual(['AllotmentsEnded', 'AssignmentsSuspended']);
  });

  it('keeps decisions of a clock within tolerance, and revoked licenses', () => {
    const { s } = scenario();
    expect(s.do({ type: 'CorrectClock', now: START - LAG, maxClockLag: LAG })).toEqual([]);
    s.do({ type: 'RevokeLicense', now: day('2027-03-01'), licenseId: 'l', reason: 'over', authority: VENDOR });
    const types = s.do({ type: 'CorrectClock', now: START, maxClockLag: LAG }).map(({ type }) => type);
    expect(types).toEqual(['ClockCorrected', 'RestrictionChanged']);
  });

  it('records nothing of a restriction whose terms are the same at both instants, or that is switched off', () => {
    const { s } = scenario();
    s.plus(units(20, 0, 0));
    s.restrict('b', units(2, 0, 0), day('2026-12-01'));
    s.place('c');
    s.restrict('c', units(2, 0, 0), day('2026-09-01'), { enabled: false });
    touch(s, day('2026-10-15'));
    const events = s.do({ type: 'CorrectClock', now: START + DAY, maxClockLag: LAG });
    const changed = events.filter((event) => event.type === 'RestrictionChanged');
    expect(changed.map(({ data }) => data.groupId)).toEqual(['a']);
  });

  it('suspends what only fitted while a term had begun too early', () => {
    const july = day('2026-07-01');
    const used = (s: ProjectScenario) => {
      s.now = july;
      return s.assign('a', 'sip_number', 2).map((assignmentId) => ({
        assignmentId,
        groupId: 'a',
        resource: 'sip_number',
      }));
    };
    const now = START + DAY;
    const suspended = (s: ProjectScenario) => s.do({ type: 'CorrectClock', now, maxClockLag: LAG }).at(-1);

    const ofGroup = new ProjectScenario(START).open().place('a');
    ofGroup.plus(units(9));
    ofGroup.do(ofGroup.restriction('a', [{ units: units(2), validFrom: july }]));
    const inGroup = used(ofGroup);
    expect(suspended(ofGroup)).toEqual({ type: 'AssignmentsSuspended', at: now, data: { assignments: inGroup } });

    const ofLicense = new ProjectScenario(START).open().place('a');
    ofLicense.plus(units(2), null, { validFrom: july });
    const inProject = used(ofLicense);
    expect(suspended(ofLicense)).toEqual({ type: 'AssignmentsSuspended', at: now, data: { assignments: inProject } });
  });

  it('results in the limits and due instants of a clock that was never ahead', () => {
    const days = fc.integer({ min: -20, max: 40 });
    const part = fc.record({
      units: fc.integer({ min: 0, max: 9 }),
      from: days,
      length: fc.integer({ min: 1, max: 40 }),
    });
    const term = ({ from, length }: { from: number; length: number }) => ({
      validFrom: START + from * DAY,
      validUntil: START + (from + length) * DAY,
    });
    fc.assert(
      fc.property(
        fc.array(part, { maxLength: 3 }),
        fc.array(part, { maxLength: 3 }),
        fc.nat(90),
        (licenses, allotments, ahead) => {
          const s = new ProjectScenario(START).open().place('a');
          s.plus(units(99, 0, 0));
          for (const one of licenses)
            s.plus(units(one.units, 0, 0), null, {
              ...term(one),
              validUntil: Math.max(START + DAY, term(one).validUntil),
            });
          const kept = allotments
            .filter((one) => term(one).validUntil > START)
            .map((one) => ({ units: units(one.units, 0, 0), ...term(one) }));
          s.do(s.restriction('a', kept));
          const look = (state: typeof s.state) => ({
            due: nextDueAt(state),
            quotas: [0, 10, 30, 60].map((n) => ['p', 'a'].map((id) => quotaOf(state, id, START + n * DAY))),
          });
          const asItWas = look(s.state);
          s.on(START + ahead * DAY);
          s.do({ type: 'CorrectClock', now: START });
          expect(look(s.state)).toEqual(asItWas);
          expect(look(decodeSnapshot(JSON.parse(JSON.stringify(encodeSnapshot(s.state)))))).toEqual(asItWas);
          expect(projectAggregate.decide(s.state, { type: 'CorrectClock', now: START })).toEqual({
            ok: true,
            events: [],
          });
        },
      ),
    );
  });
});
