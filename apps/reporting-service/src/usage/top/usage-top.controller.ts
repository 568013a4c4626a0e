import { Controller, Get, Param, Query, Res } from '@nestjs/common';
import { Id, UsageTopAnswer, UsageTopQuery } from '@allotree/contracts';
import { Clock } from '@allotree/basics';
import { Caller, Documented, Permit } from '@allotree/http';
import { PermissionChecker, TenantRows } from '@allotree/identity';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { Freshness } from '../../freshness.js';
import { cacheIfFinal } from '../../quotas/moment.js';
import { periodOf } from '../asked.js';
import { DAY } from '../measures-answer.js';
import { topOf } from './top.js';

const ProjectPath = z.object({ p: Id });
type ProjectPath = z.infer<typeof ProjectPath>;

@Controller('projects/:p/usage/top')
export class UsageTopController {
  constructor(
    private readonly rows: TenantRows,
    private readonly freshness: Freshness,
    private readonly permissionChecker: PermissionChecker,
    private readonly clock: Clock,
  ) {}

  @Get()
  @Permit('quotas:read', { within: 'p' })
  @Documented({
    tag: 'reporting',
    summary: 'Find the groups of a project that used the most of a resource in a period',
    description:
      'The groups with the highest `peak`, `average` or `growth` (the units at the end less those at the beginning) from `from` up to but not including `to`, each with everything below it. The root comes first where nothing is used elsewhere; `type=apartment` selects groups by their type. ' +
      'Callers see the groups where they hold the permission today, with everything below. Groups that never had anything in use are left out. At most 2,000,000 changes, of which those of a whole day count as one.',
    response: {
      schema: UsageTopAnswer,
      example: {
        resource: 'mobile_app',
        final: true,
        items: [{ groupId: 'flat-12', name: 'Flat 12', type: 'apartment', ...DAY }],
      },
    },
    problems: ['NOT_FOUND', 'VALIDATION'],
  })
  async show(
    @Param({ schema: ProjectPath }) { p: projectId }: ProjectPath,
    @Query({ schema: UsageTopQuery }) query: UsageTopQuery,
    @Caller() { principal }: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<UsageTopAnswer> {
    const period = periodOf(query, this.clock);
    await this.freshness.of(projectId, query.atLeast);
    const reach = await this.permissionChecker.groupsWithin(principal, 'quotas:read', projectId);
    const request = { projectId, query, period, reach };
    const answer = await this.rows.as(principal, 'quotas:read', (tx) => topOf(tx, request), 'REPEATABLE READ');
    cacheIfFinal(reply, answer.final);
    return answer;
  }
}
