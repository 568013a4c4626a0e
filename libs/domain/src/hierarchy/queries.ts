import type { GroupType } from '../words.js';
import type { MemberFacts, ProjectFacts } from './events.js';
import { emailKey } from '../people/email.js';
import { knownSerialNumber, type GroupTreeState, type KnownDevice } from './state.js';
import { externalIdOf } from '../external-ids.js';
import { idOf, lineage, nameOf, NONE, parentOf, subtree, typeOf } from './tree.js';

export interface GroupView {
  readonly groupId: string;
  readonly parentId: string | null;
  readonly type: GroupType;
  readonly name: string;
  readonly externalId: string | null;
  /** From the root down to the group itself. */
  readonly path: readonly { readonly groupId: string; readonly name: string }[];
  readonly hasChildren: boolean;
}

export type ProjectView = ProjectFacts & { readonly name: string };

/** `null`: no such group (any more). O(depth). */
export const groupOf = ({ tree, externalIds }: GroupTreeState, groupId: string): GroupView | null => {
  const slot = tree.slots.get(groupId);
  if (slot === undefined) return null;
  const path = lineage(tree, slot).reverse();
  const parent = path[path.length - 2];
  return {
    groupId,
    parentId: parent === undefined ? null : idOf(tree, parent),
    type: typeOf(tree, slot),
    name: nameOf(tree, slot),
    externalId: externalIdOf(externalIds.group, groupId),
    path: path.map((step) => ({ groupId: idOf(tree, step), name: nameOf(tree, step) })),
    hasChildren: tree.firstChild[slot] !== NONE,
  };
};

export type ListedGroup = Pick<GroupView, 'groupId' | 'parentId' | 'type' | 'name' | 'externalId'>;

/** All groups of a project, parents before their children, the root first. O(groups). */
export const groupsOf = ({ tree, project, externalIds }: GroupTreeState): ListedGroup[] => {
  const root = project ? tree.slots.get(project.projectId) : undefined;
  if (root === undefined) return [];
  return [...subtree(tree, root)].map((slot) => {
    const groupId = idOf(tree, slot);
    const parent = parentOf(tree, slot);
    return {
      groupId,
      parentId: parent === NONE ? null : idOf(tree, parent),
      type: typeOf(tree, slot),
      name: nameOf(tree, slot),
      externalId: externalIdOf(externalIds.group, groupId),
    };
  });
};

export const isGroup = (state: GroupTreeState, groupId: string): boolean => state.tree.slots.has(groupId);

/** `null`: no such project. */
export const projectFactsOf = ({ project, tree }: GroupTreeState): ProjectView | null =>
  project && { ...project, name: nameOf(tree, tree.slots.get(project.projectId) as number) };

/** Why a project was closed; `null`: it is open. */
export const closedReasonOf = ({ closedReason }: GroupTreeState): string | null => closedReason;

/** The membership of an e-mail address at a group; `null`: none. */
export const memberOf = (state: GroupTreeState, groupId: string, email: string): MemberFacts | null => {
  const memberId = state.membersOf.get(groupId)?.get(emailKey(email));
  return memberId === undefined ? null : (state.members.get(memberId) ?? null);
};

/** The roles that members of a group and of those below it have. O(members of the project x depth). */
export const rolesBelow = (state: GroupTreeState, groupId: string): readonly string[] => {
  const root = state.tree.slots.get(groupId);
  if (root === undefined) return [];
  const isBelow = (member: MemberFacts): boolean =>
    lineage(state.tree, state.tree.slots.get(member.groupId) as number).includes(root);
  return [...new Set([...state.members.values()].filter(isBelow).map(({ role }) => role))];
};

/** `null`: no such member (any more). */
export const memberById = ({ members }: GroupTreeState, memberId: string): MemberFacts | null =>
  members.get(memberId) ?? null;

export interface DeviceView {
  readonly serialNumber: string;
  readonly groupId: string;
  readonly model: string;
  readonly externalId: string | null;
}

/** A device that is in the tree; `null`: there is none with this serial number. */
export const deviceOf = (state: GroupTreeState, typed: string): DeviceView | null => {
  const serialNumber = knownSerialNumber(state, typed);
  const device = state.devices.get(serialNumber);
  if (!device || device.groupId === null) return null;
  const { groupId, model } = device;
  return { serialNumber, groupId, model, externalId: externalIdOf(state.externalIds.device, serialNumber) };
};

/** All devices of a project. */
export const devicesOf = (state: GroupTreeState): DeviceView[] =>
  [...state.devices].flatMap(([serialNumber, { groupId, model }]) =>
    groupId === null
      ? []
      : [{ serialNumber, groupId, model, externalId: externalIdOf(state.externalIds.device, serialNumber) }],
  );

/** The group a device is in; `null`: it is not in this project. */
export const deviceGroupOf = (state: GroupTreeState, serialNumber: string): string | null =>
  knownDeviceOf(state, serialNumber)?.groupId ?? null;

/** A device that is in the tree, or (`groupId: null`) the claim of its last stay; `null`: it has never been in the tree. */
export const knownDeviceOf = (state: GroupTreeState, serialNumber: string): KnownDevice | null =>
  state.devices.get(knownSerialNumber(state, serialNumber)) ?? null;
