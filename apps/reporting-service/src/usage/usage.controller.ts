import { Controller, Get, Param, Query, Res } from '@nestjs/common';
import { UsageAnswer, UsageQuery, type UsageMeasures } from '@allotree/contracts';
import { toDecimal, type Measures, type Period } from '@allotree/domain';
import { Clock } from '@allotree/basics';
import { Caller, Documented, Permit, Problem } from '@allotree/http';
import { TenantRows } from '@allotree/identity';
import type { FastifyReply } from 'fastify';
import type { EntityManager } from 'typeorm';
import { cacheIfFinal, GroupPath } from '../quotas/moment.js';
import { measuredChildren, measuredUse, type MeasuredUse } from './measured-use.js';
import { childrenOf, usedGroup } from './used-group.js';
import { windowsIn } from './windows.js';

const iso = (instant: number): string => new Date(instant).toISOString();

const DAY = {
  from: '2026-02-28T23:00:00.000Z',
  until: '2026-03-01T23:00:00.000Z',
  open: 2,
  close: 4,
  peak: 5,
  peakAt: '2026-03-01T09:30:00.000Z',
  low: 2,
  average: '3.500000',
  unitMs: '302400000',
};

@Controller('projects/:p/groups/:g/usage')
export class UsageController {
  constructor(
    private readonly rows: TenantRows,
    private readonly clock: Clock,
  ) {}

  @Get()
  @Permit('quotas:read', { project: 'p', group: 'g' })
  @Documented({
    tag: 'reporting',
    summary: 'Measure how many units of a resource a group used in a period, window by window',
    description:
      'The units in force of the group and everything below it, from `from` up to but not including `to`. `peak` is the most at any instant, what was in use before the period included; `unitMs` is the integral. Windows are hours, days, weeks from Monday or months of `timeZone` (default: that of the project) with their real length: a day can have 23 to 25 hours. The first and the last are cut to the period. At most 10,000 windows, over all groups of the answer. ' +
      'With `groupBy=child` each group directly below has measures of its own, for as long as it was there; the use of a group that was moved counts where it was.',
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
    const period = this.periodOf(query);
    const place = { projectId: p, groupId: g };
    const answer = await this.rows.as(principal, 'quotas:read', (tx) => usageOf(tx, place, { query, period }));
    cacheIfFinal(reply, answer.final);
    return answer;
  }

  private periodOf(query: UsageQuery): Period {
    const [from, until] = [Date.parse(query.from), Date.parse(query.to)];
    if (from >= until) throw Problem.validation('to', `must be after from, ${query.from}`);
    if (until > this.clock.now()) throw Problem.validation('to', `must not be after ${iso(this.clock.now())}, now`);
    return { from, until };
  }
}

interface Asked {
  readonly query: UsageQuery;
  readonly period: Period;
}

async function usageOf(
  tx: EntityManager,
  place: { readonly projectId: string; readonly groupId: string },
  { query, period }: Asked,
): Promise<UsageAnswer> {
  const { groupId, projectId } = place;
  const { resource } = query;
  const { timeZone, recordedUntil } = await usedGroup(tx, place, period);
  const zone = query.timeZone ?? timeZone;
  const children = query.groupBy === 'child' ? await childrenOf(tx, place, period) : [];
  const windows = windowsIn(period, { window: query.window, timeZone: zone }, children.length + 1);
  const shown = query.window === 'none' ? [] : windows;
  const cut = { windows, timeZone };
  const own = await measuredUse(tx, { projectId, resource, groupIds: [groupId] }, cut);
  const below = await measuredChildren(tx, { projectId, resource }, children, cut);
  return {
    groupId,
    resource,
    timeZone: zone,
    final: period.until <= recordedUntil,
    ...measuresAnswer(own.get(groupId)!, period, shown),
    ...(query.groupBy === 'child' && {
      children: children.map(({ groupId: id, name }) => {
        return { groupId: id, name, ...measuresAnswer(below.get(id)!, period, shown) };
      }),
    }),
  };
}

const measuresAnswer = (
  { total, windows }: MeasuredUse,
  period: Period,
  shown: readonly Period[],
): Pick<UsageAnswer, 'total' | 'windows'> => ({
  total: answerOf(total, period),
  windows: shown.map((window, index) => answerOf(windows[index]!, window)),
});

const answerOf = (measures: Measures, { from, until }: Period): UsageMeasures => ({
  from: iso(from),
  until: iso(until),
  open: measures.open,
  close: measures.close,
  peak: measures.peak,
  peakAt: iso(measures.peakAt),
  low: measures.low,
  average: toDecimal({ numerator: measures.unitMs, denominator: BigInt(until - from) }),
  unitMs: measures.unitMs.toString(),
});
