import { describe, expect, it } from '@jest/globals';
import { ProjectScenario, day, units } from '../project-scenario.harness.js';
import { VENDOR } from '../limits/authority.js';
import { dueOf, endsAheadIn, periodEndOf, remindedFrom, reminderOf } from './due.js';
import { nextDueAt } from './quota.js';

const START = day('2026-06-01');
const JULY = day('2026-07-01');
const AUGUST = day('2026-08-01');
const GRACE_END = day('2026-08-06');
const NEW_YEAR = day('2027-01-01');
const REMINDER = { daysBefore: [7], recurrence: 'once', recipients: 'administrators' } as const;

/** Building a with unit u and with days of grace; building b. */
function scenario() {
  const s = new ProjectScenario(START).open().place('a', 'u under a', 'b');
  s.plus(units(9), NEW_YEAR);
  const term = { validFrom: JULY, validUntil: AUGUST };
  s.do({ ...s.restriction('a', [{ units: units(5), ...term }]), gracePeriodDays: 5, reminder: REMINDER });
  s.do({ ...s.restriction('u', [{ units: units(2), validFrom: JULY, validUntil: day('2026-07-20') }]) });
  return { s };
}

const dueOfAll = ({ state }: ProjectScenario) => [
  ...[...state.groups.entries()].flatMap(([groupId]) => dueOf(state, { groupId })),
  ...[...state.licenses.entries()].flatMap(([licenseId]) => dueOf(state, { licenseId })),
];

describe('what is due of a project', () => {
  it('is the start, the end and the end of grace of an allotment, and the end of a license', () => {
    const { s } = scenario();
    expect(dueOf(s.state, { groupId: 'a' }).map(({ kind, at }) => [kind, at])).toEqual([
      ['start', JULY],
      ['end', AUGUST],
      ['grace_end', GRACE_END],
    ]);
    const [[licenseId] = ['']] = s.state.licenses.entries();
    expect(dueOf(s.state, { licenseId })).toEqual([{ kind: 'end', at: NEW_YEAR, allotmentId: null }]);
  });

  it('begins with the next instant of the project, at every instant of its life (E1)', () => {
    const { s } = scenario();
    const seen: number[] = [];
    for (let next = nextDueAt(s.state); next !== null; next = nextDueAt(s.state)) {
      expect(Math.min(...dueOfAll(s).map(({ at }) => at))).toBe(next);
      seen.push(next);
      s.on(next);
    }
    expect(seen).toEqual([JULY, day('2026-07-20'), AUGUST, GRACE_END, NEW_YEAR]);
    expect(dueOfAll(s)).toEqual([]);
  });

  it('has nothing of a disabled restriction', () => {
    const { s } = scenario();
    s.do({ ...s.restriction('u', []), enabled: false });
    expect(dueOf(s.state, { groupId: 'u' })).toEqual([]);
  });

  it('has nothing of a license that was revoked, or that is not there', () => {
    const { s } = scenario();
    const [[licenseId] = ['']] = s.state.licenses.entries();
    s.do({ type: 'RevokeLicense', now: START, licenseId, reason: 'unpaid', authority: VENDOR });
    expect(dueOf(s.state, { licenseId })).toEqual([]);
    expect(dueOf(s.state, { licenseId: 'nowhere' })).toEqual([]);
    expect(dueOf(s.state, { groupId: 'nowhere' })).toEqual([]);
  });
});

describe('the end of the current billing period', () => {
  it('is there while a project is billed, until it is closed and nothing runs any more', () => {
    const { s } = scenario();
    expect(periodEndOf(s.state)).toBeNull();
    s.do({ type: 'SetBillingTerms', now: START, interval: 'P1M', anchorDay: 1 });
    expect(periodEndOf(s.state)).toBe(Date.parse('2026-07-01T00:00+02:00'));
    s.do({ type: 'CloseProject', now: START, reason: 'Sold' });
    s.on(day('2027-03-01'));
    expect(periodEndOf(s.state)).toBeNull();
  });
});

describe('the announcement of an end (E5)', () => {
  it('includes every group with a reminder at the group or below it, and the main group even without limits', () => {
    const { s } = scenario();
    const u = s.restriction('u', []);
    s.do({ ...u, reminder: REMINDER });
    s.do({ ...s.restriction('p', []), enabled: false, reminder: REMINDER });
    s.restrict('b', units(1));
    expect([...remindedFrom(s.state, 'a')].sort()).toEqual(['a', 'u']);
    expect([...remindedFrom(s.state, 'p')].sort()).toEqual(['a', 'p', 'u']);
    expect([...remindedFrom(s.state, 'b')]).toEqual([]);
    expect([...remindedFrom(s.state, 'nowhere')]).toEqual([]);
    s.do({ ...u, enabled: false, reminder: REMINDER });
    expect(reminderOf(s.state, 'u')).toBeNull();
    expect([...remindedFrom(s.state, 'a')]).toEqual(['a']);
  });

  it('covers the ends of a group, those above it and those of licenses, but none that is over', () => {
    const { s } = scenario();
    const ends = () => [...endsAheadIn(s.state)('u')].sort(([a], [b]) => a - b);
    expect(ends()).toEqual([
      [day('2026-07-20'), JULY],
      [AUGUST, JULY],
      [NEW_YEAR, START],
    ]);
    s.on(AUGUST);
    expect(ends()).toEqual([[NEW_YEAR, START]]);
  });

  it('has the earliest start of the terms that end together, and no license that was revoked', () => {
    const { s } = scenario();
    const group = s.restriction('u', [
      { units: units(1), validFrom: day('2026-07-10'), validUntil: AUGUST },
      { units: units(1), validFrom: day('2026-07-15'), validUntil: day('2026-07-25') },
      { units: units(1), validFrom: day('2026-07-05'), validUntil: day('2026-07-25') },
    ]);
    s.do(group);
    s.plus(units(9), day('2027-02-01'), { licenseId: 'l' });
    s.do({ type: 'RevokeLicense', now: START, licenseId: 'l', reason: 'unpaid', authority: VENDOR });
    expect([...endsAheadIn(s.state)('u')].sort(([a], [b]) => a - b)).toEqual([
      [day('2026-07-25'), day('2026-07-05')],
      [AUGUST, JULY],
      [NEW_YEAR, START],
    ]);
  });
});
