import type { GroupType } from '../words.js';
import type { ProjectFacts } from './events.js';
import type { GroupTreeState } from './state.js';
import { idOf, lineage, nameOf, NONE, typeOf } from './tree.js';

export interface GroupView {
  readonly groupId: string;
  readonly parentId: string | null;
  readonly type: GroupType;
  readonly name: string;
  /** From the root down to the group itself. */
  readonly path: readonly { readonly groupId: string; readonly name: string }[];
  readonly hasChildren: boolean;
}

export type ProjectView = ProjectFacts & { readonly name: string };

/** `null`: no such group (any more). O(depth). */
export const groupOf = ({ tree }: GroupTreeState, groupId: string): GroupView | null => {
  const slot = tree.slots.get(groupId);
  if (slot === undefined) return null;
  const path = lineage(tree, slot).reverse();
  const parent = path[path.length - 2];
  return {
    groupId,
    parentId: parent === undefined ? null : idOf(tree, parent),
    type: typeOf(tree, slot),
    name: nameOf(tree, slot),
    path: path.map((step) => ({ groupId: idOf(tree, step), name: nameOf(tree, step) })),
    hasChildren: tree.firstChild[slot] !== NONE,
  };
};

export const isGroup = (state: GroupTreeState, groupId: string): boolean => state.tree.slots.has(groupId);

/** `null`: no such project. */
export const projectFactsOf = ({ project, tree }: GroupTreeState): ProjectView | null =>
  project && { ...project, name: nameOf(tree, tree.slots.get(project.projectId) as number) };
