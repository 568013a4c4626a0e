import { inSlices } from '@allotree/basics';
import { Body, Controller, HttpCode, HttpStatus, Param, Post } from '@nestjs/common';
import { inBatches, MAX_RESTRICTIONS, MAX_UNITS, RehearsalAnswer, RehearsalRequest } from '@allotree/contracts';
import {
  generatedGroups,
  rehearseInSlices,
  type AssignmentInput,
  type Instant,
  type ProjectRefusal,
  type Slices,
} from '@allotree/domain';
import { Caller, Documented, LargeBody, Permit, WHOLE_PROJECT } from '@allotree/http';
import { itemProblem } from '../../batches.js';
import { DecisionClock } from '../../clock/decision-clock.js';
import { effectsOf } from '../../effects.js';
import { ProjectPath } from '../../paths.js';
import { Projects, type ProjectRequest } from '../../projects.js';
import { zoneFor } from '../allotments-of.js';
import { restrictionInputs } from '../restriction-inputs.js';

type Part = RehearsalAnswer['refusals'][number]['part'];

/** A command with what its refusal is about: an item of a part, or (`first`) the items of a batch. */
interface Rehearsed {
  readonly request: ProjectRequest;
  readonly part: Part | null;
  readonly first: number;
}

/** Asked by the group service before it shows or applies a plan. Records nothing. */
@Controller('projects/:p/rehearsals')
export class RehearseController {
  constructor(
    private readonly projects: Projects,
    private readonly decisions: DecisionClock,
  ) {}

  @Post()
  @HttpCode(HttpStatus.OK)
  @LargeBody(WHOLE_PROJECT)
  @Permit('system:manage', { project: 'p' })
  @Documented({
    tag: 'projects',
    summary: 'What changes of a project would do, one after the other',
    description:
      'The commands are those of the usual requests, in batches of their usual length: groups, devices, restrictions, releases, ' +
      'assignments. Answers with everything that would be refused, and the effects. Records nothing.',
    body: {
      added: [],
      moved: [],
      removed: [],
      devices: { added: [], removed: [] },
      restrictions: [],
      releases: [],
      assignments: [],
      authorities: { restrictions: [{ kind: 'vendor' }], assignments: [{ kind: 'vendor' }] },
    },
    response: {
      schema: RehearsalAnswer,
      example: { refusals: [], effects: { suspended: [], reinstated: [], released: [], clamped: [] } },
    },
    problems: ['VALIDATION', 'NOT_FOUND'],
  })
  async rehearse(
    @Param({ schema: ProjectPath }) { p }: ProjectPath,
    @Body({ schema: RehearsalRequest }) body: RehearsalRequest,
    @Caller() caller: Caller,
  ): Promise<object> {
    const zone = await zoneFor(this.projects, p, body.restrictions);
    const sections = await inSlices(sectionsOf(body, zone, caller));
    const rehearsed = [...factsOf(body), ...sections, ...unitsOf(body, caller)];
    const now = await this.decisions.now(p);
    const commands = rehearsed.map(({ request }) => ({ ...request, now }));
    const done = await this.projects.lookInSlices(p, (state) => rehearseInSlices(state, commands));
    const refusals = done.refusals.flatMap(({ index, refusal }) =>
      refusedItems(rehearsed[index] as Rehearsed, refusal, { projectId: p, at: now }),
    );
    return { refusals, effects: effectsOf(done.events) };
  }
}

/** As many as the group service announces at once. */
const PLACED_AT_ONCE = 1_000;

/** What the license service would learn of the group service. */
function factsOf({ added, moved, removed, devices }: RehearsalRequest): Rehearsed[] {
  const fact = (request: ProjectRequest): Rehearsed => ({ request, part: null, first: 0 });
  const groups = added.flatMap((run) => generatedGroups({ ...run, first: 0 }));
  return [
    ...inBatches(groups, PLACED_AT_ONCE).map(({ items }) => fact({ type: 'PlaceGroups', groups: items })),
    ...moved.map((move, index): Rehearsed => ({
      request: { type: 'RelocateGroup', ...move },
      part: 'moved',
      first: index,
    })),
    ...removed.map((groupId) => fact({ type: 'RemoveGroup', groupId })),
    ...devices.added.map((device, index): Rehearsed => ({
      request: { type: 'AddDevice', ...device },
      part: 'devices',
      first: index,
    })),
    ...devices.removed.map((serialNumber) => fact({ type: 'RemoveDevice', serialNumber })),
  ];
}

function* sectionsOf(
  { restrictions, authorities }: RehearsalRequest,
  zone: string,
  caller: Caller,
): Slices<Rehearsed[]> {
  const inputs = yield* restrictionInputs({ restrictions }, zone, caller);
  return inBatches(inputs, MAX_RESTRICTIONS).map(({ items, first }): Rehearsed => ({
    request: { type: 'SetRestrictions', restrictions: items, cascade: false, authorities: authorities.restrictions },
    part: 'restrictions',
    first,
  }));
}

function unitsOf({ releases, assignments, authorities }: RehearsalRequest, caller: Caller): Rehearsed[] {
  const items = assignments.map((line, index): AssignmentInput => {
    const { groupId, resource, label = null, holder = null, externalId = null, count } = line;
    const assignmentIds = Array.from({ length: count }, (_, unit) => caller.newId(`assignment ${index} ${unit}`));
    return { groupId, resource, label, holder, externalId, assignmentIds };
  });
  const released = inBatches(releases, MAX_UNITS).map(({ items: assignmentIds, first }): Rehearsed => ({
    request: { type: 'ReleaseAssignments', assignmentIds, authorities: authorities.assignments },
    part: 'releases',
    first,
  }));
  const assigned = inBatches(items, MAX_UNITS, ({ assignmentIds }) => assignmentIds.length).map(
    ({ items: lines, first }): Rehearsed => ({
      request: { type: 'AssignUnits', items: lines, mode: 'all', authorities: authorities.assignments },
      part: 'assignments',
      first,
    }),
  );
  return [...released, ...assigned];
}

function refusedItems(
  { request, part, first }: Rehearsed,
  refusal: ProjectRefusal,
  { projectId, at }: { readonly projectId: string; readonly at: Instant },
): RehearsalAnswer['refusals'] {
  const refused = { projectId, at, command: request };
  const items = refusal.code === 'BATCH_REFUSED' ? refusal.items : [{ index: 0, refusal }];
  return items.map((item) => ({
    part: part ?? 'moved',
    index: first + item.index,
    problem: itemProblem(item, refused),
  }));
}
