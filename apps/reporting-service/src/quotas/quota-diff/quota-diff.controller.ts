import { Controller, Get, Param, Query, Res } from '@nestjs/common';
import { quotaAnswer, QuotaDiffAnswer, QuotaDiffQuery } from '@allotree/contracts';
import { quotaOfLevels } from '@allotree/domain';
import { Caller, Documented, Permit, Problem } from '@allotree/http';
import { TenantRows } from '@allotree/identity';
import type { FastifyReply } from 'fastify';
import { Freshness } from '../../freshness.js';
import { referenceOf } from '../event-references.js';
import { LevelPermissions } from '../level-permissions.js';
import { basisOf, cacheIfFinal, GroupPath } from '../moment.js';
import { factsAt, type Moment, type RecordedFacts } from '../recorded-quota.js';
import { changesBetween } from './changes.js';
import { eventsBetween } from './events-between.js';

const basis = { basis: 'recorded', final: true };

@Controller('projects/:p/groups/:g/quota/diff')
export class QuotaDiffController {
  constructor(
    private readonly rows: TenantRows,
    private readonly freshness: Freshness,
    private readonly levels: LevelPermissions,
  ) {}

  @Get()
  @Permit('quotas:read', { project: 'p', group: 'g' })
  @Documented({
    tag: 'reporting',
    summary: 'Get what differs between the quotas of a group at two instants, and the events in between',
    description:
      'Compares the answers of `as-of` at `from` and `to`. The events are those after `from` up to `to` about the groups of the path, about licenses and devices, and about the use of the group, as far as the caller holds `history:read` at the group that an event is about: the newest 100, and their number, counted to 10,000 of each kind.',
    response: {
      schema: QuotaDiffAnswer,
      example: {
        groupId: 'flat-12',
        from: { at: '2026-03-01T00:00:00.000Z', position: '4205', ...basis },
        to: { at: '2026-03-03T14:30:00.000Z', position: '4711', ...basis },
        changes: [{ path: 'resources.mobile_app.available', before: 3, after: 0 }],
        events: {
          total: 1,
          items: [
            {
              id: '5b1c7c52-2a0e-5a3a-8d0f-6a1d3f0e9b11',
              type: 'allotree.restriction-changed.v1',
              at: '2026-03-02T09:00:00.000Z',
              actor: 'user:0f7a6d1e-2c3b-5a4d-8e9f-1a2b3c4d5e6f',
              causationId: '6f2b1d0c-3a4e-4b5f-9c7d-8e9f0a1b2c3d',
            },
          ],
        },
      },
    },
    problems: ['NOT_FOUND', 'VALIDATION'],
  })
  async compare(
    @Param({ schema: GroupPath }) { p, g }: GroupPath,
    @Query({ schema: QuotaDiffQuery }) query: QuotaDiffQuery,
    @Caller() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<QuotaDiffAnswer> {
    const [from, to] = [Date.parse(query.from), Date.parse(query.to)];
    if (from >= to) throw Problem.validation('to', `must be after from, ${query.from}`);
    await this.freshness.of(p, query.atLeast);
    const group = { projectId: p, groupId: g };
    const facts = (moment: Pick<Moment, 'at' | 'parameter'>): Promise<RecordedFacts> =>
      this.rows.as(caller.principal, 'quotas:read', (tx) => factsAt(tx, { ...group, ...moment }));
    const before = await facts({ at: from, parameter: 'from' });
    const after = await facts({ at: to, parameter: 'to' });
    const paths = [before, after].map(pathOf);
    const sight = await this.levels.sightOf(caller, group, paths);
    const groups = [...new Set(paths.flat())].filter((id) => sight(id).history);
    const span = { ...group, from, to, groups };
    const events = await this.rows.as(caller.principal, 'quotas:read', (tx) => eventsBetween(tx, span));
    cacheIfFinal(reply, before.isFinal && after.isFinal);
    const shown = ({ facts }: RecordedFacts, at: number): object =>
      quotaAnswer(quotaOfLevels(facts, at)!, caller.permissions);
    return {
      groupId: g,
      from: basisOf(before, from),
      to: basisOf(after, to),
      changes: changesBetween(shown(before, from), shown(after, to)),
      events: { total: events.total, items: events.items.map((event) => referenceOf(event, true)) },
    };
  }
}

const pathOf = ({ facts }: RecordedFacts): readonly string[] => facts.levels.map(({ groupId }) => groupId);
