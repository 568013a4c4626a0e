import type { GroupsEvent, GroupsEventData, GroupsEventType } from '@allotree/contracts';
import type { PlacedGroup } from '@allotree/domain';
import type { ProjectWish } from '../../projects.js';

type Translations = {
  readonly [Type in GroupsEventType]?: (data: GroupsEventData<Type>) => { projectId: string; wish: ProjectWish };
};

const placed = ({ groupId, parentId, type, name }: PlacedGroup): PlacedGroup => ({ groupId, parentId, type, name });

/** A fact of the group service about a project -> the command that makes it one of the project's stream. */
const TRANSLATIONS: Translations = {
  'allotree.project-created.v1': ({ projectId, tenantId, partnerId, name, timeZone, billingMode }) => ({
    projectId,
    wish: { type: 'OpenProject', projectId, tenantId, partnerId, name, timeZone, billingMode },
  }),
  'allotree.project-closed.v1': ({ projectId, reason }) => ({ projectId, wish: { type: 'CloseProject', reason } }),
  'allotree.groups-placed.v1': ({ projectId, groups }) => ({
    projectId,
    wish: { type: 'PlaceGroups', groups: groups.map(placed) },
  }),
  'allotree.group-changed.v1': ({ projectId, groupId, type, name }) => ({
    projectId,
    wish: { type: 'ChangeGroup', groupId, groupType: type, name },
  }),
  'allotree.group-moved.v1': ({ projectId, groupId, parentId }) => ({
    projectId,
    wish: { type: 'RelocateGroup', groupId, parentId },
  }),
  'allotree.group-removed.v1': ({ projectId, groupId }) => ({ projectId, wish: { type: 'RemoveGroup', groupId } }),
  'allotree.member-removed.v1': ({ projectId, memberId, userId, groupId }) => ({
    projectId,
    wish: { type: 'RemoveMember', memberId, userId, groupId },
  }),
  'allotree.device-registered.v1': ({ projectId, serialNumber, groupId }) => ({
    projectId,
    wish: { type: 'AddDevice', serialNumber, groupId },
  }),
  'allotree.device-removed.v1': ({ projectId, serialNumber }) => ({
    projectId,
    wish: { type: 'RemoveDevice', serialNumber },
  }),
};

/** `null`: a fact that changes nothing in a project's licensing. */
export function projectWishOf(event: GroupsEvent): { projectId: string; wish: ProjectWish } | null {
  const translate = TRANSLATIONS[event.type] as
    ((data: GroupsEvent['data']) => { projectId: string; wish: ProjectWish }) | undefined;
  return translate?.(event.data) ?? null;
}
