import {
  exceeds,
  graceEndOf,
  plus,
  RESOURCES,
  sipCoversMobile,
  type ProjectState,
  type Resource,
} from '@allotree/domain';

type Limit = number | null;
type Term = { readonly validFrom: number; readonly validUntil: number | null };
type Restriction = NonNullable<ReturnType<ProjectState['restrictions']['get']>>;
type Assignment = NonNullable<ReturnType<ProjectState['assignments']['get']>>;

const MOST_LEVELS = 33;
/** A Basic license: two numbers and two apps for each device (L2). */
const BASIC: Readonly<Record<Resource, number>> = { sip_number: 2, mobile_app: 2, ukey2: 0 };

const valuesOf = <Row>(table: { entries(): Iterable<readonly [string, Row]> }): Row[] =>
  [...table.entries()].map(([, row]) => row);

const isWithin = ({ validFrom, validUntil }: Term, now: number): boolean =>
  validFrom <= now && (validUntil === null || now < validUntil);

/** The group and those above it, from the nearest; `null`: the way to the root does not end there. */
function pathOf({ groups, totals }: ProjectState, groupId: string): string[] | null {
  const path: string[] = [];
  for (let at: string | null = groupId; at !== null; at = groups.get(at)?.parentId ?? null) {
    if (path.length === MOST_LEVELS || groups.get(at) === undefined) return null;
    path.push(at);
  }
  return path.at(-1) === totals.project?.projectId ? path : null;
}

/** The limit on existing use: allotments in force and those in grace (E1). */
function keptBy({ allotments, gracePeriodDays }: Restriction, resource: Resource, state: ProjectState): Limit {
  const { now, project } = state.totals;
  const keeps = ({ validFrom, validUntil }: Term): boolean =>
    validFrom <= now &&
    (validUntil === null || now < graceEndOf(validUntil, gracePeriodDays, project?.timeZone ?? 'UTC'));
  return allotments.filter(keeps).reduce<Limit>((sum, { units }) => plus(sum, units[resource]), 0);
}

/** The project's licenses in force and the Basic licenses of its devices (L5). */
function capacityOf(state: ProjectState, resource: Resource): Limit {
  const { project, now } = state.totals;
  if (project?.billingMode === 'postpaid') return null;
  const inForce = valuesOf(state.licenses).filter(
    (license) => isWithin(license, now) && license.suspendedReason === null && license.revokedReason === null,
  );
  const basic = valuesOf(state.devices).length * BASIC[resource];
  return inForce.reduce<Limit>((sum, { units }) => plus(sum, units[resource]), basic);
}

function* treeFaults(state: ProjectState): Generator<string> {
  const names = new Map<string, string>();
  for (const { groupId, parentId, name } of valuesOf(state.groups)) {
    if (pathOf(state, groupId) === null) yield `group ${groupId} is not below the root (G1)`;
    const other = names.get(`${parentId} ${name}`);
    if (other !== undefined) yield `groups ${other} and ${groupId} have the same name below the same group (G1)`;
    names.set(`${parentId} ${name}`, groupId);
  }
}

function* termFaults(state: ProjectState): Generator<string> {
  const terms = [
    ...valuesOf(state.licenses).map((license) => ({ what: `license ${license.licenseId}`, ...license })),
    ...[...state.restrictions.entries()].flatMap(([groupId, { allotments }]) =>
      allotments.map((allotment) => ({ what: `allotment ${allotment.allotmentId} of group ${groupId}`, ...allotment })),
    ),
  ];
  for (const { what, validFrom, validUntil, units } of terms) {
    if (!sipCoversMobile(units)) yield `${what} has fewer sip_number than mobile_app (R1)`;
    if (validUntil !== null && validUntil < validFrom) yield `${what} ends before it starts`;
  }
}

function* pairFaults(assignments: readonly Assignment[]): Generator<string> {
  const numbers = new Map(
    assignments.filter(({ resource }) => resource === 'sip_number').map((a) => [a.assignmentId, a]),
  );
  const paired = new Set<string>();
  for (const app of assignments.filter(({ resource }) => resource === 'mobile_app')) {
    const number = numbers.get(app.sipAssignmentId ?? '');
    if (number === undefined || number.groupId !== app.groupId)
      yield `app ${app.assignmentId} has no number at its group (U2)`;
    else if (app.inForce && !number.inForce) yield `app ${app.assignmentId} is in force without its number (U2)`;
    else if (paired.has(number.assignmentId)) yield `number ${number.assignmentId} is paired with two apps (U2)`;
    paired.add(app.sipAssignmentId ?? '');
  }
}

function* limitFaults(state: ProjectState, assignments: readonly Assignment[]): Generator<string> {
  const used = new Map<string, number>();
  const count = (place: string, resource: Resource): void =>
    void used.set(`${place} ${resource}`, (used.get(`${place} ${resource}`) ?? 0) + 1);
  for (const { groupId, resource, inForce, assignmentId } of assignments) {
    const path = pathOf(state, groupId);
    if (path === null) yield `assignment ${assignmentId} is at a group that is not in the tree`;
    if (inForce) for (const place of [...(path ?? []), 'project']) count(place, resource);
  }
  const restricted = [...state.restrictions.entries()].filter(([, { enabled }]) => enabled);
  for (const resource of RESOURCES) {
    const inUse = (place: string): number => used.get(`${place} ${resource}`) ?? 0;
    const capacity = capacityOf(state, resource);
    if (exceeds(inUse('project'), capacity))
      yield `${inUse('project')} ${resource} are in force, and the project has ${capacity} (U3)`;
    for (const [groupId, restriction] of restricted) {
      const limit = keptBy(restriction, resource, state);
      if (exceeds(inUse(groupId), limit))
        yield `${inUse(groupId)} ${resource} are in force in group ${groupId}, and its limit is ${limit} (U3)`;
    }
  }
}

/** Checks the fold of a project against the rules from its facts alone, as of its last recorded instant. */
export function projectFaults(state: ProjectState): readonly string[] {
  if (state.totals.project === null) return [];
  const assignments = valuesOf(state.assignments);
  return [...treeFaults(state), ...termFaults(state), ...pairFaults(assignments), ...limitFaults(state, assignments)];
}
