import type { Instant } from '../../decision.js';
import { refuseName } from '../../names.js';
import { RESOURCES } from '../../words.js';
import { authorityAmong, type AuthorityAt } from '../limits/authority.js';
import { Demand } from '../limits/demand.js';
import { LimitTimelines } from '../limits/limit-timeline.js';
import type { AssignmentInput, ProjectCommandOf } from '../model/commands.js';
import type { MadeAssignment } from '../model/events.js';
import { evolve } from '../model/evolve.js';
import { inChunks, type CurrentRecorder } from '../model/recorder.js';
import type { BatchRefusal, RefusedItem, SingleRefusal } from '../model/refusals.js';
import { draftOf, type CurrentState } from '../model/state.js';
import { refOf, reinstateFitting } from '../time/use.js';
import { freeNumbersAt, noRoom, tidyLabel } from './assignments.js';
import { namedTwice, refuseItems, repeated } from './batches.js';
import { externalIdFault, factOfExternalId, namedExternalId } from './external-ids.js';
import { groupNotFound, release } from './groups.js';

/** Puts units in use at many groups (U1, U2). Idempotent by assignment id. Costs the units and the depth of their groups. */
export function assignUnits(
  recorder: CurrentRecorder,
  { items, mode, authorities }: ProjectCommandOf<'AssignUnits'>,
): BatchRefusal | null {
  const { state, at } = recorder;
  const authorityAt = authorityAmong(state, authorities);
  const asked = items.map((input, index) => askedFor(state, input, index));
  const { made, refused } =
    mode === 'all' ? together({ state, at, authorityAt }, asked) : oneByOne({ state, at, authorityAt }, asked);
  if (mode === 'all' && refused.length > 0) return refuseItems(refused);
  recorder.decline(refused);
  for (const assignments of inChunks(made)) recorder.record('AssignmentsMade', { assignments });
  return null;
}

/** Releases units; suspended assignments that now fit return once all are released (U2, U3). */
export function releaseAssignments(
  recorder: CurrentRecorder,
  { assignmentIds, authorities }: ProjectCommandOf<'ReleaseAssignments'>,
): BatchRefusal | null {
  const { state } = recorder;
  const authorityAt = authorityAmong(state, authorities);
  const twice = repeated(assignmentIds);
  const named = new Set(assignmentIds);
  const refusalOf = (assignmentId: string): SingleRefusal | null => {
    const assignment = state.assignments.get(assignmentId);
    if (!assignment || !authorityAt(assignment.groupId))
      return { code: 'NOT_FOUND', what: 'assignment', id: assignmentId };
    if (twice.has(assignmentId)) return namedTwice('assignmentId');
    const { pairedWith } = assignment;
    if (pairedWith === null || named.has(pairedWith)) return null;
    return { code: 'SIP_NUMBER_IN_USE', assignmentId, pairedWith };
  };
  const refused = assignmentIds.flatMap((id, index) => refusedItem(index, refusalOf(id)));
  if (refused.length > 0) return refuseItems(refused);
  const released = assignmentIds.map((id) => state.assignments.get(id)!).sort((a, b) => a.sequence - b.sequence);
  release(recorder, released.map(refOf), 'released');
  reinstateFitting(recorder);
  return null;
}

const refusedItem = (index: number, refusal: SingleRefusal | null): RefusedItem[] =>
  refusal ? [{ index, refusal }] : [];

interface Place {
  readonly state: CurrentState;
  readonly at: Instant;
  readonly authorityAt: AuthorityAt;
}

/** An item with the units that are not already assigned. */
interface Asked extends AssignmentInput {
  readonly externalId: string | null;
  readonly index: number;
  readonly count: number;
}

interface Decided {
  readonly made: readonly MadeAssignment[];
  readonly refused: readonly RefusedItem[];
}

function askedFor(state: CurrentState, input: AssignmentInput, index: number): Asked {
  const assignmentIds = input.assignmentIds.filter((id) => !state.assignments.has(id));
  const label = tidyLabel(input.label);
  const externalId = namedExternalId(input.externalId);
  return { ...input, label, externalId, assignmentIds, count: assignmentIds.length, index };
}

/** Each item on the state after those before it that were accepted. */
function oneByOne(place: Place, asked: readonly Asked[]): Decided {
  const trial = draftOf(place.state) as CurrentState;
  const made: MadeAssignment[] = [];
  const refused: RefusedItem[] = [];
  for (const item of asked) {
    const decided = together({ ...place, state: trial }, [item]);
    refused.push(...decided.refused);
    made.push(...decided.made);
    evolve(trial, { type: 'AssignmentsMade', at: place.at, data: { assignments: decided.made } });
  }
  return { made, refused };
}

