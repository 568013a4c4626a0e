import { describe, expect, it } from '@jest/globals';
import { FEATURES } from '../../words.js';
import { VENDOR } from './authority.js';
import type { AllotmentInput } from '../model/commands.js';
import { ProjectScenario, day, units } from '../project-scenario.harness.js';

const START = day('2026-06-01');
const JULY = day('2026-07-01');
const AUGUST = day('2026-08-01');
const OCTOBER = day('2026-10-01');
const NOVEMBER = day('2026-11-01');
const DECEMBER = day('2026-12-01');

type Allotments = readonly Partial<AllotmentInput>[];

/** An unlimited project with every feature; a1 and a2 are in building a, and nothing is restricted. */
function scenario(): ProjectScenario {
  const s = new ProjectScenario(START).open().place('a', 'a1 under a', 'a2 under a');
  s.plus(units(null, null, null));
  return s;
}

function restricted(groupId: string, allotments: Allotments, options: { poolMode?: 'reserved' } = {}): ProjectScenario {
  const s = scenario();
  s.do(s.restriction(groupId, allotments, options));
  return s;
}

const a = (limit: number, validUntil: number | null) => ({ groupId: 'a', name: 'A', limit, validUntil });

describe('R2: the term of an allotment', () => {
  it('is over at its end: what ends right now is refused', () => {
    const s = scenario();
    expect(s.refusal(s.restriction('a', [{ units: units(1), validFrom: START - 1, validUntil: START }]))).toEqual({
      code: 'VALIDATION',
      field: 'allotments[0].validUntil',
      message: 'must be in the future',
    });
  });

  it('is checked for each allotment, not only for the first', () => {
    const s = restricted('a', [{ units: units(9) }]);
    const second = { units: units(10), validFrom: JULY, validUntil: AUGUST };
    expect(s.refusal(s.restriction('a1', [{ units: units(1), validUntil: JULY }, second]))).toEqual({
      code: 'LIMIT_EXCEEDED',
      resource: 'sip_number',
      requested: 10,
      available: 9,
      limitedBy: a(9, null),
      at: JULY,
    });
  });

  it('ends before its end: what another allotment has from then on is not its concern', () => {
    const s = restricted('a', [
      { units: units(10), validUntil: OCTOBER },
      { units: units(5), validFrom: OCTOBER },
    ]);
    s.do(s.restriction('a1', [{ units: units(8) }], { newIds: ['clipped'] }));
    const clipped = { allotmentId: 'clipped', units: units(8) };
    expect(s.do(s.restriction('a1', [clipped, { units: units(2), validUntil: OCTOBER }]))).toHaveLength(1);
  });

  it('is refused with the first instant at which it does not fit', () => {
    const s = restricted('a', [
      { units: units(10), validUntil: AUGUST },
      { units: units(5), validFrom: AUGUST, validUntil: DECEMBER },
    ]);
    const more = { units: units(1), validFrom: OCTOBER, validUntil: NOVEMBER };
    expect(s.refusal(s.restriction('a1', [{ units: units(6), validUntil: NOVEMBER }, more]))).toEqual({
      code: 'LIMIT_EXCEEDED',
      resource: 'sip_number',
      requested: 6,
      available: 5,
      limitedBy: a(5, DECEMBER),
      at: AUGUST,
    });
  });

  it('that has ended is not checked again, also when its restriction is enabled again', () => {
    const s = scenario();
    const old = { units: units(1), features: ['siri'], validUntil: JULY } as const;
    s.do(s.restriction('a', [old], { newIds: ['old'] }));
    s.on(AUGUST);
    const known = [{ ...old, allotmentId: 'old' }];
    s.do(s.restriction('a', known, { enabled: false }));
    s.restrict('p', units(9));
    expect(s.do(s.restriction('a', known)).map(({ type }) => type)).toEqual(['RestrictionChanged']);
  });
});

