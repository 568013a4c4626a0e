import { describe, expect, it } from '@jest/globals';
import { VENDOR } from '../limits/authority.js';
import type { ProjectCommandOf, RestrictionInput } from '../model/commands.js';
import type { RefusedItem } from '../model/refusals.js';
import { ProjectScenario, day, units } from '../project-scenario.harness.js';

const START = day('2026-06-01');
const REMINDER = { daysBefore: [7], recurrence: 'once', recipients: 'administrators' } as const;

/** A license of 20 numbers without an end. */
function scenario(...groups: string[]): ProjectScenario {
  const s = new ProjectScenario(START).open().place(...groups);
  s.plus(units(20));
  return s;
}

const batch = (
  s: ProjectScenario,
  restrictions: readonly RestrictionInput[],
  options: Partial<ProjectCommandOf<'SetRestrictions'>> = {},
): ProjectCommandOf<'SetRestrictions'> => ({
  type: 'SetRestrictions',
  now: s.now,
  restrictions,
  cascade: false,
  authorities: [VENDOR],
  ...options,
});

const numbers = (
  s: ProjectScenario,
  groupId: string,
  count: number,
  options: Parameters<ProjectScenario['restriction']>[2] = {},
): RestrictionInput => s.restriction(groupId, [{ units: units(count) }], options);

const affected = (index: number, ...groupIds: string[]): RefusedItem => ({
  index,
  refusal: {
    code: 'DESCENDANTS_AFFECTED',
    groups: groupIds.map((groupId) => ({ groupId, name: groupId.toUpperCase() })),
    suspensions: [],
  },
});

describe('R2, R6: the restrictions of a batch', () => {
  it('are recorded from the top down, whatever the ids of the groups', () => {
    const s = scenario('z', 'y under z', 'x under y', 'w under y');
    const items = ['w', 'x', 'y', 'z'].map((groupId) => numbers(s, groupId, 5));
    expect(s.do(batch(s, items)).map(({ data }) => 'groupId' in data && data.groupId)).toEqual(['z', 'y', 'w', 'x']);
  });

  it('are not checked again where nothing is changed in them, even if they exceed what is left above', () => {
    const s = scenario('a');
    s.plus(units(5), null, { licenseId: 'l' });
    s.do(s.restriction('a', [{ units: units(22) }], { newIds: ['x'] }));
    s.do({ type: 'SuspendLicense', now: START, licenseId: 'l', reason: 'Unpaid', authority: VENDOR });
    const section = s.restriction('a', [{ allotmentId: 'x', units: units(22) }], { reminder: REMINDER });
    expect(s.do(section)).toMatchObject([{ type: 'RestrictionChanged', data: { reminder: REMINDER } }]);
    const later = { units: units(0, 0, 1), validFrom: day('2026-07-01'), validUntil: day('2026-08-01') };
    expect(s.refusal(s.restriction('a', [{ allotmentId: 'x', units: units(22) }, later]))).toMatchObject({
      code: 'LIMIT_EXCEEDED',
      at: day('2026-07-01'),
    });
  });
});

