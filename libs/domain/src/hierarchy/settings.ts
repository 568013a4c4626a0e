import type { TreeCommand } from './commands.js';
import type { TreeEvent } from './events.js';

/** A group's name, type and place have a revision of their own, so that one form can be saved while another changes. */
export const groupSetting = (groupId: string): string => `group ${groupId}`;

/** The settings an event changes. Generated groups begin at the revision of the start of the stream. */
export function treeSettingsOf(event: TreeEvent): readonly string[] {
  switch (event.type) {
    case 'ProjectCreated':
    case 'ProjectClosed':
      return [groupSetting(event.data.projectId)];
    case 'GroupCreated':
    case 'GroupDetailsChanged':
    case 'GroupMoved':
    case 'SubtreeRemoved':
      return [groupSetting(event.data.groupId)];
    default:
      return [];
  }
}

/** The setting a command changes; `null`: none of its own. */
export function treeSettingOf(command: TreeCommand): string | null {
  switch (command.type) {
    case 'CloseProject':
      return groupSetting(command.projectId);
    case 'ChangeGroupDetails':
    case 'MoveGroup':
    case 'RemoveSubtree':
      return groupSetting(command.groupId);
    default:
      return null;
  }
}
