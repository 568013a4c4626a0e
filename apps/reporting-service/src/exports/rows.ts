import { parseFilter, matches, type ExportRequest, type Filter } from '@allotree/contracts';
import { measure, RESOURCES, windowsOf, type Curve, type Period } from '@allotree/domain';
import { filterSql } from '@allotree/read-models';
import type { EntityManager } from 'typeorm';
import { fetched, oneAhead } from '../persistence/fetched.js';
import { REPORTING } from '../tokens.js';
import { DATASETS, expressionOf, filterFieldsOf, type ExportColumn, type ExportRow } from './datasets.js';

const BATCH = 5_000;

/** A request for an export with its instant or period, in milliseconds. */
export interface Extent {
  readonly request: ExportRequest;
  /** The instant, or the period. */
  readonly at: number;
  readonly from: number | null;
}

/** The filter of a request over the columns of its dataset. */
export const filterOf = ({ dataset, filter }: ExportRequest): Filter | null =>
  filter === undefined ? null : parseFilter(filter, filterFieldsOf(DATASETS[dataset]));

/** The rows of an export, in batches, of one state of the tables: the transaction reads repeatably. */
export function rowsOf(tx: EntityManager, extent: Extent): AsyncGenerator<readonly ExportRow[]> {
  const parameters: unknown[] = [];
  const bind = (value: unknown): string => `$${parameters.push(value)}`;
  const sql = statementOf(extent, { bind, written: (_column, expression) => expression });
  return sql === null ? measuredRows(tx, extent) : oneAhead(fetched<ExportRow>(tx, BATCH, sql, parameters));
}

/** How a statement has its values, and its columns. */
export interface Written {
  readonly bind: (value: string | number | boolean) => string;
  readonly written: (column: ExportColumn, expression: string) => string;
}

/** The statement of an export; `null`: its rows are measured, not read. */
export function statementOf({ request, at, from }: Extent, { bind, written }: Written): string | null {
  const { columns, order, from: table } = DATASETS[request.dataset];
  if (table === undefined) return null;
  const instant = (milliseconds: number): string => bind(new Date(milliseconds).toISOString());
  const time =
    from === null
      ? `row.from_at <= ${instant(at)} AND (row.until_at IS NULL OR row.until_at > ${instant(at)})`
      : `row.at >= ${instant(from)} AND row.at < ${instant(at)}`;
  const filter = filterOf(request);
  const expressions = Object.fromEntries(columns.map((each) => [each.name, expressionOf(each)]));
  const condition = filter === null ? '' : `AND ${filterSql(filter, expressions, bind)}`;
  const selected = columns.map((each) => `${written(each, expressionOf(each))} AS ${each.name}`).join(', ');
  const ordered = order.map((name) => expressions[name]).join(', ');
  return `SELECT ${selected} FROM ${REPORTING}.${table} WHERE ${time} ${condition} ORDER BY ${ordered}`;
}

interface UsedGroup {
  readonly partner_id: string;
  readonly project_id: string;
  readonly project_name: string;
  readonly time_zone: string;
  readonly group_id: string;
  readonly group_name: string;
  readonly group_type: string;
  /** For each resource the instants and units of its steps in the period, and what was in use before; `null`: none ever. */
  readonly use: Readonly<Record<string, readonly (readonly [at: number, units: number])[]>> | null;
}

/** Every group that was there at any time of the period, as it was last in it, with the steps of its use. */
const USED_GROUPS = `
  SELECT DISTINCT ON (g.project_id, g.group_id)
    p.partner_id, p.project_id, p.name AS project_name, p.time_zone, g.group_id, g.name AS group_name, g.type AS group_type, used.use
  FROM ${REPORTING}.group_version g
  JOIN LATERAL (
    SELECT * FROM ${REPORTING}.project_version WHERE project_id = g.project_id AND from_at < $2 ORDER BY from_at DESC LIMIT 1) p ON true
  LEFT JOIN LATERAL (
    SELECT json_object_agg(resource, steps) AS use FROM (
      SELECT each.resource, json_agg(json_build_array(extract(epoch FROM step.at) * 1000, step.in_force) ORDER BY step.at) AS steps
      FROM unnest(ARRAY['sip_number', 'mobile_app', 'ukey2']) AS each (resource)
      CROSS JOIN LATERAL (
        (SELECT at, in_force FROM ${REPORTING}.usage_step
         WHERE project_id = g.project_id AND group_id = g.group_id AND usage_step.resource = each.resource AND at <= $1
         ORDER BY at DESC LIMIT 1)
        UNION ALL
        SELECT at, in_force FROM ${REPORTING}.usage_step
        WHERE project_id = g.project_id AND group_id = g.group_id AND usage_step.resource = each.resource AND at > $1 AND at < $2) AS step
      GROUP BY each.resource) AS of_each) AS used ON true
  WHERE g.from_at < $2 AND (g.until_at IS NULL OR g.until_at > $1) AND ($3 OR g.parent_id IS NULL)
  ORDER BY g.project_id, g.group_id, g.from_at DESC`;

async function* measuredRows(tx: EntityManager, { request, at, from }: Extent): AsyncGenerator<readonly ExportRow[]> {
  const period: Period = { from: from ?? 0, until: at };
  const filter = filterOf(request);
  const parameters = [new Date(period.from), new Date(period.until), request.dataset === 'usage_of_groups'];
  for await (const groups of fetched<UsedGroup>(tx, BATCH, USED_GROUPS, parameters))
    for (const group of groups) {
      // Of groups only those that ever had something in use.
      if (group.use === null && request.dataset === 'usage_of_groups') continue;
      const rows = [...measured(group, period, request)];
      yield filter === null ? rows : rows.filter((row) => matches(filter, comparable(row)));
    }
}

/** Filters compare instants as they are in answers, and integers as numbers. */
const comparable = (row: ExportRow): ExportRow => {
  const instants = ['window_from', 'window_until', 'peak_at'].map((name) => [name, (row[name] as Date).toISOString()]);
  return { ...row, ...(Object.fromEntries(instants) as ExportRow), unit_ms: Number(row['unit_ms']) };
};

function* measured(
  group: UsedGroup,
  period: Period,
  { window = 'none', timeZone }: ExportRequest,
): Generator<ExportRow> {
  const { use, time_zone, ...named } = group;
  const windows = window === 'none' ? [period] : windowsOf(period, window, timeZone ?? time_zone);
  for (const each of windows)
    for (const resource of RESOURCES) {
      const steps = (use?.[resource] ?? []).map(([at, units]) => ({ at, units }));
      yield { ...named, resource, ...measuredIn({ open: 0, steps }, each) };
    }
}

function measuredIn(curve: Curve, window: Period): ExportRow {
  const { peakAt, unitMs, ...measures } = measure(curve, window);
  return {
    window_from: new Date(window.from),
    window_until: new Date(window.until),
    ...measures,
    peak_at: new Date(peakAt),
    unit_ms: unitMs.toString(),
    average: Number(unitMs) / (window.until - window.from),
  };
}
