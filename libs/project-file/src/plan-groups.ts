import { generatedId, GROUP_TYPES, nameKey, PAUSE_EVERY, type Slices, type TreeShape } from '@allotree/domain';
import { PATH_SEPARATOR } from './project-file.js';
import type { CurrentGroup, CurrentProject } from './current-project.js';
import type { Operation, PlanRefusal } from './plan-types.js';
import type { WantedGroup } from './wanted-groups.js';

/** What becomes of the groups of a project. */
export interface GroupsPlan {
  readonly operations: readonly Operation[];
  readonly refusals: readonly PlanRefusal[];
  readonly unchanged: number;
  readonly tree: TreeShape;
  /** The id of each wanted group, in their order. */
  readonly ids: readonly string[];
  /** The groups that are there and stay, by their place among the wanted ones. */
  readonly current: readonly (CurrentGroup | null)[];
  /** Whether a group stays, by its id. */
  readonly stays: (groupId: string) => boolean;
  /** Whether the file forbids to remove what is at or below a group that is there. */
  readonly isProtected: (groupId: string) => boolean;
}

export interface GroupsQuestion {
  readonly wanted: readonly WantedGroup[];
  readonly project: CurrentProject;
  readonly prune: boolean;
  /** The prefix of the ids of new groups below a group that is there: the same for the same plan, group and revision. */
  readonly newId: (parentId: string) => string;
}

/** Groups that are there, by what a file finds them by. */
class KnownGroups {
  readonly byId = new Map<string, CurrentGroup>();
  private readonly byKey = new Map<string, CurrentGroup>();
  private readonly byName = new Map<string, CurrentGroup>();

  private constructor(readonly groups: readonly CurrentGroup[]) {}

  static *of(groups: readonly CurrentGroup[]): Slices<KnownGroups> {
    const known = new KnownGroups(groups);
    for (const [place, group] of groups.entries()) {
      if (place % PAUSE_EVERY === 0) yield;
      known.byId.set(group.groupId, group);
      if (group.externalId !== null) known.byKey.set(group.externalId, group);
      if (group.parentId !== null) known.byName.set(`${group.parentId}\n${nameKey(group.name)}`, group);
    }
    return known;
  }

  withKey(key: string): CurrentGroup | null {
    const found = this.byKey.get(key);
    return found === undefined || found.parentId === null ? null : found;
  }

  named(parentId: string, name: string): CurrentGroup | null {
    return this.byName.get(`${parentId}\n${nameKey(name)}`) ?? null;
  }

  pathOf(groupId: string): string {
    const names: string[] = [];
    for (let group = this.byId.get(groupId); group; group = this.byId.get(group.parentId ?? ''))
      names.unshift(group.name);
    return (names.length > 1 ? names.slice(1) : names).join(PATH_SEPARATOR);
  }
}

/** A group is found by its key, else by its name below its parent; one whose key another entry has is not that group. */
function* matches(wanted: readonly WantedGroup[], known: KnownGroups): Slices<(CurrentGroup | null)[]> {
  const keys = new Set(wanted.flatMap(({ key }) => key ?? []));
  const claimed = new Set<string>();
  const found: (CurrentGroup | null)[] = [];
  for (const [place, { parent, name, key }] of wanted.entries()) {
    if (place % PAUSE_EVERY === 0) yield;
    const match = parent < 0 ? (known.groups[0] ?? null) : matchOf(found[parent] ?? null, name, key);
    found.push(match);
    if (match) claimed.add(match.groupId);
  }
  function matchOf(parent: CurrentGroup | null, name: string, key: string | undefined): CurrentGroup | null {
    const byKey = key === undefined ? null : known.withKey(key);
    if (byKey) return claimed.has(byKey.groupId) ? null : byKey;
    const byName = parent && known.named(parent.groupId, name);
    if (!byName || claimed.has(byName.groupId)) return null;
    return byName.externalId !== null && keys.has(byName.externalId) ? null : byName;
  }
  return found;
}

interface Differences {
  readonly operations: Operation[];
  readonly moved: TreeShape['moved'][number][];
  readonly changed: TreeShape['changed'][number][];
  unchanged: number;
}

export function* planGroups({ wanted, project, prune, newId }: GroupsQuestion): Slices<GroupsPlan> {
  const known = yield* KnownGroups.of(project.groups);
  const current = yield* matches(wanted, known);
  const { added, ids } = yield* newGroups(wanted, current, newId);
  const found: Differences = { operations: [], moved: [], changed: [], unchanged: 0 };
  for (const [place, group] of wanted.entries()) {
    if (place % PAUSE_EVERY === 0) yield;
    const own = current[place] ?? null;
    const parentId = group.parent < 0 ? null : (ids[group.parent] as string);
    if (own) compare(found, group, own, { parentId, known });
    else found.operations.push(creation(group));
  }
  yield;
  const staying = new Map(
    current.flatMap((own, place) => (own ? [[own.groupId, wanted[place] as WantedGroup] as const] : [])),
  );
  yield;
  const { removed, operations } = prune ? removals(known, staying) : { removed: [], operations: [] };
  yield;
  const isProtected = protection(known, staying);
  const refusals = removed.flatMap(({ groupId }) =>
    isProtected(groupId) ? [protectedAt('group', known.pathOf(groupId))] : [],
  );
  return {
    operations: [...found.operations, ...operations],
    refusals,
    unchanged: found.unchanged,
    tree: { added, moved: found.moved, changed: found.changed, removed },
    ids,
    current,
    stays: (groupId) => staying.has(groupId),
    isProtected,
  };
}

