import { Controller, Get, Param, Query, Res } from '@nestjs/common';
import { quotaAnswer, QuotaAsOfAnswer, QuotaAsOfQuery } from '@allotree/contracts';
import { quotaOfLevels } from '@allotree/domain';
import { Clock } from '@allotree/basics';
import { Caller, Documented, Permit } from '@allotree/http';
import { TenantRows } from '@allotree/identity';
import type { FastifyReply } from 'fastify';
import { Freshness } from '../../freshness.js';
import { basisOf, cacheIfFinal, GroupPath } from '../moment.js';
import { factsAt, type Moment } from '../recorded-quota.js';

const resource = { limit: 80, effectiveLimit: 80, limitedBy: { groupId: 'group-1', name: 'Building A' } };

@Controller('projects/:p/groups/:g/quota/as-of')
export class QuotaAsOfController {
  constructor(
    private readonly rows: TenantRows,
    private readonly freshness: Freshness,
    private readonly clock: Clock,
  ) {}

  @Get()
  @Permit('quotas:read', { project: 'p', group: 'g' })
  @Documented({
    tag: 'reporting',
    summary: 'Get the limits, use and remaining units of a group at an instant',
    description:
      'The answer of `GET /projects/{p}/groups/{g}/quota` as it was at `at` (default: now). After the last recorded decision of the project it is `planned`: what the terms known by now will make of it, with the use as it is. ' +
      'With `final: true` the answer never changes, and can be kept. The caller must hold the permission today; of a group that was removed, at the nearest group above that is still there.',
    response: {
      schema: QuotaAsOfAnswer,
      example: {
        groupId: 'group-1',
        name: 'Building A',
        status: 'active',
        type: 'plus',
        resources: {
          sip_number: { ...resource, allotted: 100, consumed: 12, suspended: 0, available: 68 },
          mobile_app: { ...resource, allotted: 80, consumed: 9, suspended: 0, available: 71 },
          ukey2: { ...resource, limit: 5, effectiveLimit: 5, allotted: 5, consumed: 0, suspended: 0, available: 5 },
        },
        features: {
          on: ['siri'],
          off: [{ feature: 'elevators', limitedBy: { groupId: 'group-1', name: 'Building A' } }],
        },
        effectivePeriod: { validFrom: '2026-06-01T00:00:00.000Z', validUntil: '2026-12-01T00:00:00.000Z' },
        at: '2026-06-03T14:30:00.000Z',
        basis: 'recorded',
        position: '4711',
        final: true,
      },
    },
    problems: ['NOT_FOUND', 'VALIDATION'],
  })
  async show(
    @Param({ schema: GroupPath }) { p, g }: GroupPath,
    @Query({ schema: QuotaAsOfQuery }) query: QuotaAsOfQuery,
    @Caller() { principal, permissions }: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<object> {
    await this.freshness.of(p, query.atLeast);
    const at = query.at === undefined ? this.clock.now() : Date.parse(query.at);
    const moment: Moment = { projectId: p, groupId: g, at, parameter: 'at' };
    const recorded = await this.rows.as(principal, 'quotas:read', (tx) => factsAt(tx, moment));
    cacheIfFinal(reply, recorded.isFinal);
    const quota = quotaOfLevels(recorded.facts, at)!;
    return { ...quotaAnswer(quota, permissions), ...basisOf(recorded, at) };
  }
}
