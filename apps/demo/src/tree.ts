import type { GroupItem } from '@allotree/contracts';
import { nameKey } from '@allotree/domain';
import { PATH_SEPARATOR } from '@allotree/project-file';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ProjectApplication } from './apply.js';

/** A group of the project with its way down from the main group. */
export interface Node {
  readonly groupId: string;
  readonly name: string;
  /** `Building A / Unit 1`; the main group's is the name of the project. */
  readonly path: string;
  readonly parent: Node | null;
  readonly children: Node[];
}

/** All groups of the project. */
export interface Tree {
  readonly root: Node;
  /** By the path as names are compared. */
  readonly byPath: ReadonlyMap<string, Node>;
}

/** The place of a path in the tree. */
export const nodeAt = (tree: Tree, path: string): Node => {
  const node = tree.byPath.get(nameKey(path));
  if (!node) throw new Error(`there is no group "${path}" in the project`);
  return node;
};

export const readTree = async ({ api, project }: ProjectApplication): Promise<Tree> => {
  const items = await api.list<GroupItem>(`/projects/${project.projectId}/groups`);
  const byParent = new Map<string | null, GroupItem[]>();
  for (const item of items) {
    const siblings = byParent.get(item.parentId);
    if (siblings) siblings.push(item);
    else byParent.set(item.parentId, [item]);
  }
  const byPath = new Map<string, Node>();
  const grow = ({ groupId, name }: Pick<GroupItem, 'groupId' | 'name'>, parent: Node | null): Node => {
    const below = parent?.parent ? `${parent.path}${PATH_SEPARATOR}${name}` : name;
    const node: Node = { groupId, name, path: parent === null ? project.name : below, parent, children: [] };
    byPath.set(nameKey(node.path), node);
    for (const child of byParent.get(groupId) ?? []) node.children.push(grow(child, node));
    return node;
  };
  const root = byParent.get(null)?.[0] ?? { groupId: project.projectId, name: project.name };
  return { root: grow(root, null), byPath };
};

const TIMEOUT_MS = 300_000;

/** Lists are read from projections, which may need a moment after a large number of groups. */
export const untilListed = async (application: ProjectApplication, size: number): Promise<Tree> => {
  const until = performance.now() + TIMEOUT_MS;
  for (;;) {
    const tree = await readTree(application);
    if (tree.byPath.size >= size) return tree;
    if (performance.now() > until) throw new Error(`${size} groups were made, but only ${tree.byPath.size} are listed`);
    await sleep(500);
  }
};
