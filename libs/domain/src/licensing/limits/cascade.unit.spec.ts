import { describe, expect, it } from '@jest/globals';
import { FEATURES, type Units } from '../../words.js';
import { VENDOR } from './authority.js';
import type { AllotmentInput } from '../model/commands.js';
import type { ProjectEvent } from '../model/events.js';
import { ProjectScenario, day, units } from '../project-scenario.harness.js';
import { restrictionOf } from '../queries/quota.js';

const START = day('2026-06-01');
const JULY = day('2026-07-01');
const AUGUST = day('2026-08-01');
const OCTOBER = day('2026-10-01');
const NOVEMBER = day('2026-11-01');
const DECEMBER = day('2026-12-01');

type Allotments = readonly Partial<AllotmentInput>[];

/** An unlimited project. Building a is unlimited too; b is not restricted; a1 and a2 are in a, a11 and a12 in a1. */
function scenario(options: { readonly poolMode?: 'shared' | 'reserved' } = {}): ProjectScenario {
  const s = new ProjectScenario(START)
    .open()
    .place('a', 'b', 'a1 under a', 'a2 under a', 'a11 under a1', 'a12 under a1');
  s.plus(units(null, null, null));
  s.do(s.restriction('a', [{ units: units(null, null, null), features: FEATURES }], { newIds: ['top'], ...options }));
  return s;
}

/** Sets a restriction; the ids of its allotments are g-1, g-2, ... for a group g. */
const allot = (s: ProjectScenario, groupId: string, allotments: Allotments): readonly ProjectEvent[] =>
  s.do(s.restriction(groupId, allotments, { newIds: allotments.map((_, index) => `${groupId}-${index + 1}`) }));

const lowering = (s: ProjectScenario, allotments: Allotments, poolMode: 'shared' | 'reserved' = 'shared') =>
  s.restriction('a', allotments, { poolMode });

/** What a cascade leaves of each group that it clamps. */
const clamped = (events: readonly ProjectEvent[]): Record<string, readonly unknown[]> =>
  Object.fromEntries(
    events.flatMap((event) =>
      event.type === 'AllotmentsClamped'
        ? [[event.data.groupId, event.data.allotments.map(({ units: has, validUntil }) => [has, validUntil])]]
        : [],
    ),
  );

const affected = (s: ProjectScenario, allotments: Allotments): unknown[] => {
  const refusal = s.refusal(lowering(s, allotments));
  return refusal.code === 'DESCENDANTS_AFFECTED' ? refusal.groups.map(({ groupId }) => groupId) : [refusal];
};

describe('R6: what a cascade leaves of the allotments below', () => {
  const keysUntilDecember = { units: units(0, 0, 9), validUntil: DECEMBER };

  it.each<[string, Allotments, Allotments, readonly [Units, number | null][]]>([
    [
      'brings an end forward to where nothing of the kind is left above, whatever else is',
      [{ units: units(4), validUntil: NOVEMBER }],
      [{ units: units(9), validUntil: OCTOBER }, keysUntilDecember],
      [[units(4), OCTOBER]],
    ],
    [
      'keeps an end while one of several kinds lasts above, and reduces the others',
      [{ units: units(4, 0, 1), validUntil: NOVEMBER }],
      [{ units: units(9), validUntil: OCTOBER }, keysUntilDecember],
      [[units(0, 0, 1), NOVEMBER]],
    ],
    [
      'drops an allotment that would start where nothing is left',
      [
        { units: units(4), validUntil: AUGUST },
        { units: units(5), validFrom: AUGUST, validUntil: NOVEMBER },
      ],
      [{ units: units(9), validUntil: AUGUST }],
      [[units(4), AUGUST]],
    ],
    [
      'keeps the term of an allotment without units',
      [
        { features: ['siri'], validUntil: NOVEMBER },
        { units: units(4), validUntil: NOVEMBER },
      ],
      [{ units: units(9), features: ['siri'], validUntil: OCTOBER }],
      [
        [units(), NOVEMBER],
        [units(4), OCTOBER],
      ],
    ],
    [
      'looks at every allotment, not only at the first',
      [
        { units: units(2), validUntil: AUGUST },
        { units: units(6), validFrom: AUGUST, validUntil: NOVEMBER },
      ],
      [{ units: units(5) }],
      [
        [units(2), AUGUST],
        [units(5), NOVEMBER],
      ],
    ],
    [
      'takes nothing from an allotment that starts after the shortage',
      [
        { units: units(6), validUntil: NOVEMBER },
        { units: units(2), validFrom: AUGUST, validUntil: NOVEMBER },
      ],
      [
        { units: units(5), validUntil: AUGUST },
        { units: units(9), validFrom: AUGUST },
      ],
      [
        [units(5), NOVEMBER],
        [units(2), NOVEMBER],
      ],
    ],
    [
      'takes nothing from an allotment that ends where the shortage starts',
      [
        { units: units(6), validUntil: NOVEMBER },
        { units: units(2), validUntil: JULY },
      ],
      [
        { units: units(8), validUntil: JULY },
        { units: units(5), validFrom: JULY },
      ],
      [
        [units(5), NOVEMBER],
        [units(2), JULY],
      ],
    ],
    [
      'takes apps along with numbers, so that each still has one (R1)',
      [{ units: units(4) }, { units: units(4, 4) }],
      [{ units: units(5, 4) }],
      [
        [units(4), null],
        [units(1, 1), null],
      ],
    ],
    [
      'takes a newer allotment whole where an older one is unlimited',
      [{ units: units(null) }, { units: units(3) }],
      [{ units: units(9) }],
      [
        [units(9), null],
        [units(0), null],
      ],
    ],
  ])('%s', (_rule, below, above, left) => {
    const s = scenario();
    allot(s, 'a1', below);
    expect(affected(s, above)).toEqual(['a1']);
    expect(clamped(s.do({ ...lowering(s, above), cascade: true }))).toEqual({ a1: left });
  });

  it('takes from the newest allotment, wherever it is in the list', () => {
    const s = scenario();
    allot(s, 'a1', [{ units: units(6) }]);
    s.do(s.restriction('a1', [{ units: units(2) }, { allotmentId: 'a1-1', units: units(6) }]));
    expect(clamped(s.do({ ...lowering(s, [{ units: units(7) }]), cascade: true }))).toEqual({
      a1: [
        [units(1), null],
        [units(6), null],
      ],
    });
  });

  it('leaves what has ended as it was (R2)', () => {
    const s = scenario();
    allot(s, 'a1', [{ units: units(3), features: ['siri'], validUntil: JULY }, { units: units(9) }]);
    s.on(AUGUST);
    expect(s.do({ ...lowering(s, [{ units: units(5) }]), cascade: true }).at(-1)).toEqual({
      type: 'AllotmentsClamped',
      at: AUGUST,
      data: {
        groupId: 'a1',
        causedByGroupId: 'a',
        allotments: [
          {
            allotmentId: 'a1-1',
            type: 'plus',
            units: units(3),
            features: ['siri'],
            validFrom: START,
            validUntil: JULY,
          },
          { allotmentId: 'a1-2', type: 'plus', units: units(5), features: [], validFrom: START, validUntil: null },
        ],
      },
    });
  });
});

