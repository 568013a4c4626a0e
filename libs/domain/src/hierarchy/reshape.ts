import { accept, refuse, type Decision } from '../decision.js';
import { tidyExternalId } from '../external-ids.js';
import { nameKey, refuseName, tidyName } from '../names.js';
import { atOnce, PAUSE_EVERY, type Slices } from '../slices.js';
import { MAX_DEPTH } from '../words.js';
import { devicesAt, membersAt, membersHoldMore, slotOf } from './below.js';
import type { TreeCommandOf, TreeShape } from './commands.js';
import { generatedId, type GeneratedGroups, type TreeEvent, type TreeEventOf } from './events.js';
import { externalIdChange, externalIdFault } from './external-ids.js';
import { GENERATED_PER_EVENT } from './generation.js';
import type { SingleTreeRefusal, TreeRefusal } from './refusals.js';
import type { GroupTreeState } from './state.js';
import { childNamed, childrenOf, idOf, nameOf, parentOf, subtree, typeOf } from './tree.js';

interface Refused {
  readonly groupId: string;
  readonly refusal: SingleTreeRefusal;
}

interface NewGroup {
  readonly groupId: string;
  readonly parentId: string;
  readonly name: string;
  readonly externalId: string | null;
}

const notFound = (id: string): SingleTreeRefusal => ({ code: 'NOT_FOUND', what: 'group', id });

/** A run of new groups, and those one by one, parents first. */
interface NewRun {
  readonly run: TreeShape['added'][number];
  readonly groups: readonly NewGroup[];
}

/** Groups that are done since the last pause. */
class Pauses {
  private done = 0;

  isDue(): boolean {
    this.done += 1;
    return this.done % PAUSE_EVERY === 0;
  }
}

/** `null`: the command was carried out before, and its groups, or some of them, are there. */
function* groupsOf(state: GroupTreeState, run: TreeShape['added'][number], pauses: Pauses): Slices<NewGroup[] | null> {
  const groups: NewGroup[] = [];
  for (const [index, name] of run.names.entries()) {
    if (pauses.isDue()) yield;
    const groupId = generatedId(run.newId, index);
    if (slotOf(state, groupId) !== undefined) return null;
    const parent = run.parents[index] as number;
    groups.push({
      groupId,
      parentId: parent < 0 ? run.parentId : (groups[parent] as NewGroup).groupId,
      name: tidyName(name),
      externalId: run.externalIds?.[index] ?? null,
    });
  }
  return groups;
}

/** The tree after a change of shape, as far as it differs from the tree before. */
class Shape {
  readonly runs: NewRun[] = [];
  readonly parents = new Map<string, string>();
  readonly names = new Map<string, string>();
  readonly removed: ReadonlySet<string>;
  readonly pauses = new Pauses();

  private constructor(
    private readonly state: GroupTreeState,
    readonly wanted: TreeShape,
  ) {
    for (const { groupId, parentId } of wanted.moved) this.parents.set(groupId, parentId);
    for (const { groupId, name } of wanted.changed) if (name !== null) this.names.set(groupId, tidyName(name));
    this.removed = new Set(wanted.removed.map(({ groupId }) => groupId));
  }

  static *of(state: GroupTreeState, wanted: TreeShape): Slices<Shape> {
    const shape = new Shape(state, wanted);
    for (const run of wanted.added) {
      const groups = yield* groupsOf(state, run, shape.pauses);
      if (groups === null) continue;
      shape.runs.push({ run, groups });
      for (const { groupId, parentId, name } of groups) {
        if (shape.pauses.isDue()) yield;
        shape.parents.set(groupId, parentId);
        shape.names.set(groupId, name);
      }
    }
    return shape;
  }

  /** `null`: the root; `undefined`: there is no such group. */
  parentOf(groupId: string): string | null | undefined {
    const changed = this.parents.get(groupId);
    if (changed !== undefined) return changed;
    const slot = slotOf(this.state, groupId);
    if (slot === undefined) return undefined;
    const parent = parentOf(this.state.tree, slot);
    return parent < 0 ? null : idOf(this.state.tree, parent);
  }

