import {
  generatedId,
  type DeviceFacts,
  type GeneratedGroups,
  type MemberFacts,
  type ProjectFacts,
  type TreeEvent,
} from './events.js';
import { describe, emptyTree, insert, move, NONE, removeSubtree, type Tree } from './tree.js';
import type { GroupType } from '../words.js';
import { noExternalIds, putExternalId, type ExternalIds } from '../external-ids.js';
import { emailKey } from '../people/email.js';
import { serialKey } from '../names.js';

/** A device that is in the tree, or (`groupId: null`) the claim of its last stay. */
export interface KnownDevice {
  readonly claimId: string;
  readonly groupId: string | null;
  readonly model: string;
}

/** One project: its groups, members and devices. Stream `group_tree-<projectId>`. */
export interface GroupTreeState {
  project: ProjectFacts | null;
  /** Why the project was closed; `null`: it is open. */
  closedReason: string | null;
  readonly tree: Tree;
  readonly members: Map<string, MemberFacts>;
  /** By group id: member id by e-mail address. */
  readonly membersOf: Map<string, Map<string, string>>;
  readonly devices: Map<string, KnownDevice>;
  /** By the key of a serial number: its spelling at the last arrival. */
  readonly serialNumbers: Map<string, string>;
  /** By group id: serial numbers. */
  readonly devicesOf: Map<string, Set<string>>;
  /** By group id, member id and serial number. */
  readonly externalIds: Readonly<Record<'group' | 'member' | 'device', ExternalIds>>;
}

export const initialGroupTree = (): GroupTreeState => ({
  project: null,
  closedReason: null,
  tree: emptyTree(),
  members: new Map(),
  membersOf: new Map(),
  devices: new Map(),
  serialNumbers: new Map(),
  devicesOf: new Map(),
  externalIds: { group: noExternalIds(), member: noExternalIds(), device: noExternalIds() },
});

export const addMember = (state: GroupTreeState, member: MemberFacts): void => {
  state.members.set(member.memberId, member);
  const ofGroup = state.membersOf.get(member.groupId) ?? new Map<string, string>();
  ofGroup.set(emailKey(member.email), member.memberId);
  state.membersOf.set(member.groupId, ofGroup);
  putExternalId(state.externalIds.member, member.memberId, member.externalId ?? null);
};

const removeMember = (state: GroupTreeState, member: MemberFacts): void => {
  state.members.delete(member.memberId);
  putExternalId(state.externalIds.member, member.memberId, null);
  const ofGroup = state.membersOf.get(member.groupId);
  ofGroup?.delete(emailKey(member.email));
  if (ofGroup?.size === 0) state.membersOf.delete(member.groupId);
};

export const addDevice = (
  state: GroupTreeState,
  serialNumber: string,
  { claimId, groupId, model, externalId }: KnownDevice & { readonly externalId?: string | null },
): void => {
  state.devices.set(serialNumber, { claimId, groupId, model });
  if (groupId === null) return;
  state.serialNumbers.set(serialKey(serialNumber), serialNumber);
  const ofGroup = state.devicesOf.get(groupId) ?? new Set<string>();
  ofGroup.add(serialNumber);
  state.devicesOf.set(groupId, ofGroup);
  putExternalId(state.externalIds.device, serialNumber, externalId ?? null);
};

/** The spelling of a serial number at its arrival in the tree; the given one if no such device is in the tree. */
export const knownSerialNumber = (state: GroupTreeState, serialNumber: string): string => {
  if ((state.devices.get(serialNumber)?.groupId ?? null) !== null) return serialNumber;
  const other = state.serialNumbers.get(serialKey(serialNumber)) ?? serialNumber;
  return (state.devices.get(other)?.groupId ?? null) === null ? serialNumber : other;
};

const removeDevice = (state: GroupTreeState, device: DeviceFacts): void => {
  state.devices.set(device.serialNumber, { claimId: device.claimId, groupId: null, model: device.model });
  putExternalId(state.externalIds.device, device.serialNumber, null);
  const ofGroup = state.devicesOf.get(device.groupId);
  ofGroup?.delete(device.serialNumber);
  if (ofGroup?.size === 0) state.devicesOf.delete(device.groupId);
};

const placeGenerated = ({ tree, externalIds }: GroupTreeState, run: GeneratedGroups): void => {
  const outer = tree.slots.get(run.parentId) as number;
  run.names.forEach((name, i) => {
    const parent = run.parents[i] as number;
    const groupId = generatedId(run.newId, run.first + i);
    putExternalId(externalIds.group, groupId, run.externalIds?.[i] ?? null);
    const group = {
      groupId,
      type: run.levels[run.level[i] as number] as GroupType,
      name,
    };
    insert(tree, group, parent === NONE ? outer : (tree.slots.get(generatedId(run.newId, parent)) as number));
  });
};

const slotOf = (state: GroupTreeState, groupId: string): number => state.tree.slots.get(groupId) as number;

const dropSubtree = (state: GroupTreeState, groupId: string): void => {
  for (const id of removeSubtree(state.tree, slotOf(state, groupId))) {
    // The first versions recorded no events of the members who left with a group.
    for (const memberId of state.membersOf.get(id)?.values() ?? []) state.members.delete(memberId);
    state.membersOf.delete(id);
    putExternalId(state.externalIds.group, id, null);
  }
};

/** Folds one event into the state, in place. */
export const evolveGroupTree = (state: GroupTreeState, event: TreeEvent): GroupTreeState => {
  switch (event.type) {
    case 'ProjectCreated': {
      const { name, ...project } = event.data;
      state.project = project;
      insert(state.tree, { groupId: project.projectId, type: 'company', name }, NONE);
      break;
    }
    case 'ProjectClosed':
      state.closedReason = event.data.reason;
      break;
    case 'GroupCreated':
      insert(state.tree, event.data, slotOf(state, event.data.parentId));
      putExternalId(state.externalIds.group, event.data.groupId, event.data.externalId ?? null);
      break;
    case 'GroupsGenerated':
    case 'SubtreeAdopted':
      placeGenerated(state, event.data);
      break;
    case 'GroupDetailsChanged':
      describe(state.tree, slotOf(state, event.data.groupId), event.data.type, event.data.name);
      if (event.data.externalId !== undefined)
        putExternalId(state.externalIds.group, event.data.groupId, event.data.externalId);
      break;
    case 'GroupMoved':
      move(state.tree, slotOf(state, event.data.groupId), slotOf(state, event.data.parentId));
      break;
    case 'SubtreeRemoved':
      dropSubtree(state, event.data.groupId);
      break;
    case 'MemberAdded':
      addMember(state, event.data);
      break;
    case 'MemberRemoved':
      removeMember(state, event.data);
      break;
    case 'DeviceAdded':
      addDevice(state, event.data.serialNumber, event.data);
      break;
    case 'DeviceExternalIdChanged':
      putExternalId(state.externalIds.device, event.data.serialNumber, event.data.externalId);
      break;
    case 'DeviceRemoved':
      removeDevice(state, event.data);
      break;
  }
  return state;
};