/** All items on one state. Where a limit is too small for what is asked for below it, all of that is refused. */
function together(place: Place, asked: readonly Asked[]): Decided {
  const open = asked.filter(({ count }) => count > 0);
  const twice = repeated(open.flatMap(({ externalId }) => externalId ?? []));
  const malformed = new Map(
    open.map((item) => [item, refusalOfForm(place, item) ?? externalIdRefusal(place, item, twice)]),
  );
  const wellFormed = open.filter((item) => !malformed.get(item));
  const demand = new Demand(place.state, wellFormed);
  const checks = {
    ...place,
    timelines: new LimitTimelines(place.state),
    demand,
    lacking: lackingNumbers(place, wellFormed),
  };
  const refused = open.flatMap((item) => refusedItem(item.index, malformed.get(item) ?? refusalByRules(checks, item)));
  return { made: refused.length > 0 ? [] : made(place.state, wellFormed), refused };
}

function refusalOfForm({ state, authorityAt }: Place, { groupId, label }: Asked): SingleRefusal | null {
  if (!authorityAt(groupId) || !state.groups.has(groupId)) return groupNotFound(groupId);
  return refuseName('label', label)?.refusal ?? null;
}

/** An external id belongs to one unit. Its holder is named to callers who manage assignments there. */
function externalIdRefusal(
  { state, authorityAt }: Place,
  { externalId, count }: Asked,
  twice: ReadonlySet<string>,
): SingleRefusal | null {
  if (externalId === null) return null;
  if (count > 1) return { code: 'VALIDATION', field: 'externalId', message: 'goes with a count of 1' };
  if (twice.has(externalId)) return namedTwice('externalId');
  const fault = externalIdFault(state, 'assignment', externalId);
  if (fault?.code !== 'EXTERNAL_ID_TAKEN' || fault.groupId === null || authorityAt(fault.groupId)) return fault;
  return { ...fault, holderId: null, groupId: null };
}

interface Checks extends Place {
  readonly timelines: LimitTimelines;
  readonly demand: Demand;
  /** Groups where apps are asked for, and too few numbers. */
  readonly lacking: ReadonlySet<string>;
}

/** The limits of a person are checked before those of the group, because they are nearer. */
function refusalByRules(checks: Checks, { groupId, resource, holder }: Asked): SingleRefusal | null {
  const { demand, at, lacking } = checks;
  const own = holder === null ? null : demand.memberShortageAt(groupId, holder, resource);
  if (own) {
    const { requested, available, limit, level } = own;
    const limitedBy = { groupId: level.groupId, name: level.name, userId: holder!, limit, validUntil: null };
    return { code: 'LIMIT_EXCEEDED', resource, requested, available, limitedBy, at };
  }
  const shortage = demand.shortageAt(groupId, resource);
  if (shortage) return noRoom(checks, groupId, resource, shortage);
  return resource === 'mobile_app' && lacking.has(groupId) ? { code: 'NO_SIP_NUMBER', groupId } : null;
}

/** U2: the numbers that are free at the group, and those asked for there. */
function lackingNumbers({ state }: Place, asked: readonly Asked[]): ReadonlySet<string> {
  const spare = new Map<string, number>();
  for (const { groupId, resource, count } of asked) {
    if (resource === 'ukey2') continue;
    const before = spare.get(groupId) ?? [...freeNumbersAt(state, groupId)].length;
    spare.set(groupId, resource === 'mobile_app' ? before - count : before + count);
  }
  return new Set([...spare].filter(([, count]) => count < 0).map(([groupId]) => groupId));
}

/** Numbers before the apps that are paired with them; otherwise in an order that the list does not decide. */
function made(state: CurrentState, items: readonly Asked[]): MadeAssignment[] {
  const units = inOwnOrder(
    items.flatMap(({ groupId, resource, label, holder, externalId, assignmentIds }) =>
      assignmentIds.map((assignmentId) => ({
        assignmentId,
        groupId,
        resource,
        label,
        holder,
        sipAssignmentId: null,
        ...factOfExternalId(externalId),
      })),
    ),
  );
  const free = new Map<string, string[]>();
  const freeAt = (groupId: string): string[] => {
    let numbers = free.get(groupId);
    if (!numbers) {
      numbers = [...freeNumbersAt(state, groupId)].map(({ assignmentId }) => assignmentId);
      free.set(groupId, numbers);
    }
    return numbers;
  };
  return units.map((unit) => {
    const { groupId, resource, assignmentId } = unit;
    if (resource === 'mobile_app') return { ...unit, sipAssignmentId: freeAt(groupId).shift()! };
    if (resource === 'sip_number') freeAt(groupId).push(assignmentId);
    return unit;
  });
}

/** Numbers first, apps last. */
const KINDS = RESOURCES.toSorted((a, b) => Number(a === 'mobile_app') - Number(b === 'mobile_app'));

const orderKey = ({ resource, groupId, label, holder, assignmentId }: MadeAssignment): string =>
  [KINDS.indexOf(resource), groupId, label ?? '', holder ?? '', assignmentId].join('\0');

function inOwnOrder(units: readonly MadeAssignment[]): MadeAssignment[] {
  const keyed = units.map((unit) => ({ unit, key: orderKey(unit) }));
  return keyed.sort((a, b) => (a.key < b.key ? -1 : 1)).map(({ unit }) => unit);
}
