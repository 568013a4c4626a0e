import { refuse } from '../decision.js';
import { externalIdOf } from '../external-ids.js';
import { GROUP_TYPES, type GroupType } from '../words.js';
import { type SubtreeOrigin, type TreeEvent } from './events.js';
import { GENERATED_PER_EVENT } from './generation.js';
import type { TreeRefusal } from './refusals.js';
import type { GroupTreeState } from './state.js';
import { idOf, nameOf, parentOf, subtree } from './tree.js';

/** A subtree on its way to another project, in columns like `GeneratedGroups`. Its members stay behind (P4). */
export interface Departure {
  readonly origin: SubtreeOrigin;
  /** Only a project of this tenant can adopt it. */
  readonly tenantId: string;
  readonly levels: readonly GroupType[];
  readonly level: readonly number[];
  /** Place of the parent in these columns; -1 for the group that moves. */
  readonly parents: readonly number[];
  readonly names: readonly string[];
  /** Absent: none of these groups has one. */
  readonly externalIds?: readonly (string | null)[];
}

type Refused = { readonly ok: false; readonly refusal: TreeRefusal };

/**
 * A group and everything below it, ready to leave for another project (G3). Devices carry Basic licenses, which cannot
 * move (L4), so a subtree with devices stays. O(size of the subtree).
 */
export const departureOf = (
  state: GroupTreeState,
  groupId: string,
): { readonly ok: true; readonly departure: Departure } | Refused => {
  const { tree, project } = state;
  const root = tree.slots.get(groupId);
  if (root === undefined || !project) return refuse({ code: 'NOT_FOUND', what: 'group', id: groupId });
  const slots = [...subtree(tree, root)];
  if (slots.some((slot) => state.devicesOf.has(idOf(tree, slot)))) {
    const reason = 'devices are in the group or below it: remove them first, their Basic licenses stay in the project';
    return refuse({ code: 'NOT_TRANSFERABLE', groupId, reason });
  }
  const places = new Map(slots.map((slot, place) => [slot, place]));
  const externalIds = slots.map((slot) => externalIdOf(state.externalIds.group, idOf(tree, slot)));
  const departure: Departure = {
    origin: { projectId: project.projectId, groupId },
    tenantId: project.tenantId,
    levels: GROUP_TYPES,
    level: slots.map((slot) => tree.types[slot] as number),
    parents: slots.map((slot) => places.get(parentOf(tree, slot)) ?? -1),
    names: slots.map((slot) => nameOf(tree, slot)),
    ...(externalIds.some((id) => id !== null) && { externalIds }),
  };
  return { ok: true, departure };
};

/** Levels below the first of these groups; parents come before their children. */
export const heightOfColumns = (parents: readonly number[]): number => {
  const depths: number[] = [];
  for (const parent of parents) depths.push(parent < 0 ? 0 : (depths[parent] as number) + 1);
  return depths.reduce((deepest, depth) => Math.max(deepest, depth), 0);
};

/** The groups in events of at most `GENERATED_PER_EVENT`. */
export const adoptedEvents = (arrival: Departure & { newId: string; parentId: string }): TreeEvent[] => {
  const { newId, parentId, levels, level, parents, names, externalIds, origin } = arrival;
  const events: TreeEvent[] = [];
  for (let first = 0; first < names.length; first += GENERATED_PER_EVENT) {
    const end = first + GENERATED_PER_EVENT;
    const ids = externalIds?.slice(first, end);
    const run = {
      level: level.slice(first, end),
      parents: parents.slice(first, end),
      names: names.slice(first, end),
      ...(ids?.some((id) => id !== null) && { externalIds: ids }),
    };
    events.push({ type: 'SubtreeAdopted', data: { newId, parentId, levels, first, ...run, origin } });
  }
  return events;
};