  nameOf(groupId: string): string {
    return this.names.get(groupId) ?? nameOf(this.state.tree, slotOf(this.state, groupId) as number);
  }

  /** The ids from a group up to the root; `null`: it hangs from nothing, from a removed group or from itself. O(depth). */
  lineageOf(groupId: string): readonly string[] | null {
    const path: string[] = [];
    for (let id: string | null | undefined = groupId; id !== null; id = this.parentOf(id)) {
      if (id === undefined || this.removed.has(id) || path.includes(id)) return null;
      path.push(id);
    }
    return path;
  }
}

/** Where a group hangs: below itself, below something that is not there, too deep, or well. */
function placeFault(shape: Shape, groupId: string, parentId: string, below: number): SingleTreeRefusal | null {
  if (isInside(shape, groupId, parentId)) return { code: 'CYCLE', groupId, parentId };
  const path = shape.lineageOf(parentId);
  if (path === null) return notFound(parentId);
  return path.length + 1 + below <= MAX_DEPTH ? null : TOO_DEEP;
}

const isInside = (shape: Shape, groupId: string, parentId: string): boolean => {
  const seen = new Set<string>();
  for (let id: string | null | undefined = parentId; typeof id === 'string' && !seen.has(id); id = shape.parentOf(id)) {
    if (id === groupId) return true;
    seen.add(id);
  }
  return false;
};

/** Levels below a group that moves, without what leaves it. */
const heightAfter = (state: GroupTreeState, shape: Shape, groupId: string): number => {
  let height = 0;
  for (const slot of subtree(state.tree, slotOf(state, groupId) as number))
    height = Math.max(height, shape.lineageOf(idOf(state.tree, slot))?.indexOf(groupId) ?? 0);
  return height;
};

/** G1: names that two siblings would have after the change. Costs the groups that are new, moved or renamed. */
function* takenNames(state: GroupTreeState, shape: Shape): Slices<Refused[]> {
  const seen = new Map<string, Set<string>>();
  const refused: Refused[] = [];
  for (const groupId of new Set([...shape.parents.keys(), ...shape.names.keys()])) {
    if (shape.pauses.isDue()) yield;
    const parentId = shape.parentOf(groupId);
    if (typeof parentId !== 'string' || shape.removed.has(groupId)) continue;
    const name = shape.nameOf(groupId);
    const key = nameKey(name);
    const keys = seen.get(parentId) ?? new Set();
    seen.set(parentId, keys);
    const isTaken = keys.has(key) || isKept(state, shape, parentId, key);
    keys.add(key);
    if (isTaken) refused.push({ groupId, refusal: { code: 'NAME_TAKEN', parentId, names: [name], count: 1 } });
  }
  return refused;
}

/** Whether a group that the change does not touch has the name with this key below `parentId`. */
const isKept = (state: GroupTreeState, shape: Shape, parentId: string, key: string): boolean => {
  const parent = slotOf(state, parentId);
  const sibling = parent === undefined ? undefined : childNamed(state.tree, parent, key);
  if (sibling === undefined) return false;
  const siblingId = idOf(state.tree, sibling);
  // The group itself, and a sibling that is moved or renamed as well, are compared when their own turn comes.
  return !shape.removed.has(siblingId) && !shape.parents.has(siblingId) && !shape.names.has(siblingId);
};

/** An id that another group gives up in the same change is not free yet: groups are recognized by them. */
function* externalIdFaults(state: GroupTreeState, shape: Shape): Slices<Refused[]> {
  const seen = new Set<string>();
  const refused: Refused[] = [];
  const changed = shape.wanted.changed.map(({ groupId, externalId = null }) => ({ groupId, externalId }));
  for (const group of [...shape.runs.flatMap(({ groups }) => groups), ...changed]) {
    if (shape.pauses.isDue()) yield;
    const { groupId, externalId } = group;
    if (externalId === null) continue;
    const tidy = tidyExternalId(externalId);
    const fault = externalIdFault(state, 'group', groupId, tidy)?.refusal as SingleTreeRefusal | undefined;
    const isTwice = seen.size === seen.add(tidy).size;
    if (fault) refused.push({ groupId, refusal: fault });
    else if (isTwice) refused.push({ groupId, refusal: TWICE });
  }
  return refused;
}

