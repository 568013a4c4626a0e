import { Controller, Get, Param, Query, Res } from '@nestjs/common';
import { QuotaWhyAnswer, QuotaWhyQuery, seesNeighbors } from '@allotree/contracts';
import { Clock } from '@allotree/basics';
import { Caller, Documented, Permit } from '@allotree/http';
import { TenantRows } from '@allotree/identity';
import type { FastifyReply } from 'fastify';
import { Freshness } from '../../freshness.js';
import { LevelPermissions } from '../level-permissions.js';
import { cacheIfFinal, GroupPath } from '../moment.js';
import type { Moment } from '../recorded-quota.js';
import { explain } from './explanation.js';
import { shownTo } from './explanation-answer.js';
import { EXAMPLE } from './explanation-example.js';

@Controller('projects/:p/groups/:g/quota/why')
export class QuotaWhyController {
  constructor(
    private readonly rows: TenantRows,
    private readonly freshness: Freshness,
    private readonly clock: Clock,
    private readonly levels: LevelPermissions,
  ) {}

  @Get()
  @Permit('quotas:read', { project: 'p', group: 'g' })
  @Documented({
    tag: 'reporting',
    summary: 'Explain why a group can use as much of a resource as it can, or could at an instant',
    description:
      'Every level of the path with its limit, its use and the terms behind it, each with the event that set it; what is suspended since when, and because of which event; and what would have to change for one more unit. `proof.events` are the ids of the events that the number follows from. ' +
      "A level above the group shows its use to callers with `quotas:read` there. Terms and their events need `restrictions:read` at the level, or `licenses:read` in the project; the list of what is suspended needs `assignments:read`; `actor` needs `history:read`. Residents do not see their neighbors' use.",
    response: { schema: QuotaWhyAnswer, example: EXAMPLE },
    problems: ['NOT_FOUND', 'VALIDATION'],
  })
  async explain(
    @Param({ schema: GroupPath }) { p, g }: GroupPath,
    @Query({ schema: QuotaWhyQuery }) query: QuotaWhyQuery,
    @Caller() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<QuotaWhyAnswer> {
    await this.freshness.of(p, query.atLeast);
    const at = query.at === undefined ? this.clock.now() : Date.parse(query.at);
    const moment: Moment = { projectId: p, groupId: g, at, parameter: 'at' };
    const explained = await this.rows.as(caller.principal, 'quotas:read', (tx) => explain(tx, moment, query.resource));
    cacheIfFinal(reply, explained.recorded.isFinal);
    const path = explained.recorded.facts.levels.map(({ groupId }) => groupId);
    const sight = await this.levels.sightOf(caller, moment, [path]);
    return shownTo(explained, {
      at,
      sight,
      permissions: caller.permissions,
      isNeighborly: seesNeighbors(caller.permissions),
    });
  }
}
