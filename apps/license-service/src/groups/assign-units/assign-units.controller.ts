import { Body, Controller, HttpCode, HttpStatus, Param, Post, Query, Res } from '@nestjs/common';
import { AssignUnitsAnswer, AssignUnitsPreview, AssignUnitsRequest, DryRun } from '@allotree/contracts';
import type { AssignmentInput } from '@allotree/domain';
import { Caller, Documented, Permit } from '@allotree/http';
import { PermissionChecker } from '@allotree/identity';
import type { FastifyReply } from 'fastify';
import { answerTo } from '../../answer.js';
import { itemProblem } from '../../batches.js';
import { ProjectPath } from '../../paths.js';
import { Projects, type Accepted } from '../../projects.js';

const LINES = {
  assignments: [
    {
      index: 0,
      groupId: 'group-1',
      resource: 'sip_number',
      status: 'assigned',
      assignmentIds: ['5e0f6a8c-8a5d-8c0b-b3a4-9c1d2e3f4a5b', '0b7f2f1e-6c1d-8e02-9f3a-1c2d3e4f5a6b'],
    },
  ],
};

@Controller('projects/:p/assignments')
export class AssignUnitsController {
  constructor(
    private readonly projects: Projects,
    private readonly permissionChecker: PermissionChecker,
  ) {}

  @Post()
  @HttpCode(HttpStatus.OK)
  @Permit('assignments:manage', { within: 'p' })
  @Documented({
    tag: 'assignments',
    summary: 'Put units in use at many groups',
    description:
      'Up to 1,000 units; `count` of one resource at one group on each line. `mode: "all"` is decided on the state after all ' +
      'lines, so their order changes nothing: all are assigned or none, and `BATCH_REFUSED` names every line that was ' +
      'refused. With `mode: "each"` lines are decided one after the other, so where units run out their order matters; the ' +
      'answer has a line for each. A mobile app takes the oldest free virtual number of its group, those of the request ' +
      'included. An `externalId` goes with a count of 1. The `ETag` is that of the whole project.',
    body: { assignments: [{ groupId: 'group-1', resource: 'sip_number', count: 2, label: 'Floor 1' }] },
    response: { schema: AssignUnitsAnswer, example: LINES },
    problems: ['VALIDATION', 'NOT_FOUND', 'PROJECT_CLOSED', 'BATCH_REFUSED', 'CLOCK_BEHIND', 'STALE_REVISION'],
    idempotent: true,
    revised: true,
    dryRun: {
      schema: AssignUnitsPreview,
      example: { events: [], effects: { suspended: [], reinstated: [], released: [], clamped: [] }, ...LINES },
    },
  })
  async assignUnits(
    @Param({ schema: ProjectPath }) { p }: ProjectPath,
    @Query({ schema: DryRun }) _query: unknown,
    @Body({ schema: AssignUnitsRequest }) { assignments, mode }: AssignUnitsRequest,
    @Caller() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<object> {
    const items = assignments.map((line, index): AssignmentInput => {
      const { groupId, resource, label = null, holder = null, externalId = null, count } = line;
      const assignmentIds = Array.from({ length: count }, (_, unit) => caller.newId(`assignment ${index} ${unit}`));
      return { groupId, resource, label, holder, externalId, assignmentIds };
    });
    // A line is refused for good, so everything about its group has to be known first.
    if (mode === 'each') await this.projects.caughtUp(p);
    const authorities = () => this.permissionChecker.authorities(caller.principal, 'assignments:manage', p);
    const request = { type: 'AssignUnits', items, mode } as const;
    const done = await this.projects.run(p, async () => ({ ...request, authorities: await authorities() }), caller);
    const lines = { assignments: linesOf(items, { projectId: p, mode }, done) };
    const answer = answerTo(caller, reply, done, lines);
    return caller.dryRun ? { ...answer, ...lines } : answer;
  }
}

/** The answers to the lines. A repeated command has its events and not its refusals. */
function linesOf(
  items: readonly AssignmentInput[],
  { projectId, mode }: { readonly projectId: string; readonly mode: AssignUnitsRequest['mode'] },
  { events, declined = [], at }: Accepted,
): readonly object[] {
  const refused = new Map(
    declined.map((item) => [item.index, itemProblem(item, { projectId, command: { items }, at })]),
  );
  const made = new Set(
    events.flatMap(({ type, data }) =>
      type === 'AssignmentsMade' ? data.assignments.map(({ assignmentId }) => assignmentId) : [],
    ),
  );
  return items.map(({ groupId, resource, assignmentIds }, index) => {
    const isAssigned = mode === 'all' || (!refused.has(index) && assignmentIds.every((id) => made.has(id)));
    const line = { index, groupId, resource };
    return isAssigned
      ? { ...line, status: 'assigned', assignmentIds }
      : { ...line, status: 'refused', problem: refused.get(index) ?? null };
  });
}