const TWICE = { code: 'VALIDATION', field: 'externalId', message: 'is named more than once' } as const;

const refusalsOf = (groupId: string, ...refusals: readonly (SingleTreeRefusal | null | undefined)[]): Refused[] => {
  const first = refusals.find((refusal) => refusal !== null && refusal !== undefined);
  return first ? [{ groupId, refusal: first }] : [];
};

const singleOf = (refused: { readonly refusal: TreeRefusal } | null): SingleTreeRefusal | null =>
  refused && (refused.refusal as SingleTreeRefusal);

function movedFaults(state: GroupTreeState, shape: Shape): Refused[] {
  return shape.wanted.moved.flatMap(({ groupId, parentId, authority }) => {
    const slot = slotOf(state, groupId);
    if (slot === undefined) return refusalsOf(groupId, notFound(groupId));
    const misplaced = placeFault(shape, groupId, parentId, 0);
    const deep = misplaced ?? placeFault(shape, groupId, parentId, heightAfter(state, shape, groupId));
    return refusalsOf(groupId, deep, singleOf(membersHoldMore(state, slot, authority)));
  });
}

function changedFaults(state: GroupTreeState, { wanted }: Shape): Refused[] {
  return wanted.changed.flatMap(({ groupId, groupType, name }) => {
    const slot = slotOf(state, groupId);
    if (slot === undefined) return refusalsOf(groupId, notFound(groupId));
    const isRoot = parentOf(state.tree, slot) < 0;
    if (isRoot && groupType !== null && groupType !== 'company')
      return refusalsOf(groupId, {
        code: 'VALIDATION',
        field: 'type',
        message: 'the root of a project is its company',
      });
    return refusalsOf(groupId, refuseName('name', name)?.refusal);
  });
}

function removedFaults(state: GroupTreeState, { wanted }: Shape): Refused[] {
  return wanted.removed.flatMap(({ groupId, authority }) => {
    const slot = slotOf(state, groupId);
    if (slot === undefined) return refusalsOf(groupId, notFound(groupId));
    if (parentOf(state.tree, slot) < 0)
      return refusalsOf(groupId, {
        code: 'VALIDATION',
        field: 'groupId',
        message: 'the root of a project cannot be removed',
      });
    return refusalsOf(groupId, singleOf(membersHoldMore(state, slot, authority)));
  });
}

const TOO_DEEP: SingleTreeRefusal = {
  code: 'VALIDATION',
  field: 'parentId',
  message: `groups go at most ${MAX_DEPTH} levels deep`,
};

function* addedFaults(shape: Shape): Slices<Refused[]> {
  const refused: Refused[] = [];
  for (const { run, groups } of shape.runs) {
    const first = generatedId(run.newId, 0);
    const misplaced = placeFault(shape, first, run.parentId, 0);
    if (misplaced) {
      refused.push({ groupId: first, refusal: misplaced });
      continue;
    }
    const depth = (shape.lineageOf(run.parentId) as readonly string[]).length;
    const depths: number[] = [];
    for (const [index, { groupId }] of groups.entries()) {
      if (shape.pauses.isDue()) yield;
      const parent = run.parents[index] as number;
      const own = parent < 0 ? depth + 1 : (depths[parent] as number) + 1;
      depths.push(own);
      const unnamed = refuseName('name', run.names[index] as string)?.refusal;
      refused.push(...refusalsOf(groupId, unnamed, own > MAX_DEPTH ? TOO_DEEP : null));
    }
  }
  return refused;
}

/** The groups of a run in events of at most `GENERATED_PER_EVENT`. */
function* eventsOfRun({ run, groups }: NewRun): Slices<TreeEventOf<'GroupsGenerated'>[]> {
  const { newId, parentId, levels } = run;
  const events: TreeEventOf<'GroupsGenerated'>[] = [];
  for (let first = 0; first < run.names.length; first += GENERATED_PER_EVENT) {
    yield;
    const end = first + GENERATED_PER_EVENT;
    const ids = run.externalIds?.slice(first, end).map((id) => (id === null ? null : tidyExternalId(id)));
    const data: GeneratedGroups = {
      newId,
      parentId,
      levels,
      first,
      level: run.level.slice(first, end),
      parents: run.parents.slice(first, end),
      names: groups.slice(first, end).map(({ name }) => name),
      ...(ids?.some((id) => id !== null) && { externalIds: ids }),
    };
    events.push({ type: 'GroupsGenerated', data });
  }
  return events;
}

