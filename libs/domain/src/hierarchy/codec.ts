import { AS_IS, eventCodec } from '../stored-events.js';
import type { TreeEvent } from './events.js';

/** The stored form of the events of a group tree. */
export const treeCodec = eventCodec<TreeEvent>('a group tree')({
  ProjectCreated: AS_IS,
  ProjectClosed: AS_IS,
  GroupCreated: AS_IS,
  GroupsGenerated: AS_IS,
  SubtreeAdopted: AS_IS,
  GroupDetailsChanged: AS_IS,
  GroupMoved: AS_IS,
  SubtreeRemoved: AS_IS,
  MemberAdded: AS_IS,
  MemberRemoved: AS_IS,
  DeviceAdded: AS_IS,
  DeviceExternalIdChanged: AS_IS,
  DeviceRemoved: AS_IS,
});
