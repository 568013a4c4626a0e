import type { GroupsEvent, GroupsEventData, GroupsEventType } from '@allotree/contracts';
import type { PlacedGroup } from '@allotree/domain';
import type { ProjectRequest } from '../../projects.js';

type Translations = {
  readonly [Type in GroupsEventType]?: (data: GroupsEventData<Type>) => { projectId: string; request: ProjectRequest };
};

const placed = ({ groupId, parentId, type, name }: PlacedGroup): PlacedGroup => ({ groupId, parentId, type, name });

/** A fact of the group service about a project -> the command that makes it one of the project's stream. */
const TRANSLATIONS: Translations = {
  'allotree.project-created.v1': ({ projectId, tenantId, partnerId, name, timeZone, billingMode }) => ({
    projectId,
    request: { type: 'OpenProject', projectId, tenantId, partnerId, name, timeZone, billingMode },
  }),
  'allotree.project-closed.v1': ({ projectId, reason }) => ({ projectId, request: { type: 'CloseProject', reason } }),
  'allotree.groups-placed.v1': ({ projectId, groups }) => ({
    projectId,
    request: { type: 'PlaceGroups', groups: groups.map(placed) },
  }),
  'allotree.group-changed.v1': ({ projectId, groupId, type, name }) => ({
    projectId,
    request: { type: 'ChangeGroup', groupId, groupType: type, name },
  }),
  'allotree.group-moved.v1': ({ projectId, groupId, parentId }) => ({
    projectId,
    request: { type: 'RelocateGroup', groupId, parentId },
  }),
  'allotree.group-removed.v1': ({ projectId, groupId }) => ({ projectId, request: { type: 'RemoveGroup', groupId } }),
  'allotree.member-removed.v1': ({ projectId, memberId, userId, groupId }) => ({
    projectId,
    request: { type: 'RemoveMember', memberId, userId, groupId },
  }),
  'allotree.device-registered.v1': ({ projectId, serialNumber, groupId }) => ({
    projectId,
    request: { type: 'AddDevice', serialNumber, groupId },
  }),
  'allotree.device-removed.v1': ({ projectId, serialNumber }) => ({
    projectId,
    request: { type: 'RemoveDevice', serialNumber },
  }),
};

/** `null`: a fact that changes nothing in a project's licensing. */
export function projectRequestOf(event: GroupsEvent): { projectId: string; request: ProjectRequest } | null {
  const translate = TRANSLATIONS[event.type] as
    ((data: GroupsEvent['data']) => { projectId: string; request: ProjectRequest }) | undefined;
  return translate?.(event.data) ?? null;
}
