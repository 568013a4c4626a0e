import { describe, expect, it } from '@jest/globals';
import { VENDOR } from '../limits/authority.js';
import type { ProjectCommand } from '../model/commands.js';
import { encodeSnapshot } from '../model/snapshot.js';
import { ProjectScenario, day, units } from '../project-scenario.harness.js';
import { rehearse } from './rehearsal.js';

const START = day('2026-06-01');

/** Building a uses two numbers, building b can hold one. */
function scenario(): ProjectScenario {
  const s = new ProjectScenario(START).open().place('a', 'b');
  s.plus(units(10));
  s.restrict('b', units(1)).assign('a', 'sip_number', 2);
  return s;
}

const move = (groupId: string, parentId: string): ProjectCommand => ({
  type: 'RelocateGroup',
  now: START,
  groupId,
  parentId,
});

describe('R7: a rehearsal of several commands', () => {
  it('decides each on the state after those before it, and records nothing', () => {
    const s = scenario();
    const before = encodeSnapshot(s.state);
    const groups = [{ groupId: 'c', parentId: 'p', type: 'custom', name: 'C' }] as const;
    const { newIds: _, ...restriction } = s.restriction('c', [{ units: units(1) }]);
    const assignment = s.assignment('c', 'sip_number', { assignmentId: 'n' });
    const { enabled, poolMode, gracePeriodDays, reminder } = restriction;
    const allotments = [
      { allotmentId: 'x', type: 'plus', units: units(1), features: [], validFrom: START, validUntil: null },
    ];
    expect(
      rehearse(s.state, [
        { type: 'PlaceGroups', now: START, groups },
        { ...restriction, newIds: ['x'] },
        assignment,
        move('c', 'b'),
      ]),
    ).toEqual({
      events: [
        { type: 'GroupsPlaced', at: START, data: { groups } },
        {
          type: 'RestrictionChanged',
          at: START,
          data: { groupId: 'c', enabled, poolMode, gracePeriodDays, reminder, allotments, place: VENDOR },
        },
        {
          type: 'AssignmentMade',
          at: START,
          data: {
            assignmentId: 'n',
            groupId: 'c',
            resource: 'sip_number',
            label: null,
            holder: null,
            sipAssignmentId: null,
          },
        },
        { type: 'GroupRelocated', at: START, data: { groupId: 'c', parentId: 'b' } },
      ],
      refusals: [],
    });
    expect(encodeSnapshot(s.state)).toEqual(before);
  });

  it('names what is refused by its place, a move that does not fit as well, and goes on without it', () => {
    const s = scenario();
    const commands = [move('a', 'b'), s.assignment('b'), s.assignment('b'), move('b', 'a')];
    const { events, refusals } = rehearse(s.state, commands);
    expect(events.map(({ type }) => type)).toEqual(['AssignmentMade', 'GroupRelocated']);
    const limitedBy = { groupId: 'b', name: 'B', limit: 1, validUntil: null };
    expect(refusals).toEqual([
      {
        index: 0,
        refusal: {
          code: 'DESCENDANTS_AFFECTED',
          groups: [],
          suspensions: [{ groupId: 'a', name: 'A', resource: 'sip_number', count: 1 }],
          shortage: { resource: 'sip_number', requested: 2, available: 1, limitedBy },
        },
      },
      {
        index: 2,
        refusal: { code: 'LIMIT_EXCEEDED', resource: 'sip_number', requested: 1, available: 0, limitedBy, at: START },
      },
    ]);
  });
});
