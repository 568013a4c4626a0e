import { describe, expect, it } from '@jest/globals';
import { VENDOR } from '../limits/authority.js';
import type { ProjectCommandOf } from '../model/commands.js';
import { ProjectScenario, day, units } from '../project-scenario.harness.js';

const START = day('2026-06-01');
const PLUS = { type: 'plus', features: [], validFrom: START, validUntil: null } as const;

/** 30/30/10; building a has 10/10/5, building b 6/6/2, both without an end; apartments a1 and b1 are unrestricted. */
function scenario(): ProjectScenario {
  const s = new ProjectScenario(START).open().place('a', 'b', 'a1 under a', 'b1 under b');
  s.plus(units(30, 30, 10));
  s.do(s.restriction('a', [{ units: units(10, 10, 5) }], { newIds: ['of-a'] }));
  s.do(s.restriction('b', [{ units: units(6, 6, 2) }], { newIds: ['of-b'] }));
  return s;
}

const counts = (sip_number: number, mobile_app = 0, ukey2 = 0) => ({ sip_number, mobile_app, ukey2 });

const transfer = (
  what: ReturnType<typeof counts>,
  options: Partial<ProjectCommandOf<'TransferAllotments'>> = {},
): ProjectCommandOf<'TransferAllotments'> => ({
  type: 'TransferAllotments',
  now: START,
  fromGroupId: 'a',
  toGroupId: 'b',
  units: what,
  reason: 'Needed there',
  newId: 't',
  cascade: false,
  authority: VENDOR,
  toAuthority: VENDOR,
  ...options,
});

describe('R8: a transfer between two restricted groups', () => {
  it.each([
    ['a source without a restriction', { fromGroupId: 'a1' }, 'fromGroupId', 'is a group without a restriction'],
    ['a target without a restriction', { toGroupId: 'b1' }, 'toGroupId', 'is a group without a restriction'],
    ['one group with itself', { toGroupId: 'a' }, 'toGroupId', 'must be another group'],
    ['no units', { units: counts(0) }, 'units', 'must name at least one unit'],
  ])('is refused for %s', (_what, options, field, message) => {
    expect(scenario().refusal(transfer(counts(1), options))).toEqual({ code: 'VALIDATION', field, message });
  });

  it('takes from allotments in force alone, and leaves those that have none of the units as they are', () => {
    const s = scenario();
    const keys = { units: units(0, 0, 2) };
    const later = { units: units(8, 0, 0), validFrom: day('2026-07-01') };
    const allotments = [{ allotmentId: 'of-a', units: units(10, 10, 3) }, keys, later];
    s.do(s.restriction('a', allotments, { newIds: ['', 'keys', 'later'] }));
    expect(s.do(transfer(counts(4, 4)))).toEqual([
      {
        type: 'AllotmentsTransferred',
        at: START,
        data: {
          fromGroupId: 'a',
          toGroupId: 'b',
          units: counts(4, 4),
          reason: 'Needed there',
          fromAllotments: [
            { ...PLUS, allotmentId: 'of-a', units: units(6, 6, 3) },
            { ...PLUS, ...keys, allotmentId: 'keys' },
            { ...PLUS, ...later, allotmentId: 'later' },
          ],
          toAllotments: [
            { ...PLUS, allotmentId: 'of-b', units: units(6, 6, 2) },
            { ...PLUS, allotmentId: 't_0', units: units(4, 4, 0) },
          ],
          fromPlace: VENDOR,
          toPlace: VENDOR,
        },
      },
    ]);
  });

  it('takes any number of units from an unlimited allotment, which stays unlimited', () => {
    const s = scenario();
    s.plus(units(null, null, null));
    s.do(s.restriction('a', [{ units: units(null, null, 5) }], { newIds: ['all'] }));
    const [event] = s.do(transfer(counts(25, 20)));
    expect(event).toMatchObject({ data: { fromAllotments: [{ allotmentId: 'all', units: units(null, null, 5) }] } });
    expect(s.quota('b').resources).toMatchObject({ sip_number: { limit: 31 }, mobile_app: { limit: 26 } });
  });

  it('is refused where the limit above the target is too small, with that limit', () => {
    const s = scenario();
    s.do(s.restriction('b1', [{ units: units(5) }]));
    expect(s.refusal(transfer(counts(2, 2), { toGroupId: 'b1', cascade: true }))).toEqual({
      code: 'LIMIT_EXCEEDED',
      resource: 'sip_number',
      requested: 7,
      available: 6,
      limitedBy: { groupId: 'b', name: 'B', limit: 6, validUntil: null },
      at: START,
    });
  });
});

describe('R6: a transfer that takes what depends on the source', () => {
  it('is refused for groups below that would no longer fit, and clamps them with cascade', () => {
    const s = scenario();
    s.do(s.restriction('a1', [{ units: units(8) }], { newIds: ['of-a1'] }));
    expect(s.refusal(transfer(counts(4, 4)))).toEqual({
      code: 'DESCENDANTS_AFFECTED',
      groups: [{ groupId: 'a1', name: 'A1' }],
      suspensions: [],
    });
    const allotments = [{ ...PLUS, allotmentId: 'of-a1', units: units(6) }];
    expect(s.do(transfer(counts(4, 4), { cascade: true }))).toMatchObject([
      { type: 'AllotmentsTransferred' },
      { type: 'AllotmentsClamped', data: { groupId: 'a1', allotments, causedByGroupId: 'a' } },
    ]);
  });

  it('is refused for use that would be suspended, and suspends it with cascade', () => {
    const s = scenario();
    const [, , , , , , seventh, eighth] = s.assign('a1', 'sip_number', 8);
    expect(s.refusal(transfer(counts(4, 4)))).toEqual({
      code: 'DESCENDANTS_AFFECTED',
      groups: [],
      suspensions: [{ groupId: 'a1', name: 'A1', resource: 'sip_number', count: 2 }],
    });
    const assignments = [seventh, eighth].map((assignmentId) => ({
      assignmentId,
      groupId: 'a1',
      resource: 'sip_number',
    }));
    expect(s.do(transfer(counts(4, 4), { cascade: true }))).toMatchObject([
      { type: 'AllotmentsTransferred' },
      { type: 'AssignmentsSuspended', data: { assignments } },
    ]);
  });

  it('U5: is not refused for what was suspended before it, at the end of a term', () => {
    const s = scenario();
    const ends = day('2026-07-01');
    s.restrict('b1', units(3), ends);
    s.assign('b1', 'sip_number', 3);
    expect(s.do(transfer(counts(4, 4), { now: ends + 1 })).map(({ type, at }) => [type, at])).toEqual([
      ['AllotmentsEnded', ends],
      ['AssignmentsSuspended', ends],
      ['AllotmentsTransferred', ends + 1],
    ]);
  });
});
