import { describe, expect, it } from '@jest/globals';
import type { ProjectCommand } from '../model/commands.js';
import type { ProjectRefusal } from '../model/refusals.js';
import { ProjectScenario, day } from '../project-scenario.harness.js';

const START = day('2026-06-01');
const now = START;
const ANOTHER_ROOT = { groupId: 'x', parentId: null, type: 'company', name: 'X' } as const;

const scenario = (): ProjectScenario => new ProjectScenario(START).open().place('a', 'a1 under a');

describe('facts of the group service', () => {
  it('are recorded once: opening a project again changes nothing', () => {
    const s = scenario();
    expect(s.events.map(({ type }) => type)).toEqual(['ProjectOpened', 'GroupsPlaced', 'GroupsPlaced']);
    expect(s.open().events).toHaveLength(3);
  });

  it.each([
    ['name', { groupType: 'custom', name: 'Tower' }],
    ['type', { groupType: 'building', name: 'A' }],
  ] as const)('record a change of the %s alone', (_what, { groupType, name }) => {
    expect(scenario().do({ type: 'ChangeGroup', now, groupId: 'a', groupType, name })).toEqual([
      { type: 'GroupChanged', at: START, data: { groupId: 'a', type: groupType, name } },
    ]);
  });

  const unknown = { code: 'NOT_FOUND', what: 'group', id: 'x' } as const;
  it.each<[string, ProjectCommand, ProjectRefusal]>([
    [
      'a change of an unknown group',
      { type: 'ChangeGroup', now, groupId: 'x', groupType: 'custom', name: 'X' },
      unknown,
    ],
    ['a move to an unknown group', { type: 'RelocateGroup', now, groupId: 'a', parentId: 'x' }, unknown],
    ['a root beside the root', { type: 'PlaceGroups', now, groups: [ANOTHER_ROOT] }, unknown],
    [
      'a move below the group itself',
      { type: 'RelocateGroup', now, groupId: 'a', parentId: 'a1' },
      { code: 'VALIDATION', field: 'parentId', message: 'lies in the group itself' },
    ],
    [
      'the removal of the root',
      { type: 'RemoveGroup', now, groupId: 'p' },
      { code: 'VALIDATION', field: 'groupId', message: 'is the root of the project' },
    ],
  ])('are refused where they contradict the tree: %s', (_what, command, refusal) => {
    expect(scenario().refusal(command)).toEqual(refusal);
  });
});
