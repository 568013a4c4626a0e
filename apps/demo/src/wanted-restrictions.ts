import { isSameName } from '@allotree/domain';
import type { Node, Tree } from './apply-groups.js';
import {
  levelsOf,
  type GroupEntry,
  type LevelEntry,
  type ProjectFile,
  type RehearsalEntry,
  type RestrictionEntry,
} from '@allotree/project-file';

/** A restriction that a file wants at a group. */
export interface WantedRestriction {
  readonly node: Node;
  readonly restriction: RestrictionEntry;
  readonly rehearsal?: RehearsalEntry | undefined;
  /** The generated level that the group belongs to. */
  readonly level?: LevelEntry;
}

/** The restrictions of a file, from the main group down. */
export const wantedRestrictions = (file: ProjectFile, { root }: Tree): WantedRestriction[] => {
  const { restriction, groups, generate = {} } = file.project;
  const wanted: WantedRestriction[] = restriction ? [{ node: root, restriction }] : [];
  wanted.push(...ofNamed(groups, root));
  let parents: readonly Node[] = [root];
  for (const { type, level } of levelsOf(generate)) {
    const nodes = parents.map(({ children }) => children.filter((child) => child.type === type));
    wanted.push(...ofLevel(nodes, level));
    parents = nodes.flat();
  }
  return wanted;
};

const ofNamed = (groups: readonly GroupEntry[], parent: Node): WantedRestriction[] =>
  groups.flatMap((entry) => {
    const node = parent.children.find(({ name }) => isSameName(name, entry.name));
    if (!node) return [];
    const { restriction, rehearsal } = entry;
    return [...(restriction ? [{ node, restriction, rehearsal }] : []), ...ofNamed(entry.groups, node)];
  });

const ofLevel = (nodes: readonly (readonly Node[])[], level: LevelEntry): WantedRestriction[] => {
  const { restriction, restrictedOfEach } = level;
  if (!restriction) return [];
  return nodes.flatMap((below) => below.slice(0, restrictedOfEach).map((node) => ({ node, restriction, level })));
};
