import { describe, expect, it } from '@jest/globals';
import type { AllotmentInput, ProjectCommandOf } from '../model/commands.js';
import type { Allotment } from '../model/events.js';
import { ProjectScenario, day, units } from '../project-scenario.harness.js';

const START = day('2026-06-01');
const AUGUST = day('2026-08-01');
const DECEMBER = day('2026-12-01');

const five: Omit<Allotment, 'allotmentId'> = {
  type: 'plus',
  units: units(5, 5, 0),
  features: ['siri'],
  validFrom: START,
  validUntil: DECEMBER,
};

/** Building a has the allotment x: 5 numbers and 5 apps with Siri, from June to December. */
function scenario(): ProjectScenario {
  const s = new ProjectScenario(START).open().place('a', 'b');
  s.plus(units(20, 20, 10));
  s.do(s.restriction('a', [five], { newIds: ['x'] }));
  return s;
}

type Options = Partial<ProjectCommandOf<'SetRestriction'>>;
const changed = (groupId: string, allotments: readonly Allotment[], more: object = {}) => ({
  type: 'RestrictionChanged',
  at: START,
  data: {
    groupId,
    enabled: true,
    poolMode: 'shared',
    gracePeriodDays: 0,
    allotments,
    reminder: null,
    place: { kind: 'vendor' },
    ...more,
  },
});
const put = (s: ProjectScenario, allotments: readonly Partial<AllotmentInput>[], newIds: readonly string[]) =>
  s.do(s.restriction('a', allotments, { newIds }));

describe('an allotment without an id', () => {
  it.each<[string, Partial<AllotmentInput>]>([
    ['without a start', { ...five, validFrom: null }],
    ['with the start it has', five],
  ])('is the known one with the same content, %s', (_case, allotment) => {
    const s = scenario();
    s.now = AUGUST;
    expect(put(s, [allotment], ['n'])).toStrictEqual([]);
  });

  it.each<[string, Partial<Allotment>]>([
    ['another type', { type: 'basic' }],
    ['other units', { units: units(5, 4, 0) }],
    ['other features', { features: [] }],
    ['another start', { validFrom: AUGUST }],
    ['another end', { validUntil: AUGUST }],
  ])('is a new one with %s', (_case, different) => {
    const allotment = { ...five, ...different };
    const sent = different.validFrom === undefined ? { ...allotment, validFrom: null } : allotment;
    expect(put(scenario(), [sent], ['n'])).toStrictEqual([changed('a', [{ ...allotment, allotmentId: 'n' }])]);
  });

  it('is never one that the same list names or has taken before', () => {
    const known = { ...five, allotmentId: 'x' };
    expect(put(scenario(), [five, known], ['n', 'unused'])).toStrictEqual([
      changed('a', [{ ...five, allotmentId: 'n' }, known]),
    ]);
    expect(put(scenario(), [five, five], ['unused', 'n'])).toStrictEqual([
      changed('a', [known, { ...five, allotmentId: 'n' }]),
    ]);
  });
});

describe('an allotment named by its id', () => {
  it.each<[string, Partial<Allotment>]>([
    ['type', { type: 'basic' }],
    ['units', { units: units(5, 4, 0) }],
    ['features', { features: [] }],
    ['start', { validFrom: AUGUST }],
    ['end', { validUntil: AUGUST }],
  ])('changes when its %s alone differs', (_field, different) => {
    const allotment = { ...five, allotmentId: 'x', ...different };
    expect(put(scenario(), [allotment], ['unused'])).toStrictEqual([changed('a', [allotment])]);
  });

  it('must be known in the group, which may never have been restricted, and is named once', () => {
    const s = scenario();
    const known = { ...five, allotmentId: 'x' };
    expect(s.refusal(s.restriction('b', [known]))).toStrictEqual({ code: 'NOT_FOUND', what: 'allotment', id: 'x' });
    expect(s.refusal(s.restriction('a', [known, known]))).toStrictEqual({
      code: 'VALIDATION',
      field: 'allotments[1].allotmentId',
      message: 'names an allotment that is named before',
    });
  });
});

describe('the term of an allotment', () => {
  it.each([AUGUST, AUGUST - 1])('cannot end at or before its start', (validUntil) => {
    const s = scenario();
    const reversed = { units: units(1), validFrom: AUGUST, validUntil };
    expect(s.refusal(s.restriction('b', [{ units: units(1) }, reversed]))).toStrictEqual({
      code: 'VALIDATION',
      field: 'allotments[1].validUntil',
      message: 'must be after validFrom',
    });
  });
});

describe('the first restriction of a group', () => {
  const prepared: Allotment = { ...five, allotmentId: 'n' };

  it.each<[string, readonly Allotment[], Options]>([
    ['a limit of zero', [], {}],
    ['switched off, with an allotment for later', [prepared], { enabled: false }],
    [
      'a reminder alone',
      [],
      { enabled: false, reminder: { daysBefore: [7], recurrence: 'once', recipients: 'administrators' } },
    ],
  ])('is recorded: %s', (_case, allotments, options) => {
    const s = scenario();
    const inputs = allotments.map((allotment) => ({ ...allotment, allotmentId: null }));
    const command = s.restriction('b', inputs, { ...options, newIds: ['n'] });
    expect(s.do(command)).toStrictEqual([changed('b', allotments, options)]);
  });
});