describe('R6: a loss is counted for the nearest change above it that causes it', () => {
  it.each(['shared', 'reserved'] as const)('not for a group whose limit only grows: %s', (poolMode) => {
    const s = scenario('a', 'a1 under a');
    s.restrict('p', units(20)).restrict('a', units(10), null, { poolMode });
    s.restrict('a1', units(4), day('2026-11-01'));
    const ending = s.restriction('p', [{ units: units(20), validUntil: day('2026-09-01') }]);
    expect(s.refusal(batch(s, [ending, numbers(s, 'a', 12, { poolMode })]))).toEqual({
      code: 'BATCH_REFUSED',
      items: [affected(0, 'a1')],
    });
  });

  it('R4: for the first of the restrictions that are disabled in a reserved pool', () => {
    const s = scenario('a', 'x under a', 'y under a', 'x1 under x', 'x2 under x', 'y1 under y', 'y2 under y');
    s.restrict('a', units(10), null, { poolMode: 'reserved' });
    for (const groupId of ['x', 'y', 'x1', 'x2', 'y1', 'y2']) s.restrict(groupId, units(4));
    const off = { enabled: false };
    const items = [s.restriction('y', [], off), s.restriction('x', [], off)];
    expect(s.refusal(batch(s, items))).toEqual({
      code: 'BATCH_REFUSED',
      items: [affected(1, 'x1', 'x2', 'y1', 'y2')],
    });
  });

  it('R4: not for one that is disabled further down, in the reserved pool around it', () => {
    const s = scenario('a', 'j under a', 'j1 under j', 'g under a', 'i under g', 'i1 under i', 'i2 under i');
    s.restrict('a', units(12), null, { poolMode: 'reserved' }).restrict('j', units(6)).restrict('j1', units(5));
    for (const groupId of ['i', 'i1', 'i2']) s.restrict(groupId, units(4));
    expect(s.refusal(batch(s, [numbers(s, 'j', 3), s.restriction('i', [], { enabled: false })]))).toEqual({
      code: 'BATCH_REFUSED',
      items: [affected(0, 'j1')],
    });
  });

  it('not for a group whose own limit holds what is used in it', () => {
    const s = scenario('a', 'a1 under a', 'a2 under a');
    s.restrict('a', units(10));
    s.do(s.restriction('a1', [{ units: units(3) }], { newIds: ['x'] }));
    s.assign('a2', 'sip_number', 3);
    s.assign('a1', 'sip_number', 2);
    const reminded = s.restriction('a1', [{ allotmentId: 'x', units: units(3) }], { reminder: REMINDER });
    const suspensions = [{ groupId: 'a1', name: 'A1', resource: 'sip_number', count: 1 }];
    expect(s.refusal(batch(s, [reminded, numbers(s, 'a', 4)]))).toEqual({
      code: 'BATCH_REFUSED',
      items: [{ index: 1, refusal: { code: 'DESCENDANTS_AFFECTED', groups: [], suspensions } }],
    });
  });

  it('not for a restriction that is refused for its own allotments', () => {
    const s = scenario('a', 'a1 under a');
    s.restrict('a', units(10)).restrict('a1', units(8));
    expect(s.refusal(batch(s, [s.restriction('a', [{ units: units(5, 0, 1) }])]))).toEqual({
      code: 'BATCH_REFUSED',
      items: [
        {
          index: 0,
          refusal: {
            code: 'LIMIT_EXCEEDED',
            resource: 'ukey2',
            requested: 1,
            available: 0,
            limitedBy: { groupId: null, name: 'Hafenblick', limit: 0, validUntil: null },
            at: START,
          },
        },
      ],
    });
  });

  it('cascade: suspends what no longer fits in a group that is clamped around the batch', () => {
    const s = scenario('a', 'a1 under a', 'a2 under a');
    s.restrict('a', units(10), null, { poolMode: 'reserved' }).restrict('a1', units(4));
    s.do(s.restriction('a2', [{ units: units(4) }], { newIds: ['x'] }));
    const [, second, third] = s.assign('a2', 'sip_number', 3);
    const items = [numbers(s, 'a', 6, { poolMode: 'reserved' }), numbers(s, 'a1', 5)];
    const allotments = [{ allotmentId: 'x', units: units(1) }];
    const assignments = [second, third].map((assignmentId) => ({ assignmentId, groupId: 'a2' }));
    expect(s.do(batch(s, items, { cascade: true }))).toMatchObject([
      { type: 'RestrictionChanged', data: { groupId: 'a' } },
      { type: 'RestrictionChanged', data: { groupId: 'a1' } },
      { type: 'AllotmentsClamped', data: { groupId: 'a2', causedByGroupId: 'a', allotments } },
      { type: 'AssignmentsSuspended', data: { assignments } },
    ]);
  });

  it('cascade: names the nearest group of the batch above a clamped group as the cause, as a refusal does', () => {
    const s = scenario('a', 'b under a', 'c under b', 'd under a');
    s.restrict('a', units(10)).restrict('b', units(8)).restrict('c', units(6)).restrict('d', units(6));
    const items = [numbers(s, 'a', 5), numbers(s, 'b', 4)];
    expect(s.refusal(batch(s, items))).toEqual({ code: 'BATCH_REFUSED', items: [affected(0, 'd'), affected(1, 'c')] });
    expect(s.do(batch(s, items, { cascade: true }))).toMatchObject([
      { type: 'RestrictionChanged', data: { groupId: 'a' } },
      { type: 'RestrictionChanged', data: { groupId: 'b' } },
      { type: 'AllotmentsClamped', data: { groupId: 'd', causedByGroupId: 'a', allotments: [{ units: units(5) }] } },
      { type: 'AllotmentsClamped', data: { groupId: 'c', causedByGroupId: 'b', allotments: [{ units: units(4) }] } },
    ]);
  });

  it('U5: not for what was suspended before it, at the end of a term', () => {
    const s = scenario('a', 'b');
    s.restrict('b', units(3), day('2026-07-01')).assign('b', 'sip_number', 3);
    s.now = day('2026-07-02');
    expect(s.do(numbers(s, 'a', 5) as ProjectCommandOf<'SetRestriction'>).map(({ type }) => type)).toEqual([
      'AllotmentsEnded',
      'AssignmentsSuspended',
      'RestrictionChanged',
    ]);
  });
});
