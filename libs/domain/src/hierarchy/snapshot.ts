import { GROUP_TYPES, type GroupType } from '../words.js';
import type { MemberFacts, ProjectFacts } from './events.js';
import { externalIdOf, putExternalId } from '../external-ids.js';
import { addDevice, addMember, initialGroupTree, type GroupTreeState } from './state.js';
import { idOf, insert, nameOf, NONE, parentOf, subtree } from './tree.js';

/**
 * A tree in columns, parents before children. An id that begins with the same `<prefix>_` as the one before is stored as
 * `_<rest>`, so that generated ids cost a few characters.
 */
export interface TreeSnapshot {
  readonly project: ProjectFacts | null;
  /** Absent: the project is open. */
  readonly closedReason?: string;
  readonly ids: readonly string[];
  readonly names: readonly string[];
  /** The words that `types` refers to by their place, so that the snapshot stays readable when a type is added or moved. */
  readonly groupTypes: readonly GroupType[];
  readonly types: readonly number[];
  /** Place in these columns; -1 for the root. */
  readonly parents: readonly number[];
  readonly members: readonly MemberFacts[];
  readonly devices: readonly (readonly [
    serialNumber: string,
    claimId: string,
    groupId: string | null,
    model: string,
    externalId: string | null,
  ])[];
  /** Of groups: place in these columns and external id. */
  readonly externalIds: readonly (readonly [place: number, externalId: string])[];
}

/** Increase it with every change of the form; snapshots of another version are ignored. */
export const TREE_SNAPSHOT_VERSION = 3;

const prefixOf = (id: string): string => id.slice(0, id.lastIndexOf('_') + 1);

const packIds = (ids: readonly string[]): string[] => {
  let before = '';
  return ids.map((id) => {
    const prefix = prefixOf(id);
    const packed = prefix !== '' && prefix === before ? `_${id.slice(prefix.length)}` : id;
    before = prefix;
    return packed;
  });
};

const unpackIds = (packed: readonly string[]): string[] => {
  let before = '';
  return packed.map((id) => {
    if (id.startsWith('_')) return before + id.slice(1);
    before = prefixOf(id);
    return id;
  });
};

export const encodeTreeSnapshot = (state: GroupTreeState): TreeSnapshot => {
  const { tree, project, closedReason } = state;
  const slots = project ? [...subtree(tree, tree.slots.get(project.projectId) as number)] : [];
  const places = new Map(slots.map((slot, place) => [slot, place]));
  return {
    project,
    ...(closedReason === null ? {} : { closedReason }),
    ids: packIds(slots.map((slot) => idOf(tree, slot))),
    names: slots.map((slot) => nameOf(tree, slot)),
    groupTypes: GROUP_TYPES,
    types: slots.map((slot) => tree.types[slot] as number),
    parents: slots.map((slot) => places.get(parentOf(tree, slot)) ?? NONE),
    members: [...state.members.values()],
    devices: [...state.devices].map(([serial, { claimId, groupId, model }]) => {
      return [serial, claimId, groupId, model, externalIdOf(state.externalIds.device, serial)];
    }),
    externalIds: slots.flatMap((slot, place) => {
      const externalId = externalIdOf(state.externalIds.group, idOf(tree, slot));
      return externalId === null ? [] : [[place, externalId] as const];
    }),
  };
};

export const decodeTreeSnapshot = (json: unknown): GroupTreeState => {
  const snapshot = json as TreeSnapshot;
  const state = initialGroupTree();
  state.project = snapshot.project;
  state.closedReason = snapshot.closedReason ?? null;
  const ids = unpackIds(snapshot.ids);
  ids.forEach((groupId, place) => {
    const type = snapshot.groupTypes[snapshot.types[place] as number] as GroupType;
    insert(state.tree, { groupId, type, name: snapshot.names[place] as string }, snapshot.parents[place] as number);
  });
  for (const member of snapshot.members) addMember(state, member);
  for (const [serial, claimId, groupId, model, externalId] of snapshot.devices)
    addDevice(state, serial, { claimId, groupId, model, externalId });
  for (const [place, externalId] of snapshot.externalIds)
    putExternalId(state.externalIds.group, ids[place] as string, externalId);
  return state;
};

/** Bytes, about: measured on 100,000 generated groups. */
export const sizeOfGroupTree = (state: GroupTreeState): number =>
  2_000 +
  state.tree.slots.size * 300 +
  state.members.size * 600 +
  state.devices.size * 400 +
  Object.values(state.externalIds).reduce((sum, { ids }) => sum + ids.size * 500, 0);