describe('R2, R3: a refusal names the limit that binds', () => {
  it('an ancestor further up whose limit is lower then', () => {
    const s = restricted('p', [
      { units: units(20), validUntil: JULY },
      { units: units(5), validFrom: JULY },
    ]);
    s.restrict('a', units(10));
    expect(s.refusal(s.restriction('a1', [{ units: units(6), validUntil: NOVEMBER }]))).toEqual({
      code: 'LIMIT_EXCEEDED',
      resource: 'sip_number',
      requested: 6,
      available: 5,
      limitedBy: { groupId: 'p', name: 'Hafenblick', limit: 5, validUntil: null },
      at: JULY,
    });
  });

  it('with the end of the limit, which adjoining allotments of the same size share', () => {
    const s = restricted('a', [
      { units: units(8), validUntil: AUGUST },
      { units: units(8), validFrom: AUGUST, validUntil: NOVEMBER },
    ]);
    expect(s.refusal(s.restriction('a1', [{ units: units(9), validUntil: JULY }]))).toMatchObject({
      available: 8,
      limitedBy: a(8, NOVEMBER),
    });
    expect(s.quota('a1').effectivePeriod).toEqual({ validFrom: START, validUntil: NOVEMBER });
  });

  it.each(['SuspendLicense', 'RevokeLicense'] as const)('what is left of the project after %s', (type) => {
    const s = new ProjectScenario(START).open().place('a');
    s.plus(units(10), null, { licenseId: 'gone' });
    s.plus(units(5));
    s.do({ type, now: START, licenseId: 'gone', reason: 'unpaid', authority: VENDOR });
    expect(s.refusal(s.restriction('a', [{ units: units(8) }]))).toEqual({
      code: 'LIMIT_EXCEEDED',
      resource: 'sip_number',
      requested: 8,
      available: 5,
      limitedBy: { groupId: null, name: 'Hafenblick', limit: 5, validUntil: null },
      at: START,
    });
  });

  it.each<[string, Allotments]>([
    ['that has no restriction', []],
    ['that still has it, when it goes further up', [{ features: ['siri'] }]],
  ])('the group that lacks a feature, not one in between %s (R5)', (_which, between) => {
    const s = restricted('p', [{ features: FEATURES, validUntil: JULY }, { validFrom: JULY }]);
    if (between.length > 0) s.do(s.restriction('a', between));
    expect(s.refusal(s.restriction('a1', [{ features: ['siri'], validFrom: AUGUST }]))).toEqual({
      code: 'FEATURE_NOT_AVAILABLE',
      feature: 'siri',
      limitedBy: { groupId: 'p', name: 'Hafenblick' },
    });
  });
});

describe('R4: a reserved pool', () => {
  it.each([
    ['sip_number', units(3), 2],
    ['mobile_app', units(3, 3), 1],
    ['ukey2', units(0, 0, 3), 2],
  ] as const)('counts what is used of %s outside the restricted groups below', (resource, asked, available) => {
    const s = restricted('a', [{ units: units(resource === 'sip_number' ? 4 : 10, 3, 4) }], { poolMode: 'reserved' });
    s.assign('a2', 'sip_number', 2);
    s.assign('a2', 'mobile_app', 2);
    s.assign('a2', 'ukey2', 2);
    expect(s.refusal(s.restriction('a1', [{ units: asked }]))).toMatchObject({
      code: 'LIMIT_EXCEEDED',
      resource,
      requested: 3,
      available,
    });
  });

  const tenFromJuly = [
    { units: units(null), validUntil: JULY },
    { units: units(10), validFrom: JULY },
  ];

  it('has nothing left for others once it has promised everything to a group without a limit', () => {
    const s = restricted('a', tenFromJuly, { poolMode: 'reserved' });
    s.restrict('a1', units(null));
    expect(s.refusal(s.restriction('a2', [{ units: units(4), validUntil: NOVEMBER }]))).toEqual({
      code: 'LIMIT_EXCEEDED',
      resource: 'sip_number',
      requested: 4,
      available: 0,
      limitedBy: a(10, null),
      at: JULY,
    });
  });

  it('U1: nor for use outside that group, while an unlimited pool has', () => {
    const s = restricted('a', tenFromJuly, { poolMode: 'reserved' });
    s.restrict('a1', units(null));
    expect(s.quota('a').resources.sip_number.available).toBeNull();
    s.on(JULY);
    expect(s.refusal(s.assignment('a2'))).toEqual({
      code: 'LIMIT_EXCEEDED',
      resource: 'sip_number',
      requested: 1,
      available: 0,
      limitedBy: a(10, null),
      at: JULY,
    });
    expect(s.quota('a1').resources.sip_number.available).toBe(10);
  });
});
