import { describe, expect, it } from '@jest/globals';
import { groupTreeAggregate, type TreeCommand, type TreeEvent } from './index.js';
import { created, projectId } from './tree.fixture.js';

const member = { memberId: 'm', groupId: 'a', userId: 'u', email: 'kim@example.com', name: 'Kim', role: 'user' };
const device = { serialNumber: 'SN1', groupId: 'a', model: 'AA-12', claimId: 'c' };
const run = { newId: 'n', parentId: 'a', levels: ['unit'], level: [0], parents: [-1], names: ['Unit 9'] } as const;
const origin = { projectId: 'other', groupId: 'x' };

const EVENTS: readonly (readonly [event: TreeEvent, settings: readonly string[]])[] = [
  [created, ['group hafenblick']],
  [{ type: 'ProjectClosed', data: { projectId, reason: 'Sold' } }, ['group hafenblick']],
  [{ type: 'GroupCreated', data: { groupId: 'a', parentId: projectId, type: 'unit', name: 'A' } }, ['group a']],
  [{ type: 'GroupDetailsChanged', data: { groupId: 'a', type: 'unit', name: 'B' } }, ['group a']],
  [{ type: 'GroupMoved', data: { groupId: 'a', parentId: 'b' } }, ['group a']],
  [{ type: 'SubtreeRemoved', data: { groupId: 'a' } }, ['group a']],
  [{ type: 'GroupsGenerated', data: { ...run, first: 0 } }, []],
  [{ type: 'SubtreeAdopted', data: { ...run, first: 0, origin } }, []],
  [{ type: 'MemberAdded', data: member }, []],
  [{ type: 'MemberRemoved', data: member }, []],
  [{ type: 'DeviceAdded', data: device }, []],
  [{ type: 'DeviceExternalIdChanged', data: { serialNumber: 'SN1', groupId: 'a', externalId: 'E1' } }, []],
  [{ type: 'DeviceRemoved', data: device }, []],
];

const COMMANDS: readonly (readonly [command: TreeCommand, setting: string | null])[] = [
  [{ type: 'CloseProject', projectId, reason: 'Sold' }, 'group hafenblick'],
  [{ type: 'ChangeGroupDetails', projectId, groupId: 'a', groupType: null, name: 'B' }, 'group a'],
  [{ type: 'MoveGroup', projectId, groupId: 'a', parentId: 'b' }, 'group a'],
  [{ type: 'RemoveSubtree', projectId, groupId: 'a' }, 'group a'],
  [{ type: 'CreateGroup', projectId, groupId: 'a', parentId: projectId, groupType: 'unit', name: 'A' }, null],
  [{ type: 'AddMember', projectId, ...member }, null],
  [{ type: 'RemoveDevice', projectId, groupId: 'a', serialNumber: 'SN1' }, null],
];

describe('the revision of a group', () => {
  it.each(EVENTS.map(([event, settings]) => [event.type, settings, event] as const))(
    'is changed by events of the group itself alone: %s changes %j',
    (_type, settings, event) => {
      expect(groupTreeAggregate.settingsOf(event)).toStrictEqual(settings);
    },
  );

  it.each(COMMANDS.map(([command, setting]) => [command.type, setting, command] as const))(
    'is compared for commands that change the group itself: %s changes %j',
    (_type, setting, command) => {
      expect(groupTreeAggregate.settingOf(command)).toBe(setting);
    },
  );
});
