import { GROUP_TYPES, MAX_DEPTH, type GroupType } from '../words.js';
import { nameKey } from '../names.js';

/** No group: what a column holds where there is no parent, child or sibling. */
export const NONE = -1;

/**
 * The groups of a project, in columns by slot (a slot is a number and is used again after a removal): about 250 bytes a
 * group. Slot of the root is 0. Depth is found by walking up; the height of a subtree is kept, so that a move is checked
 * without walking it.
 */
export interface Tree {
  readonly ids: string[];
  readonly names: string[];
  /** Index in `GROUP_TYPES`. */
  readonly types: number[];
  readonly parents: number[];
  readonly firstChild: number[];
  readonly nextSibling: number[];
  readonly previousSibling: number[];
  /** Levels below the group. */
  readonly heights: number[];
  /** By parent: how many of its children have the height that is the index. Without an entry: it never had one. */
  readonly childHeights: Map<number, number[]>;
  readonly slots: Map<string, number>;
  readonly free: number[];
  /** By parent: slot by name key. Built at the first lookup below that parent, then kept up to date. */
  readonly childNames: Map<number, Map<string, number>>;
  /** Parents with children whose names are equal under `nameKey`. */
  readonly sharedNames: Set<number>;
}

export const emptyTree = (): Tree => ({
  ids: [],
  names: [],
  types: [],
  parents: [],
  firstChild: [],
  nextSibling: [],
  previousSibling: [],
  heights: [],
  childHeights: new Map(),
  slots: new Map(),
  free: [],
  childNames: new Map(),
  sharedNames: new Set(),
});

const at = (column: readonly number[], slot: number): number => column[slot] as number;
export const parentOf = (tree: Tree, slot: number): number => at(tree.parents, slot);
export const typeOf = (tree: Tree, slot: number): GroupType => GROUP_TYPES[at(tree.types, slot)] as GroupType;
export const idOf = (tree: Tree, slot: number): string => tree.ids[slot] as string;
export const nameOf = (tree: Tree, slot: number): string => tree.names[slot] as string;
export const heightOf = (tree: Tree, slot: number): number => at(tree.heights, slot);

/** From the group itself up to the root: O(depth). */
export const lineage = (tree: Tree, slot: number): number[] => {
  const slots: number[] = [];
  for (let at = slot; at !== NONE; at = parentOf(tree, at)) slots.push(at);
  return slots;
};

/** 1 for the root. */
export const depthOf = (tree: Tree, slot: number): number => lineage(tree, slot).length;

export function* childrenOf(tree: Tree, slot: number): Generator<number> {
  for (let child = at(tree.firstChild, slot); child !== NONE; child = at(tree.nextSibling, child)) yield child;
}

/** The group and everything below it, parents first: O(size of the subtree). */
export function* subtree(tree: Tree, root: number): Generator<number> {
  const stack = [root];
  for (let slot = stack.pop(); slot !== undefined; slot = stack.pop()) {
    yield slot;
    stack.push(...childrenOf(tree, slot));
  }
}

/** Older siblings can share a key, since names were once compared differently. */
const indexName = (tree: Tree, names: Map<string, number>, parent: number, slot: number): void => {
  const key = nameKey(nameOf(tree, slot));
  if (names.has(key)) tree.sharedNames.add(parent);
  names.set(key, slot);
};

/** O(children) the first time a parent is asked, O(1) from then on. */
export const childNamed = (tree: Tree, parent: number, key: string): number | undefined => {
  let names = tree.childNames.get(parent);
  if (!names) {
    names = new Map();
    for (const child of childrenOf(tree, parent)) indexName(tree, names, parent, child);
    tree.childNames.set(parent, names);
  }
  return names.get(key);
};

/** Whether a subtree `levels` high (a single group: 0) fits below this parent (G1). */
export const fitsBelow = (tree: Tree, parent: number, levels: number): boolean =>
  depthOf(tree, parent) + 1 + levels <= MAX_DEPTH;