describe('R6: how far down a change reaches', () => {
  it('reaches through groups that it affects', () => {
    const s = scenario();
    allot(s, 'a1', [{ units: units(8) }]);
    allot(s, 'a11', [{ units: units(7) }]);
    allot(s, 'a12', [{ units: units(5) }]);
    const above = [{ units: units(6) }];
    expect(affected(s, above)).toEqual(['a1', 'a11']);
    expect(clamped(s.do({ ...lowering(s, above), cascade: true }))).toEqual({
      a1: [[units(6), null]],
      a11: [[units(6), null]],
    });
  });

  it('reaches through a group without an end, which it only clips, to one below that has an end', () => {
    const s = scenario();
    allot(s, 'a1', [{ units: units(8) }]);
    allot(s, 'a11', [{ units: units(7), validUntil: NOVEMBER }]);
    const above = [{ units: units(9), validUntil: OCTOBER }];
    expect(affected(s, above)).toEqual(['a11']);
    expect(clamped(s.do({ ...lowering(s, above), cascade: true }))).toEqual({ a11: [[units(7), OCTOBER]] });
  });

  it('R8: reaches the groups below one that gives units away', () => {
    const s = scenario();
    allot(s, 'a1', [{ units: units(8) }]);
    allot(s, 'a2', [{ units: units(1) }]);
    allot(s, 'a11', [{ units: units(7) }]);
    const move = {
      type: 'TransferAllotments',
      now: START,
      fromGroupId: 'a1',
      toGroupId: 'a2',
      units: { sip_number: 3, mobile_app: 0, ukey2: 0 },
      reason: 'needed more',
      newId: 'moved',
      cascade: false,
      authority: VENDOR,
      toAuthority: VENDOR,
    } as const;
    expect(s.refusal(move)).toEqual({
      code: 'DESCENDANTS_AFFECTED',
      groups: [{ groupId: 'a11', name: 'A11' }],
      suspensions: [],
    });
    expect(s.do({ ...move, cascade: true }).at(-1)).toMatchObject({
      type: 'AllotmentsClamped',
      data: { groupId: 'a11', causedByGroupId: 'a1', allotments: [{ units: units(5) }] },
    });
  });
});

describe('R4, R6: a reserved pool that becomes smaller', () => {
  const tenFromJuly = [
    { units: units(null, null, null), validUntil: JULY },
    { units: units(10), validFrom: JULY },
  ];

  it('leaves nothing beside a group that it promised everything to', () => {
    const s = scenario({ poolMode: 'reserved' });
    allot(s, 'a1', [{ units: units(null) }]);
    allot(s, 'a2', [{ units: units(4), validUntil: NOVEMBER }]);
    const smaller = { ...lowering(s, tenFromJuly, 'reserved'), cascade: true };
    expect(clamped(s.do(smaller))).toEqual({ a2: [[units(0), NOVEMBER]] });
  });

  it('takes from a newer, unlimited allotment only what is promised to others', () => {
    const s = scenario({ poolMode: 'reserved' });
    allot(s, 'a1', [{ units: units(4), validUntil: NOVEMBER }]);
    allot(s, 'a2', [{ units: units(null), features: ['siri'] }]);
    const smaller = { ...lowering(s, tenFromJuly, 'reserved'), cascade: true };
    expect(clamped(s.do(smaller))).toEqual({ a1: [[units(4), NOVEMBER]], a2: [[units(6), null]] });
    expect(restrictionOf(s.state, 'a2', START)!.allotments[0]!.features).toEqual([]);
  });
});
