import { describe, expect, it } from '@jest/globals';
import { VENDOR } from '../limits/authority.js';
import type { AssignmentInput, ProjectCommand } from '../model/commands.js';
import type { MadeAssignment } from '../model/events.js';
import { ProjectScenario, day, units } from '../project-scenario.harness.js';

const START = day('2026-06-01');

/** Twenty of everything; building a is restricted to four numbers and four apps, b is not. */
function scenario(): ProjectScenario {
  const s = new ProjectScenario(START).open().place('a', 'a1', 'b');
  s.plus(units(20, 20, 20));
  return s.restrict('a', units(4, 4, 4));
}

const unit = (assignmentId: string, more: Partial<AssignmentInput> = {}): AssignmentInput => ({
  groupId: 'b',
  resource: 'sip_number',
  label: null,
  holder: null,
  assignmentIds: [assignmentId],
  ...more,
});
const assigning = (items: readonly AssignmentInput[], mode: 'all' | 'each' = 'all'): ProjectCommand => ({
  type: 'AssignUnits',
  now: START,
  items,
  mode,
  authorities: [VENDOR],
});
const made = (assignmentId: string, more: Partial<MadeAssignment> = {}): MadeAssignment => ({
  assignmentId,
  groupId: 'b',
  resource: 'sip_number',
  label: null,
  holder: null,
  sipAssignmentId: null,
  ...more,
});
const recorded = (...assignments: readonly MadeAssignment[]) => [
  { type: 'AssignmentsMade', at: START, data: { assignments } },
];
const app = { resource: 'mobile_app' } as const;
const key = { resource: 'ukey2' } as const;

describe('the numbers that apps of a batch are paired with', () => {
  it('are those of the batch as well, and one each is enough', () => {
    const s = scenario();
    const [known = ''] = s.assign('b');
    expect(s.do(assigning([unit('app1', app), unit('app2', app), unit('n', {})]))).toStrictEqual(
      recorded(
        made('n'),
        made('app1', { ...app, sipAssignmentId: known }),
        made('app2', { ...app, sipAssignmentId: 'n' }),
      ),
    );
  });

  it.each(['all', 'each'] as const)('are no UKEY2 (%s)', (mode) => {
    const s = scenario();
    const items = [unit('k', key), unit('app', app)];
    if (mode === 'each') expect(s.do(assigning(items, mode))).toStrictEqual(recorded(made('k', key)));
    else
      expect(s.refusal(assigning(items))).toStrictEqual({
        code: 'BATCH_REFUSED',
        items: [{ index: 1, refusal: { code: 'NO_SIP_NUMBER', groupId: 'b' } }],
      });
  });
});

describe('the order of a batch', () => {
  it.each<[string, readonly Partial<AssignmentInput>[]]>([
    ['by group', [{ groupId: 'a', label: 'z' }, { groupId: 'a1' }]],
    ['by label, without one first', [{}, { label: 'A' }, { label: 'B' }]],
    ['by holder, without one first', [{}, { holder: 'Ali' }, { holder: 'Eva' }]],
  ])('is %s, whatever the list says', (_case, ordered) => {
    const last = ordered.length - 1;
    const items = ordered.map((more, place) => unit(`n${last - place}`, more));
    const expected = recorded(
      ...items.map(({ assignmentIds, groupId, label, holder }) => made(assignmentIds[0]!, { groupId, label, holder })),
    );
    for (const list of [items, [...items].reverse()]) expect(scenario().do(assigning(list))).toStrictEqual(expected);
  });

  it.each([
    [1, 2, 0],
    [2, 1, 0],
  ])('in which units are released is that of their creation', (...places) => {
    const s = scenario();
    const numbers = s.assign('b', 'sip_number', 3);
    const assignmentIds = places.map((place) => numbers[place]!);
    const assignments = numbers.map((assignmentId) => ({ assignmentId, groupId: 'b', resource: 'sip_number' }));
    expect(s.do({ type: 'ReleaseAssignments', now: START, assignmentIds, authorities: [VENDOR] })).toStrictEqual([
      { type: 'AssignmentsReleased', at: START, data: { assignments, reason: 'released' } },
    ]);
  });
});

describe('a refused item of a batch', () => {
  it('takes no units from the others if it cannot be read', () => {
    const s = scenario();
    const four = (label: string | null, prefix: string) =>
      unit('', { groupId: 'a', label, assignmentIds: [1, 2, 3, 4].map((n) => `${prefix}${n}`) });
    expect(s.refusal(assigning([four('a\u0000b', 'm'), four(null, 'n')]))).toStrictEqual({
      code: 'BATCH_REFUSED',
      items: [
        {
          index: 0,
          refusal: {
            code: 'VALIDATION',
            field: 'label',
            message: 'must not contain characters that cannot be seen',
          },
        },
      ],
    });
  });

  it('names the limit of the person that is too small for all of them', () => {
    const s = scenario();
    s.do({
      type: 'SetMemberLimits',
      now: START,
      groupId: 'b',
      userId: 'eva',
      limits: units(1, null, null),
      featuresOff: [],
      authority: VENDOR,
    });
    const refusal = {
      code: 'LIMIT_EXCEEDED',
      resource: 'sip_number',
      requested: 2,
      available: 1,
      limitedBy: { groupId: 'b', name: 'B', userId: 'eva', limit: 1, validUntil: null },
      at: START,
    };
    expect(s.refusal(assigning([unit('n1', { holder: 'eva' }), unit('n2', { holder: 'eva' })]))).toStrictEqual({
      code: 'BATCH_REFUSED',
      items: [0, 1].map((index) => ({ index, refusal })),
    });
  });
});