function creation({ path, name, type, key }: WantedGroup): Operation {
  const after = { type, name, ...(key !== undefined && { key }) };
  return { op: 'create', kind: 'group', path, count: 1, before: null, after };
}

/** A group of the file and the one that was found for it. */
function compare(
  found: Differences,
  group: WantedGroup,
  own: CurrentGroup,
  { parentId, known }: { readonly parentId: string | null; readonly known: KnownGroups },
): void {
  const { path } = group;
  const { groupId } = own;
  const details = detailsOf(own, group);
  if (parentId !== null && own.parentId !== parentId) {
    found.moved.push({ groupId, parentId });
    const before = { path: known.pathOf(groupId) };
    found.operations.push({ op: 'move', kind: 'group', path, count: 1, before, after: { path } });
  } else if (!details) {
    found.unchanged += 1;
  }
  if (!details) return;
  found.changed.push({ groupId, ...details.change });
  const { before, after } = details;
  found.operations.push({ op: 'update', kind: 'group', path, count: 1, before, after });
}

export const protectedAt = (kind: PlanRefusal['kind'], path: string): PlanRefusal => ({
  kind,
  path,
  code: 'PROTECTED',
  detail: `"${path}" is protected by the file. Name it there, or take the protection away first.`,
  facts: {},
});

const shown = (type: string, name: string, key: string | null): object => ({
  type,
  name,
  ...(key !== null && { key }),
});

/** `null`: a group has the name, type and key of the file. */
function detailsOf(own: CurrentGroup, wanted: WantedGroup) {
  // The main group is a company, whatever its file says.
  const type = wanted.parent < 0 ? own.type : wanted.type;
  const { name, key = own.externalId } = wanted;
  const [isNamed, isTyped, isIdentified] = [own.name === name, own.type === type, own.externalId === key];
  if (isNamed && isTyped && isIdentified) return null;
  const change = {
    groupType: isTyped ? null : type,
    name: isNamed ? null : name,
    ...(!isIdentified && { externalId: key }),
  };
  return { change, before: shown(own.type, own.name, own.externalId), after: shown(type, name, key) };
}

interface Run {
  readonly newId: string;
  readonly parentId: string;
  readonly levels: typeof GROUP_TYPES;
  readonly level: number[];
  readonly parents: number[];
  readonly names: string[];
  readonly externalIds: (string | null)[];
}

/** The groups that are not there yet, in one run for each group that is there and gets some; and the ids of all. */
function* newGroups(
  wanted: readonly WantedGroup[],
  current: readonly (CurrentGroup | null)[],
  newId: GroupsQuestion['newId'],
): Slices<{ added: TreeShape['added']; ids: string[] }> {
  const runs = new Map<string, Run>();
  const ids: string[] = [];
  const runOf: (Run | null)[] = [];
  const placeIn: number[] = [];
  for (const [place, { parent, name, type, key = null }] of wanted.entries()) {
    if (place % PAUSE_EVERY === 0) yield;
    const own = current[place] ?? null;
    if (own) {
      ids.push(own.groupId);
      runOf.push(null);
      placeIn.push(-1);
      continue;
    }
    const above = runOf[parent] ?? null;
    const run = above ?? runBelow(ids[parent] as string);
    run.level.push(GROUP_TYPES.indexOf(type));
    run.parents.push(above ? (placeIn[parent] as number) : -1);
    run.names.push(name);
    run.externalIds.push(key);
    placeIn.push(run.names.length - 1);
    ids.push(generatedId(run.newId, run.names.length - 1));
    runOf.push(run);
  }
  function runBelow(parentId: string): Run {
    const there = runs.get(parentId);
    if (there) return there;
    const run: Run = {
      newId: newId(parentId),
      parentId,
      levels: GROUP_TYPES,
      level: [],
      parents: [],
      names: [],
      externalIds: [],
    };
    runs.set(parentId, run);
    return run;
  }
  const added = [...runs.values()].map(({ externalIds, ...run }) => ({
    ...run,
    ...(externalIds.some((id) => id !== null) && { externalIds }),
  }));
  return { added, ids };
}

/** The topmost groups that the file does not name, each with those that go along. */
function removals(
  known: KnownGroups,
  staying: ReadonlyMap<string, WantedGroup>,
): { removed: { groupId: string }[]; operations: Operation[] } {
  const topOf = new Map<string, string>();
  const counts = new Map<string, number>();
  for (const { groupId, parentId } of known.groups) {
    if (staying.has(groupId) || parentId === null) continue;
    const top = topOf.get(parentId) ?? groupId;
    topOf.set(groupId, top);
    counts.set(top, (counts.get(top) ?? 0) + 1);
  }
  const operations = [...counts].map(([groupId, count]): Operation => {
    const { type, name, externalId } = known.byId.get(groupId) as CurrentGroup;
    const before = { type, name, ...(externalId !== null && { key: externalId }) };
    return { op: 'remove', kind: 'group', path: known.pathOf(groupId), count, before, after: null };
  });
  return { removed: [...counts.keys()].map((groupId) => ({ groupId })), operations };
}

const protection = (known: KnownGroups, staying: ReadonlyMap<string, WantedGroup>) => {
  const isAnyProtected = [...staying.values()].some((group) => group.isProtected);
  return (groupId: string): boolean => {
    if (!isAnyProtected) return false;
    for (let group = known.byId.get(groupId); group; group = known.byId.get(group.parentId ?? ''))
      if (staying.get(group.groupId)?.isProtected === true) return true;
    return false;
  };
};
