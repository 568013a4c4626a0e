import type { UsageTopAnswer, UsageTopQuery } from '@allotree/contracts';
import { addDays, startOfDay, type CalendarDate, type GroupType, type Measures, type Period } from '@allotree/domain';
import { Problem } from '@allotree/http';
import type { EntityManager } from 'typeorm';
import { answerOf } from '../measures-answer.js';
import { edgesOf } from '../recorded-use.js';
import { partsOf, type WholeDays } from '../series.js';
import { usedGroup } from '../used-group.js';
import { MAX_PIECES, topStatement } from './top-statement.js';

/** Which groups are asked for. */
export interface TopRequest {
  readonly projectId: string;
  readonly query: UsageTopQuery;
  readonly period: Period;
  /** The groups that the caller sees, each with everything below it; `null`: all. */
  readonly reach: readonly string[] | null;
}

interface TopRow extends Pick<Measures, 'open' | 'close' | 'peak' | 'low'> {
  readonly is_cut: boolean;
  readonly group_id: string;
  readonly name: string;
  readonly type: GroupType;
  readonly peak_at: Date;
  readonly unit_ms: string;
}

/**
 * The groups of a project with the most of a measure. Groups where nothing was ever in use are not among them.
 * @throws Problem where there was no such project, or the answer would look at too much
 */
export async function topOf(tx: EntityManager, request: TopRequest): Promise<UsageTopAnswer> {
  const { projectId, query, period, reach } = request;
  const { resource, measure, type, limit } = query;
  const { timeZone, recordedUntil } = await usedGroup(tx, { projectId, groupId: projectId }, period);
  const parts = partsOf(period, timeZone);
  const rows: TopRow[] = await tx.query(topStatement(measure), [
    projectId,
    resource,
    reach,
    iso(period.from),
    iso(period.until),
    ...calendarOf(parts.days, timeZone),
    ...boundsOf(edgesOf([parts])),
    type ?? null,
    limit,
  ]);
  if (rows[0]?.is_cut === true)
    throw Problem.validation(
      'from',
      `makes the answer look at more than ${MAX_PIECES.toLocaleString('en')} changes; ask for a shorter period`,
    );
  return {
    resource,
    // Which groups are in reach depends on where they are today.
    final: period.until <= recordedUntil && reach === null,
    items: rows.map(({ group_id: groupId, name, type: ofType, peak_at, unit_ms, ...units }) => ({
      groupId,
      name,
      type: ofType,
      ...answerOf({ ...pick(units), peakAt: peak_at.getTime(), unitMs: BigInt(unit_ms) }, period),
    })),
  };
}

const pick = ({ open, close, peak, low }: Pick<Measures, 'open' | 'close' | 'peak' | 'low'>) => ({
  open,
  close,
  peak,
  low,
});

const iso = (instant: number): string => new Date(instant).toISOString();

const boundsOf = (periods: readonly Period[]): [string[], string[]] => [
  periods.map(({ from }) => iso(from)),
  periods.map(({ until }) => iso(until)),
];

/** The first of some days, and the bounds of each in a time zone. */
function calendarOf(days: WholeDays | null, timeZone: string): [CalendarDate | null, string[], string[]] {
  if (days === null) return [null, [], []];
  const starts: string[] = [];
  for (let day = days.from; day <= days.until; day = addDays(day, 1)) starts.push(iso(startOfDay(day, timeZone)));
  return [days.from, starts.slice(0, -1), starts.slice(1)];
}
