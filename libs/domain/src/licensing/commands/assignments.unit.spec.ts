import { describe, expect, it } from '@jest/globals';
import { VENDOR } from '../limits/authority.js';
import { ProjectScenario, day, units } from '../project-scenario.harness.js';

const START = day('2026-06-01');
const JULY = day('2026-07-01');
const AUGUST = day('2026-08-01');

/** Ten of everything in the project, without an end. */
function scenario(): ProjectScenario {
  const s = new ProjectScenario(START).open().place('a');
  s.plus(units(10, 10, 10));
  return s;
}

const expired = (groupId: string | null, name: string) => ({
  code: 'LICENSE_EXPIRED',
  groupId: 'a',
  resource: 'sip_number',
  limitedBy: { groupId, name, limit: 0, validUntil: null },
});
const exhausted = (groupId: string | null, name: string, limit: number, validUntil: number | null, at = JULY) => ({
  code: 'LIMIT_EXCEEDED',
  resource: 'sip_number',
  requested: 1,
  available: 0,
  limitedBy: { groupId, name, limit, validUntil },
  at,
});

describe('a unit where nothing is left is refused', () => {
  it('as expired where all allotments of the group have ended', () => {
    const s = scenario();
    s.restrict('a', units(3), JULY).on(JULY);
    expect(s.refusal(s.assignment('a'))).toStrictEqual(expired('a', 'A'));
  });

  it('as beyond the limit where the group has no allotments, one in force, or one to come', () => {
    const none = scenario();
    none.do(none.restriction('a', []));
    expect(none.refusal(none.assignment('a'))).toStrictEqual(exhausted('a', 'A', 0, null, START));

    const used = scenario();
    used.do(used.restriction('a', [{ units: units(3), validUntil: JULY }, { units: units(1) }]));
    used.on(JULY);
    used.assign('a');
    expect(used.refusal(used.assignment('a'))).toStrictEqual(exhausted('a', 'A', 1, null));

    const gap = scenario();
    gap.do(
      gap.restriction('a', [
        { units: units(3), validUntil: JULY },
        { units: units(1), validFrom: AUGUST },
      ]),
    );
    gap.on(JULY);
    expect(gap.refusal(gap.assignment('a'))).toStrictEqual(exhausted('a', 'A', 0, AUGUST));
  });

  it('as expired where all licenses of the project have ended', () => {
    const s = new ProjectScenario(START).open().place('a');
    s.plus(units(2), JULY);
    s.on(JULY);
    expect(s.refusal(s.assignment('a'))).toStrictEqual(expired(null, 'Hafenblick'));
  });

  it('as beyond the capacity where the project never had a license, has one in force, or its devices carry one', () => {
    const none = new ProjectScenario(START).open().place('a');
    expect(none.refusal(none.assignment('a'))).toStrictEqual(exhausted(null, 'Hafenblick', 0, null, START));

    const used = new ProjectScenario(START).open().place('a');
    used.plus(units(2), JULY);
    used.plus(units(1));
    used.on(JULY);
    used.assign('a');
    expect(used.refusal(used.assignment('a'))).toStrictEqual(exhausted(null, 'Hafenblick', 1, null));

    const fallback = new ProjectScenario(START).open().place('a');
    fallback.plus(units(2), JULY);
    fallback.do({ type: 'AddDevice', now: START, serialNumber: 'd', groupId: 'a' });
    fallback.on(JULY);
    fallback.assign('a', 'sip_number', 2);
    expect(fallback.refusal(fallback.assignment('a'))).toStrictEqual(exhausted(null, 'Hafenblick', 2, null));
  });
});

describe('U2: the number of an app', () => {
  const numberOf = (s: ProjectScenario, sipAssignmentId: string | null): unknown => {
    const [event] = s.do(s.assignment('a', 'mobile_app', { sipAssignmentId }));
    return event?.type === 'AssignmentMade' ? event.data.sipAssignmentId : undefined;
  };

  it('is the oldest that no app has yet', () => {
    const s = scenario();
    const numbers = s.assign('a', 'sip_number', 2);
    expect([numberOf(s, null), numberOf(s, null)]).toStrictEqual(numbers);
    expect(s.refusal(s.assignment('a', 'mobile_app'))).toStrictEqual({ code: 'NO_SIP_NUMBER', groupId: 'a' });
  });

  it('is the one that is named', () => {
    const s = scenario();
    const [, second = ''] = s.assign('a', 'sip_number', 2);
    expect(numberOf(s, second)).toBe(second);
  });

  it('is a number, and one in force', () => {
    const s = new ProjectScenario(START).open().place('a');
    s.plus(units(1, 1, 1));
    s.plus(units(1), null, { licenseId: 'unpaid' });
    const [key = ''] = s.assign('a', 'ukey2');
    const [, suspended = ''] = s.assign('a', 'sip_number', 2);
    s.do({ type: 'SuspendLicense', now: START, licenseId: 'unpaid', reason: 'Unpaid', authority: VENDOR });
    for (const sipAssignmentId of [key, suspended])
      expect(s.refusal(s.assignment('a', 'mobile_app', { sipAssignmentId }))).toStrictEqual({
        code: 'NO_SIP_NUMBER',
        groupId: 'a',
      });
  });

  it('goes with an app only', () => {
    const s = scenario();
    const [number = ''] = s.assign('a');
    expect(s.refusal(s.assignment('a', 'ukey2', { sipAssignmentId: number }))).toStrictEqual({
      code: 'VALIDATION',
      field: 'sipAssignmentId',
      message: 'goes with a mobile_app only',
    });
  });
});