const detailsEvents = (state: GroupTreeState, { wanted }: Shape): TreeEvent[] =>
  wanted.changed.flatMap(({ groupId, groupType, name: sent, externalId: sentId }): TreeEvent[] => {
    const slot = slotOf(state, groupId) as number;
    const type = groupType ?? typeOf(state.tree, slot);
    const name = sent === null ? nameOf(state.tree, slot) : tidyName(sent);
    const externalId = externalIdChange(state, 'group', groupId, sentId);
    const isSame = type === typeOf(state.tree, slot) && name === nameOf(state.tree, slot) && externalId === undefined;
    if (isSame) return [];
    return [
      { type: 'GroupDetailsChanged', data: { groupId, type, name, ...(externalId !== undefined && { externalId }) } },
    ];
  });

/** A removed group and what goes with it. */
function* leavingWith(state: GroupTreeState, shape: Shape, slot: number): Generator<string> {
  yield idOf(state.tree, slot);
  for (const child of childrenOf(state.tree, slot))
    if (!shape.parents.has(idOf(state.tree, child))) yield* leavingWith(state, shape, child);
}

/** G4, U4: devices and members leave with their group. */
const removalEvents = (state: GroupTreeState, shape: Shape): TreeEvent[] =>
  [...shape.removed].flatMap((groupId): TreeEvent[] => {
    // What is below another removed group goes with that.
    if (shape.lineageOf(shape.parentOf(groupId) as string) === null) return [];
    const groups = [...leavingWith(state, shape, slotOf(state, groupId) as number)];
    const devices = groups.flatMap((id) => devicesAt(state, id));
    const members = groups.flatMap((id) => membersAt(state, id));
    return [
      ...devices.map((data): TreeEvent => ({ type: 'DeviceRemoved', data })),
      ...members.map((data): TreeEvent => ({ type: 'MemberRemoved', data })),
      { type: 'SubtreeRemoved', data: { groupId } },
    ];
  });

/** G1, G3's part of the tree, G4, in slices. Costs the groups that change and those below the ones that move or go. */
export function* reshapeInSlices(
  state: GroupTreeState,
  command: TreeCommandOf<'ReshapeTree'>,
): Slices<Decision<TreeEvent, TreeRefusal>> {
  const shape = yield* Shape.of(state, command);
  const added = yield* addedFaults(shape);
  yield;
  const placed = [
    ...added,
    ...movedFaults(state, shape),
    ...changedFaults(state, shape),
    ...removedFaults(state, shape),
  ];
  yield;
  // Groups without a place have no siblings to compare.
  const named = placed.length > 0 ? [] : yield* takenNames(state, shape);
  const items = [...placed, ...named, ...(yield* externalIdFaults(state, shape))];
  if (items.length > 0) return refuse({ code: 'BATCH_REFUSED', items });
  const generated: TreeEvent[] = [];
  for (const run of shape.runs) generated.push(...(yield* eventsOfRun(run)));
  const isMoved = ({ groupId, parentId }: TreeShape['moved'][number]): boolean => {
    const slot = slotOf(state, groupId) as number;
    return idOf(state.tree, parentOf(state.tree, slot)) !== parentId;
  };
  const moves = command.moved
    .filter(isMoved)
    .map(({ groupId, parentId }): TreeEvent => ({ type: 'GroupMoved', data: { groupId, parentId } }));
  return accept([...generated, ...moves, ...detailsEvents(state, shape), ...removalEvents(state, shape)]);
}

/** The same without pauses. */
export const reshapeTree = (
  state: GroupTreeState,
  command: TreeCommandOf<'ReshapeTree'>,
): Decision<TreeEvent, TreeRefusal> => atOnce(reshapeInSlices(state, command));
