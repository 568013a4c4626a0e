import type { GroupItem } from '@allotree/contracts';
import { isSameName, nameKey } from '@allotree/domain';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ProjectApplication } from './apply.js';
import { LEVELS, PATH_SEPARATOR, levelsOf, nameOf, type GroupEntry, type LevelEntry } from '@allotree/project-file';

/** A group of the project with its way down from the main group. */
export interface Node {
  readonly groupId: string;
  readonly name: string;
  readonly type: string;
  readonly externalId: string | null;
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
  /** Its generated groups were made just now: nothing has been allotted to them. */
  readonly isFresh: boolean;
}

/** The groups of a file: those it names, and those it generates. */
export const applyGroups = async (application: ProjectApplication): Promise<Tree> => {
  const { file, narrator } = application;
  narrator.begin('The tree of groups');
  const before = await readTree(application);
  const { created, identified } = await createNamed(application, file.project.groups, before.root);
  if (identified > 0) narrator.changed(`changed ${identified} external ids of groups`, identified);
  if (created > 0) narrator.changed(`created ${created} groups`, created);
  else if (file.project.groups.length > 0)
    narrator.alreadySo('the groups the file names are there', before.byPath.size - 1);
  const generated = await generate(application, before);
  const tree = await untilListed(application, before.byPath.size + created + generated);
  await untilKnown(application, tree);
  return { ...tree, isFresh: generated > 0 };
};

/** The place of a path in the tree. */
export const nodeAt = (tree: Tree, path: string): Node => {
  const node = tree.byPath.get(nameKey(path));
  if (!node) throw new Error(`there is no group "${path}" in the project`);
  return node;
};

const readTree = async ({ api, project }: ProjectApplication): Promise<Tree> => {
  const items = await api.list<GroupItem>(`/projects/${project.projectId}/groups`);
  const byParent = new Map<string | null, GroupItem[]>();
  for (const item of items) {
    const siblings = byParent.get(item.parentId);
    if (siblings) siblings.push(item);
    else byParent.set(item.parentId, [item]);
  }
  const byPath = new Map<string, Node>();
  const grow = (item: GroupItem, parent: Node | null): Node => {
    const below = parent?.parent ? `${parent.path}${PATH_SEPARATOR}${item.name}` : item.name;
    const node: Node = { ...item, path: parent === null ? project.name : below, parent, children: [] };
    byPath.set(nameKey(node.path), node);
    for (const child of byParent.get(item.groupId) ?? []) node.children.push(grow(child, node));
    return node;
  };
  const rootItem = byParent.get(null)?.[0] ?? {
    groupId: project.projectId,
    parentId: null,
    type: 'company' as const,
    name: project.name,
    externalId: null,
    hasChildren: false,
  };
  return { root: grow(rootItem, null), byPath, isFresh: false };
};

interface Named {
  readonly created: number;
  /** Groups that were there and have another external id now. */
  readonly identified: number;
}

const createNamed = async (
  application: ProjectApplication,
  groups: readonly GroupEntry[],
  parent: Node,
): Promise<Named> => {
  const path = `/projects/${application.project.projectId}/groups`;
  let [created, identified] = [0, 0];
  for (const { groups: below, ...entry } of groups) {
    let node = parent.children.find((child) => isSameName(child.name, entry.name));
    if (!node) {
      node = await create(application, entry, parent);
      created += 1;
    } else if (entry.key !== undefined && entry.key !== node.externalId) {
      await application.api.patch(`${path}/${node.groupId}`, { externalId: entry.key });
      identified += 1;
    }
    const counts = await createNamed(application, below, node);
    created += counts.created;
    identified += counts.identified;
  }
  return { created, identified };
};

const create = async (
  { api, project }: ProjectApplication,
  { name, type, key: externalId }: Omit<GroupEntry, 'groups'>,
  parent: Node,
): Promise<Node> => {
  const body = { parentId: parent.groupId, type, name, ...(externalId !== undefined && { externalId }) };
  const { groupId } = await api.post<{ groupId: string }>(`/projects/${project.projectId}/groups`, body);
  return { groupId, name, type, externalId: externalId ?? null, path: name, parent, children: [] };
};

const generate = async ({ api, file, narrator, project }: ProjectApplication, { root }: Tree): Promise<number> => {
  const { generate: generation } = file.project;
  if (generation === undefined) return 0;
  const levels = levelsOf(generation);
  const top = levels[0];
  if (!top) return 0;
  const there = new Set(root.children.map(({ name }) => nameKey(name)));
  const wanted = firstNames(top.level);
  if (wanted.every((name) => there.has(nameKey(name)))) {
    narrator.alreadySo(`the ${wanted.length} ${top.type} groups and all below them are there`, wanted.length);
    return 0;
  }
  const started = performance.now();
  const body = { parentId: root.groupId, ...Object.fromEntries(LEVELS.map(([key]) => [key, bare(generation[key])])) };
  const { created } = await api.post<{ created: number }>(`/projects/${project.projectId}/groups/generate`, body);
  const shape = levels.map(({ level, type }) => `${level.count} ${type}`).join(' x ');
  narrator.changed(
    `generated ${created.toLocaleString('en-US')} groups (${shape}) in ${secondsSince(started)}`,
    created,
  );
  return created;
};

const firstNames = (level: LevelEntry): string[] =>
  Array.from({ length: level.count }, (_, index) => nameOf(level.namePattern, level.firstNumber + index));

/** A level as the API takes it: its restrictions are put afterwards. */
const bare = (level: LevelEntry | undefined): object | undefined => {
  if (level === undefined) return undefined;
  const { restriction: _restriction, restrictedOfEach: _restrictedOfEach, ...numbers } = level;
  return numbers;
};

export const secondsSince = (started: number): string => `${((performance.now() - started) / 1000).toFixed(1)} s`;

const TIMEOUT_MS = 300_000;

/** Lists are read from projections, which may need a moment after a large number of groups. */
const untilListed = async (application: ProjectApplication, size: number): Promise<Tree> => {
  const started = performance.now();
  for (;;) {
    const tree = await readTree(application);
    if (tree.byPath.size >= size) return tree;
    if (performance.now() - started > TIMEOUT_MS) {
      throw new Error(
        `${size} groups were made, but only ${tree.byPath.size} are listed after ${secondsSince(started)}`,
      );
    }
    await sleep(500);
  }
};

/** The license service learns of groups from a feed; the last one it knows means that it knows all. */
const untilKnown = async ({ api, narrator, project }: ProjectApplication, { root, byPath }: Tree): Promise<void> => {
  const last = [...byPath.values()].at(-1) ?? root;
  const started = performance.now();
  while (performance.now() - started < TIMEOUT_MS) {
    const answer = await api.ask({
      method: 'GET',
      path: `/projects/${project.projectId}/groups/${last.groupId}/quota`,
    });
    if (answer.ok) {
      if (byPath.size > 1_000) narrator.note(`the last of them answers its quota after ${secondsSince(started)} more`);
      return;
    }
    await sleep(200);
  }
  throw new Error(`the license service does not know the group "${last.path}" after ${secondsSince(started)}`);
};
