import type { TreeEvent, TreeEventType } from './events.js';

/**
 * Stored type of each event and the event a stored type is read as. Payloads are stored as they are; a breaking change
 * gets a `<Type>.v2` here, with a bridge from the old form in `decodeTreeEvent`.
 */
const STORED_TYPES: { readonly [Type in TreeEventType]: string } = {
  ProjectCreated: 'ProjectCreated',
  ProjectClosed: 'ProjectClosed',
  GroupCreated: 'GroupCreated',
  GroupsGenerated: 'GroupsGenerated',
  SubtreeAdopted: 'SubtreeAdopted',
  GroupDetailsChanged: 'GroupDetailsChanged',
  GroupMoved: 'GroupMoved',
  SubtreeRemoved: 'SubtreeRemoved',
  MemberAdded: 'MemberAdded',
  MemberRemoved: 'MemberRemoved',
  DeviceAdded: 'DeviceAdded',
  DeviceRemoved: 'DeviceRemoved',
};

const EVENT_TYPES = new Map(Object.entries(STORED_TYPES).map(([type, stored]) => [stored, type as TreeEventType]));

export const encodeTreeEvent = (event: TreeEvent): { type: string; data: unknown } => ({
  type: STORED_TYPES[event.type],
  data: event.data,
});

/** Throws on a type it does not know: a stream is never read past an event nobody understands. */
export const decodeTreeEvent = (stored: string, data: unknown): TreeEvent => {
  const type = EVENT_TYPES.get(stored);
  if (!type) throw new Error(`unknown event type in a group tree: ${stored}`);
  return { type, data } as TreeEvent;
};
