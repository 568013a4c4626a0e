import { nameKey, PAUSE_EVERY, type Slices } from '@allotree/domain';
import type { CurrentAssignment } from './current-project.js';
import type { Places } from './plan-devices.js';
import { protectedAt } from './plan-groups.js';
import type { Operation, PlannedUnits, PlanRefusal, ProjectPlan } from './plan-types.js';
import { nameOf, type AssignmentEntry } from './project-file.js';

type Part = Pick<ProjectPlan, 'assignments' | 'releases' | 'identified' | 'operations' | 'refusals'> & {
  readonly unchanged: number;
};

interface Unit {
  readonly label: string | null;
  readonly holder: string | null;
  readonly externalId: string | null;
}

const unitsOf = (entry: AssignmentEntry): Unit[] =>
  Array.from({ length: entry.count }, (_, index): Unit => {
    const named = (pattern: string | undefined): string | null =>
      pattern === undefined ? null : nameOf(pattern, entry.firstNumber + index);
    return { label: named(entry.label), holder: entry.holder ?? null, externalId: named(entry.externalId) };
  });

const likeness = (resource: string, { label, holder }: Pick<Unit, 'label' | 'holder'>): string =>
  JSON.stringify([resource, label === null ? null : nameKey(label), holder]);

/** Units that look alike, in their order: those without an external id, and those with one that the file does not name. */
interface Alike {
  readonly plain: CurrentAssignment[];
  readonly others: CurrentAssignment[];
}

/** The units in use at a group that no entry of the file has taken yet. */
class Free {
  private readonly byLikeness = new Map<string, Alike>();
  private readonly byExternalId = new Map<string, CurrentAssignment>();
  private readonly taken = new Set<string>();

  constructor(
    private readonly current: readonly CurrentAssignment[],
    wantedIds: ReadonlySet<string>,
  ) {
    for (const one of current) {
      const { externalId } = one;
      if (externalId !== null) this.byExternalId.set(externalId, one);
      if (externalId !== null && wantedIds.has(externalId)) continue;
      const key = likeness(one.resource, one);
      const alike = this.byLikeness.get(key) ?? { plain: [], others: [] };
      this.byLikeness.set(key, alike);
      alike[externalId === null ? 'plain' : 'others'].push(one);
    }
    // Taken from the end.
    for (const { plain, others } of this.byLikeness.values()) [plain, others].forEach((list) => list.reverse());
  }

  /** By its external id, else one that looks alike: best one without an external id. */
  take(resource: string, unit: Unit): CurrentAssignment | null {
    const known = unit.externalId === null ? undefined : this.byExternalId.get(unit.externalId);
    const alike = known ? undefined : this.byLikeness.get(likeness(resource, unit));
    const found = known ?? alike?.plain.pop() ?? alike?.others.pop() ?? null;
    if (found) this.taken.add(found.assignmentId);
    return found;
  }

  get left(): CurrentAssignment[] {
    return this.current.filter(({ assignmentId }) => !this.taken.has(assignmentId));
  }
}

interface Collected {
  readonly operations: Operation[];
  readonly refusals: PlanRefusal[];
  readonly assignments: PlannedUnits[];
  readonly identified: ProjectPlan['identified'][number][];
  unchanged: number;
}

/** Units in use are found by their external ids, else by their labels and holders. */
export function* planAssignments(
  entries: readonly AssignmentEntry[],
  current: readonly CurrentAssignment[],
  places: Places,
): Slices<Part> {
  const units = new Map<AssignmentEntry, Unit[]>();
  const wantedIds = new Set<string>();
  for (const entry of entries) {
    const wanted = unitsOf(entry);
    units.set(entry, wanted);
    for (const { externalId } of wanted) if (externalId !== null) wantedIds.add(externalId);
    yield;
  }
  const free = yield* freeByGroup(current, wantedIds);
  const found: Collected = { operations: [], refusals: [], assignments: [], identified: [], unchanged: 0 };
  for (const [entry, wanted] of units) {
    yield;
    const groupId = places.idOf(entry.group);
    const missing = wanted.filter((unit) => {
      const own = free.get(groupId)?.take(entry.resource, unit) ?? null;
      if (own) compare(found, entry, unit, own);
      return own === null;
    });
    if (missing.length > 0) assign(found, entry, groupId, missing);
  }
  const leaving = places.prune ? [...free].filter(([groupId]) => places.groups.stays(groupId)) : [];
  const released = leaving.flatMap(([groupId, { left }]) => left.map((own) => ({ own, path: places.pathOf(groupId) })));
  const removal = removalOf(released, places);
  return {
    ...found,
    operations: [...found.operations, ...removal.operations],
    refusals: [...found.refusals, ...removal.refusals],
    releases: released
      .map(({ own }) => own)
      .sort((a, b) => Number(b.resource === 'mobile_app') - Number(a.resource === 'mobile_app'))
      .map(({ assignmentId, groupId }) => ({ assignmentId, groupId })),
  };
}

