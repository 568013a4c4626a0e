import { unchangedRowsOf, type GroupRow } from './rows.js';
import type { Assignment } from './facts.js';
import type { Level } from './levels.js';
import { parentOf, restrictionAt, type ProjectState } from './state.js';
import { NO_USE, usageOf } from './usage.js';

export function addChild(state: ProjectState, parentId: string, childId: string): void {
  const parent = state.groups.edit(parentId);
  if (!parent) return;
  parent.children ??= new Set();
  parent.children.add(childId);
}

/** The group and its ancestors, the root last. */
export function* pathOf(state: ProjectState, groupId: string | null): Generator<string> {
  for (let id = groupId; id !== null; id = parentOf(state, id)) yield id;
}

/** The group and its ancestors, the root last. */
export function levelsOf(state: ProjectState, groupId: string): readonly Level[] {
  const rows = unchangedRowsOf(state);
  return rows ? levelsFrom(rows.find(groupId)) : levelsById(state, groupId);
}

function levelsFrom(row: GroupRow | undefined): readonly Level[] {
  const levels: Level[] = [];
  for (let at: GroupRow | null | undefined = row; at?.group; at = at.parent) {
    const { group, restriction, usage } = at;
    const { groupId, name } = group;
    levels.push({ groupId, name, restriction: restriction?.enabled ? restriction : null, usage: usage ?? NO_USE });
  }
  return levels;
}

function levelsById(state: ProjectState, groupId: string): readonly Level[] {
  const levels: Level[] = [];
  for (let group = state.groups.get(groupId); group;) {
    const { groupId: id, name, parentId } = group;
    levels.push({ groupId: id, name, restriction: restrictionAt(state, id), usage: usageOf(state, id) });
    group = parentId === null ? undefined : state.groups.get(parentId);
  }
  return levels;
}

/** The group itself or the nearest above it that is restricted; `null`: none. */
export function nearestRestricted(state: ProjectState, groupId: string | null): string | null {
  for (let id = groupId; id !== null; id = parentOf(state, id)) if (restrictionAt(state, id)) return id;
  return null;
}

/** The nearest restricted groups strictly below a group. */
export function* nearestRestrictedBelow(state: ProjectState, groupId: string): Generator<string> {
  if (usageOf(state, groupId).restrictedBelow === 0) return;
  for (const child of state.groups.get(groupId)?.children ?? []) {
    if (restrictionAt(state, child)) yield child;
    else yield* nearestRestrictedBelow(state, child);
  }
}

/** The assignments of a group and of the candidates among the groups below it. */
export function* assignmentsBelow(
  state: ProjectState,
  groupId: string,
  isCandidate: (groupId: string) => boolean,
): Generator<Assignment> {
  if (!isCandidate(groupId)) return;
  for (const id of state.atGroup.get(groupId) ?? []) yield state.assignments.get(id)!;
  for (const child of state.groups.get(groupId)?.children ?? []) yield* assignmentsBelow(state, child, isCandidate);
}