/** Counts one child less at the height `from` and one more at `to` (`NONE`: not at all) and returns the height that follows. */
const recountChild = (tree: Tree, parent: number, from: number, to: number): number => {
  const counts = tree.childHeights.get(parent) ?? [];
  if (from !== NONE) counts[from] = at(counts, from) - 1;
  if (to !== NONE) {
    while (counts.length <= to) counts.push(0);
    counts[to] = at(counts, to) + 1;
  }
  while (counts[counts.length - 1] === 0) counts.pop();
  tree.childHeights.set(parent, counts);
  return counts.length;
};

/** A child of `slot` that had the height `from` has `to` now (`NONE`: is not there). Goes up only as far as that matters. */
const childHeightChanged = (tree: Tree, slot: number, from: number, to: number): void => {
  for (let parent = slot; parent !== NONE; parent = parentOf(tree, parent)) {
    const before = heightOf(tree, parent);
    const after = recountChild(tree, parent, from, to);
    if (before === after) return;
    tree.heights[parent] = after;
    from = before;
    to = after;
  }
};

const addName = (tree: Tree, parent: number, slot: number): void => {
  const names = tree.childNames.get(parent);
  if (names) indexName(tree, names, parent, slot);
};

const forgetName = (tree: Tree, parent: number, slot: number): void => {
  // With a shared key the index leads to one of the siblings only: it is rebuilt at the next lookup.
  if (tree.sharedNames.delete(parent)) tree.childNames.delete(parent);
  else tree.childNames.get(parent)?.delete(nameKey(nameOf(tree, slot)));
};

const link = (tree: Tree, slot: number, parent: number): void => {
  const first = at(tree.firstChild, parent);
  tree.parents[slot] = parent;
  tree.previousSibling[slot] = NONE;
  tree.nextSibling[slot] = first;
  tree.firstChild[parent] = slot;
  if (first !== NONE) tree.previousSibling[first] = slot;
  addName(tree, parent, slot);
  childHeightChanged(tree, parent, NONE, heightOf(tree, slot));
};

const unlink = (tree: Tree, slot: number): void => {
  const parent = parentOf(tree, slot);
  const previous = at(tree.previousSibling, slot);
  const next = at(tree.nextSibling, slot);
  if (previous === NONE) tree.firstChild[parent] = next;
  else tree.nextSibling[previous] = next;
  if (next !== NONE) tree.previousSibling[next] = previous;
  forgetName(tree, parent, slot);
  childHeightChanged(tree, parent, heightOf(tree, slot), NONE);
};

export interface NewGroup {
  readonly groupId: string;
  readonly type: GroupType;
  readonly name: string;
}

/** Adds a group below `parent` (`NONE`: the root) and returns its slot. */
export const insert = (tree: Tree, group: NewGroup, parent: number): number => {
  const slot = tree.free.pop() ?? tree.ids.length;
  tree.ids[slot] = group.groupId;
  tree.names[slot] = group.name;
  tree.types[slot] = GROUP_TYPES.indexOf(group.type);
  tree.parents[slot] = NONE;
  tree.firstChild[slot] = NONE;
  tree.nextSibling[slot] = NONE;
  tree.previousSibling[slot] = NONE;
  tree.heights[slot] = 0;
  tree.slots.set(group.groupId, slot);
  if (parent !== NONE) link(tree, slot, parent);
  return slot;
};

export const move = (tree: Tree, slot: number, parent: number): void => {
  unlink(tree, slot);
  link(tree, slot, parent);
};

export const describe = (tree: Tree, slot: number, type: GroupType, name: string): void => {
  const parent = parentOf(tree, slot);
  forgetName(tree, parent, slot);
  tree.types[slot] = GROUP_TYPES.indexOf(type);
  tree.names[slot] = name;
  addName(tree, parent, slot);
};

/** Removes a group and everything below it and returns the removed ids: O(size of the subtree). */
export const removeSubtree = (tree: Tree, root: number): string[] => {
  const slots = [...subtree(tree, root)];
  const ids = slots.map((slot) => idOf(tree, slot));
  unlink(tree, root);
  for (const slot of slots) {
    tree.slots.delete(idOf(tree, slot));
    tree.childHeights.delete(slot);
    tree.childNames.delete(slot);
    tree.sharedNames.delete(slot);
    tree.ids[slot] = '';
    tree.names[slot] = '';
    tree.free.push(slot);
  }
  return ids;
};
