import { describe, expect, it } from '@jest/globals';
import { VENDOR } from '../limits/authority.js';
import { ProjectScenario, day, units } from '../project-scenario.harness.js';

const START = day('2026-06-01');
const JULY = day('2026-07-01');
const AUGUST = day('2026-08-01');

const opened = (...groups: string[]) => new ProjectScenario(START).open().place(...groups);
const refs = (...assignments: (readonly [groupId: string, assignmentId: string | undefined])[]) => ({
  assignments: assignments.map(([groupId, assignmentId]) => ({
    assignmentId,
    groupId,
    resource: assignmentId!.startsWith('mobile_app') ? 'mobile_app' : 'sip_number',
  })),
});
const suspendLicense = (licenseId: string) =>
  ({ type: 'SuspendLicense', now: START, licenseId, reason: 'unpaid', authority: VENDOR }) as const;

describe('what is suspended when a limit falls (U3)', () => {
  it('is the newest wherever it is, and what returns first is the oldest', () => {
    const s = opened('a', 'b', 'c');
    s.plus(units(3), JULY);
    s.plus(units(1), null, { licenseId: 'stays' });
    const [first] = s.assign('c');
    const [second] = s.assign('b');
    const [third] = s.assign('a');
    const events = s.on(JULY).filter(({ type }) => type === 'AssignmentsSuspended');
    expect(events).toEqual([{ type: 'AssignmentsSuspended', at: JULY, data: refs(['b', second], ['a', third]) }]);
    expect(s.plus(units(1), null).slice(1)).toEqual([
      { type: 'AssignmentsReinstated', at: JULY, data: refs(['b', second]) },
    ]);
    expect(s.release('c', first!).slice(1)).toEqual([
      { type: 'AssignmentsReinstated', at: JULY, data: refs(['a', third]) },
    ]);
  });

  it('is never what is suspended already, which also takes no place of what is in force', () => {
    const s = opened('a');
    s.plus(units(9), null, { licenseId: 'l' });
    s.do(
      s.restriction('a', [
        { units: units(1), validUntil: AUGUST },
        { units: units(2), validUntil: JULY },
      ]),
    );
    const [first, second, third] = s.assign('a', 'sip_number', 3);
    expect(s.on(JULY).at(-1)).toEqual({
      type: 'AssignmentsSuspended',
      at: JULY,
      data: refs(['a', second], ['a', third]),
    });
    expect(s.on(AUGUST).at(-1)).toEqual({ type: 'AssignmentsSuspended', at: AUGUST, data: refs(['a', first]) });
  });

  it('is an app whose number is suspended, though there is room for it, and no other app', () => {
    const s = opened('a');
    s.plus(units(1, 1), null, { licenseId: 'stays' });
    s.plus(units(1, 1), JULY, { licenseId: 'ends' });
    const [, second] = s.assign('a', 'sip_number', 2);
    // The newer number has the only app.
    const app = s.assignment('a', 'mobile_app', { sipAssignmentId: second! });
    s.do(app);
    const suspended = { type: 'AssignmentsSuspended', at: JULY, data: refs(['a', second], ['a', app.assignmentId]) };
    expect(s.on(JULY).slice(1)).toEqual([suspended]);
    // There is room for the app, but not for its number.
    expect(s.quota('a').resources).toMatchObject({
      sip_number: { consumed: 1, suspended: 1 },
      mobile_app: { consumed: 0, suspended: 1 },
    });
    expect(s.assign('a', 'mobile_app')).toHaveLength(1);
    expect(s.quota('a').resources.mobile_app).toMatchObject({ consumed: 1, suspended: 1 });
    expect(s.plus(units(1, 1), null).slice(1)).toEqual([
      { type: 'AssignmentsReinstated', at: JULY, data: refs(['a', second], ['a', app.assignmentId]) },
    ]);
  });

  it('is no app whose number stays', () => {
    const s = opened('a');
    s.plus(units(2, 2), null, { licenseId: 'stays' });
    s.plus(units(1), null, { licenseId: 'l' });
    const [first, , third] = s.assign('a', 'sip_number', 3);
    s.do(s.assignment('a', 'mobile_app', { sipAssignmentId: first! }));
    expect(s.do(suspendLicense('l')).slice(1)).toEqual([
      { type: 'AssignmentsSuspended', at: START, data: refs(['a', third]) },
    ]);
  });
});
