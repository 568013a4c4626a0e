import { Controller, Get, Param, Query, Res } from '@nestjs/common';
import { UsageAnswer, UsageQuery } from '@allotree/contracts';
import { Clock } from '@allotree/basics';
import { Caller, Documented, Permit } from '@allotree/http';
import { TenantRows } from '@allotree/identity';
import type { FastifyReply } from 'fastify';
import { Freshness } from '../freshness.js';
import { cacheIfFinal, GroupPath } from '../quotas/moment.js';
import { periodOf } from './asked.js';
import { DAY, MEASURES_IN_WORDS, WINDOWS_IN_WORDS } from './measures-answer.js';
import { useOfGroup } from './use-of-group.js';

@Controller('projects/:p/groups/:g/usage')
export class UsageController {
  constructor(
    private readonly rows: TenantRows,
    private readonly freshness: Freshness,
    private readonly clock: Clock,
  ) {}

  @Get()
  @Permit('quotas:read', { project: 'p', group: 'g' })
  @Documented({
    tag: 'reporting',
    summary: 'Measure how many units of a resource a group used in a period, window by window',
    description:
      `The units in force of the group and everything below it, from \`from\` up to but not including \`to\`. ${MEASURES_IN_WORDS} ${WINDOWS_IN_WORDS} They are those of \`timeZone\` (default: that of the project). ` +
      'With `groupBy=child` each group directly below has measures of its own, for as long as it was there; the use of a group that was moved counts where it was. With `groupBy=type` what is in use at groups of each type themselves has measures of its own.',
    response: {
      schema: UsageAnswer,
      example: {
        groupId: 'building-a',
        resource: 'mobile_app',
        timeZone: 'Europe/Berlin',
        final: true,
        total: DAY,
        windows: [DAY],
      },
    },
    problems: ['NOT_FOUND', 'VALIDATION'],
  })
  async show(
    @Param({ schema: GroupPath }) { p, g }: GroupPath,
    @Query({ schema: UsageQuery }) query: UsageQuery,
    @Caller() { principal }: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<UsageAnswer> {
    const asked = { place: { projectId: p, groupId: g }, query, period: periodOf(query, this.clock) };
    await this.freshness.of(p, query.atLeast);
    const answer = await this.rows.as(principal, 'quotas:read', (tx) => useOfGroup(tx, asked), 'REPEATABLE READ');
    cacheIfFinal(reply, answer.final);
    return answer;
  }
}
