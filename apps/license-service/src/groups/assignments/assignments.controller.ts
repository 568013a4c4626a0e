import { Body, Controller, Delete, Get, HttpCode, HttpStatus, Param, Post, Query, Res } from '@nestjs/common';
import {
  ASSIGNMENTS,
  AssignmentsAnswer,
  AssignmentsQuery,
  AssignUnitRequest,
  CreatedAssignment,
  DryRun,
  selected,
  type PageOf,
} from '@allotree/contracts';
import { assignmentsOf } from '@allotree/domain';
import { Caller, Documented, Permit, Problem } from '@allotree/http';
import { concealingHolders, PermissionChecker } from '@allotree/identity';
import type { FastifyReply } from 'fastify';
import type { z } from 'zod';
import { answerTo } from '../../answer.js';
import { AssignmentPath, GroupPath } from '../../paths.js';
import { inGroup, Projects } from '../../projects.js';
import { publicJson } from '../../public-json.js';
import { ASSIGNMENT_EXAMPLE } from '../assignment-example.js';

type Assignment = z.infer<typeof AssignmentsAnswer>['items'][number];

/** A cursor holds the id of the last assignment of a page. It works with any filter: its place is found before the filter is applied. */
function pageOfAssignments(
  assignments: readonly Assignment[],
  { limit, cursor, filter, orderBy }: AssignmentsQuery,
): PageOf<Assignment> {
  const inOrder = selected(assignments, { orderBy });
  const start = cursor === undefined ? 0 : inOrder.findIndex(({ assignmentId }) => assignmentId === cursor) + 1;
  if (cursor !== undefined && start === 0)
    throw Problem.validation('cursor', 'is not known here any more: begin again without it');
  const rest = selected(inOrder.slice(start), { filter });
  const items = rest.slice(0, limit);
  return { items, nextCursor: rest.length > limit ? (items.at(-1)?.assignmentId ?? null) : null };
}

@Controller('projects/:p/groups/:g/assignments')
export class AssignmentsController {
  constructor(
    private readonly projects: Projects,
    private readonly permissionChecker: PermissionChecker,
  ) {}

  @Post()
  @Permit('assignments:manage', { project: 'p', group: 'g' })
  @Documented({
    tag: 'assignments',
    summary: 'Put one unit of a resource in use at a group',
    description: 'A mobile app takes the oldest free virtual number of the group where none is named.',
    body: { resource: 'sip_number', label: '100-1', holder: 'member-1' },
    response: {
      status: 201,
      schema: CreatedAssignment,
      example: { assignmentId: '5e0f6a8c-8a5d-8c0b-b3a4-9c1d2e3f4a5b' },
    },
    problems: [
      'VALIDATION',
      'NOT_FOUND',
      'PROJECT_CLOSED',
      'LIMIT_EXCEEDED',
      'LICENSE_EXPIRED',
      'CLOCK_BEHIND',
      'NO_SIP_NUMBER',
      'SIP_NUMBER_IN_USE',
      'EXTERNAL_ID_TAKEN',
      'STALE_REVISION',
    ],
    idempotent: true,
    revised: true,
    dryRun: true,
  })
  async assignUnit(
    @Param({ schema: GroupPath }) { p, g }: GroupPath,
    @Query({ schema: DryRun }) _query: unknown,
    @Body({ schema: AssignUnitRequest }) body: AssignUnitRequest,
    @Caller() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<object> {
    const assignmentId = caller.newId('assignment');
    const { resource, label = null, holder = null, sipAssignmentId = null, externalId = null } = body;
    const unit = { resource, label, holder, sipAssignmentId, externalId };
    const request = { type: 'AssignUnit', assignmentId, groupId: g, ...unit } as const;
    const done = await concealingHolders(this.permissionChecker, { principal: caller.principal, projectId: p }, () =>
      this.projects.run(p, request, caller),
    );
    return answerTo(caller, reply, done, { assignmentId });
  }

  @Get()
  @Permit('assignments:read-own', { project: 'p', group: 'g' })
  @Documented({
    tag: 'assignments',
    summary: 'What is in use at a group itself, oldest first; ?externalId= finds one',
    description:
      'Users who may only see their own assignments get those whose `holder` is the user or their membership of the group.',
    response: {
      schema: AssignmentsAnswer,
      example: {
        items: [ASSIGNMENT_EXAMPLE],
        nextCursor: null,
      },
    },
    list: ASSIGNMENTS,
    problems: ['VALIDATION', 'NOT_FOUND'],
  })
  async listAssignments(
    @Param({ schema: GroupPath }) { p, g }: GroupPath,
    @Query({ schema: AssignmentsQuery }) query: AssignmentsQuery,
    @Caller() caller: Caller,
  ): Promise<PageOf<Assignment>> {
    const all = await this.projects.look(
      p,
      g,
      inGroup(g, (state, now) => assignmentsOf(state, g, now)),
    );
    const holders = await this.holders(p, g, caller);
    const assignments = all.filter(
      (one) =>
        (holders === null || (one.holder !== null && holders.has(one.holder))) &&
        (query.externalId === undefined || one.externalId === query.externalId),
    );
    return pageOfAssignments(publicJson(assignments) as readonly Assignment[], query);
  }

  /** Whose assignments a caller is shown. `null`: everybody's. */
  private async holders(p: string, g: string, { principal, permissions }: Caller): Promise<ReadonlySet<string> | null> {
    if (permissions.has('assignments:read')) return null;
    return new Set([principal.userId, ...(await this.permissionChecker.membershipsAt(principal, p, g))]);
  }

  @Delete(':a')
  @HttpCode(HttpStatus.NO_CONTENT)
  @Permit('assignments:manage', { project: 'p', group: 'g' })
  @Documented({
    tag: 'assignments',
    summary: 'Give a unit back',
    description:
      'A virtual number is kept while a mobile app is paired with it. What was suspended for want of room returns.',
    problems: ['NOT_FOUND', 'PROJECT_CLOSED', 'SIP_NUMBER_IN_USE', 'STALE_REVISION'],
    idempotent: true,
    revised: true,
    dryRun: true,
  })
  async releaseAssignment(
    @Param({ schema: AssignmentPath }) { p, g, a }: AssignmentPath,
    @Query({ schema: DryRun }) _query: unknown,
    @Caller() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<object | undefined> {
    const request = { type: 'ReleaseAssignment', assignmentId: a, groupId: g } as const;
    const answer = answerTo(caller, reply, await this.projects.run(p, request, caller), {});
    return caller.dryRun ? answer : undefined;
  }
}