/** A unit of the file and the one that was found for it. */
function compare(
  found: Collected,
  { group: path, resource }: AssignmentEntry,
  unit: Unit,
  own: CurrentAssignment,
): void {
  const { assignmentId, groupId, label, externalId } = own;
  if (likeness(own.resource, own) !== likeness(resource, unit)) {
    found.refusals.push(unlike(path, unit, own));
  } else if (unit.externalId !== null && externalId !== unit.externalId) {
    found.identified.push({ groupId, assignmentId, externalId: unit.externalId });
    const [before, after] = [
      { resource, label, externalId },
      { resource, label, externalId: unit.externalId },
    ];
    found.operations.push({ op: 'update', kind: 'assignment', path, count: 1, before, after });
  } else {
    found.unchanged += 1;
  }
}

function assign(found: Collected, { group: path, resource }: AssignmentEntry, groupId: string, units: Unit[]): void {
  found.assignments.push(...linesOf(groupId, resource, units));
  const all = units.flatMap(({ label }) => label ?? []);
  const labels = all.length > 3 ? [all[0], '...', all.at(-1)] : all;
  const after = { resource, ...(labels.length > 0 && { labels }) };
  found.operations.push({ op: 'create', kind: 'assignment', path, count: units.length, before: null, after });
}

function* freeByGroup(
  current: readonly CurrentAssignment[],
  wantedIds: ReadonlySet<string>,
): Slices<Map<string, Free>> {
  const byGroup = new Map<string, CurrentAssignment[]>();
  for (const [place, one] of current.entries()) {
    if (place % PAUSE_EVERY === 0) yield;
    const ofGroup = byGroup.get(one.groupId);
    if (ofGroup) ofGroup.push(one);
    else byGroup.set(one.groupId, [one]);
  }
  const free = new Map<string, Free>();
  for (const [groupId, ofGroup] of byGroup) {
    free.set(groupId, new Free(ofGroup, wantedIds));
    yield;
  }
  return free;
}

const unlike = (path: string, { label, externalId }: Unit, own: CurrentAssignment): PlanRefusal => ({
  kind: 'assignment',
  path,
  code: 'VALIDATION',
  detail: `The unit ${externalId ?? ''} is a ${own.resource} labeled "${own.label ?? ''}", and the file says "${label ?? ''}". Correct the file, or release the unit first.`,
  facts: { assignmentId: own.assignmentId, field: 'label' },
});

/** Units without anything of their own go in one line. */
function linesOf(groupId: string, resource: AssignmentEntry['resource'], units: readonly Unit[]): PlannedUnits[] {
  const [plain, own] = [units.filter(isPlain), units.filter((unit) => !isPlain(unit))];
  const lines: PlannedUnits[] = own.map(({ label, holder, externalId }) => ({
    groupId,
    resource,
    count: 1,
    ...(label !== null && { label }),
    ...(holder !== null && { holder }),
    ...(externalId !== null && { externalId }),
  }));
  return plain.length === 0 ? lines : [...lines, { groupId, resource, count: plain.length }];
}

const isPlain = ({ label, holder, externalId }: Unit): boolean =>
  label === null && holder === null && externalId === null;

function removalOf(
  released: readonly { readonly own: CurrentAssignment; readonly path: string }[],
  { groups }: Places,
): { operations: Operation[]; refusals: PlanRefusal[] } {
  const operations = new Map<string, Operation>();
  const refusals = new Map<string, PlanRefusal>();
  for (const { own, path } of released) {
    const key = `${own.groupId} ${own.resource}`;
    const count = (operations.get(key)?.count ?? 0) + 1;
    const before = { resource: own.resource };
    operations.set(key, { op: 'remove', kind: 'assignment', path, count, before, after: null });
    if (groups.isProtected(own.groupId)) refusals.set(own.groupId, protectedAt('assignment', path));
  }
  return { operations: [...operations.values()], refusals: [...refusals.values()] };
}
