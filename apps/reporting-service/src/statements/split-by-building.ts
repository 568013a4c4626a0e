import { Injectable } from '@nestjs/common';
import type { StatementPart } from '@allotree/contracts';
import {
  majorOf,
  minorOf,
  splitInProportion,
  toDecimal,
  type DocumentContent,
  type LineContent,
  type Period,
} from '@allotree/domain';
import { Problem, type Principal } from '@allotree/http';
import { TenantRows } from '@allotree/identity';
import type { EntityManager } from 'typeorm';
import { REPORTING } from '../tokens.js';
import { measuredUse } from '../usage/measured-use.js';
import { keyOf } from '../usage/recorded-use.js';

/** Buildings among which a statement is split, at most. */
const MAX_BUILDINGS = 10_000;

/**
 * Groups that were buildings at some time in a period, by name; one that was below another of them counts with that one. Parameters: $1 project,
 * $2 from, $3 until.
 */
const BUILDINGS = `
  WITH version AS MATERIALIZED (
    SELECT group_id, name, path, from_at FROM ${REPORTING}.group_version
    WHERE project_id = $1 AND type = 'building' AND from_at < $3 AND (until_at IS NULL OR until_at > $2)),
  named AS (SELECT DISTINCT ON (group_id) group_id, name FROM version ORDER BY group_id, from_at DESC)
  SELECT group_id AS "groupId", name FROM named
  WHERE NOT EXISTS (
    SELECT FROM ${REPORTING}.group_version place
    WHERE place.project_id = $1 AND place.group_id = named.group_id AND place.from_at < $3 AND (place.until_at IS NULL OR place.until_at > $2)
      AND place.path[:cardinality(place.path) - 1] && ARRAY(SELECT group_id FROM version))
  ORDER BY name, group_id LIMIT ${MAX_BUILDINGS + 1}`;

/** In which whole days are measured. */
const ZONE = `SELECT time_zone FROM ${REPORTING}.project_version WHERE project_id = $1 ORDER BY from_at DESC LIMIT 1`;
const NOTHING_MORE = { sustained: undefined, committed: undefined };

interface Building {
  readonly groupId: string | null;
  readonly name: string | null;
}

type UseLine = LineContent & { readonly projectId: string; readonly unitMilliseconds: string };

/** Only use is somewhere: a license or a package is of the whole project. */
const isUse = (line: LineContent): line is UseLine =>
  line.projectId !== null &&
  line.unitMilliseconds !== null &&
  line.basis !== 'term' &&
  line.servicePeriod.until !== null;

/** Splits the lines of a project's statement among its buildings, in proportion to their use. */
@Injectable()
export class SplitByBuilding {
  constructor(private readonly rows: TenantRows) {}

  /** @throws Problem `VALIDATION` for a statement between partners */
  of(principal: Principal, content: DocumentContent): Promise<StatementPart[]> {
    if (content.buyer.kind === 'partner')
      throw Problem.validation(
        'splitBy',
        'is for statements of projects: the lines of this one are about whole projects',
      );
    return this.rows.as(principal, 'statements:read', (tx) => partsOf(tx, content), 'REPEATABLE READ');
  }
}

async function partsOf(tx: EntityManager, { lines, minorDigits }: DocumentContent): Promise<StatementPart[]> {
  const buildings = remembered((_, { projectId, servicePeriod: { from, until } }) =>
    buildingsIn(tx, [projectId, from, until]),
  );
  const uses = remembered(async (_, line) => useOf(tx, line, await buildings('', line)));
  const parts: StatementPart[] = [];
  for (const line of lines.filter(isUse)) parts.push(...split(line, await uses(line.resource, line), minorDigits));
  return parts;
}

/** Most lines are about the same period. */
function remembered<Result>(
  find: (what: string, line: UseLine) => Promise<Result>,
): (what: string, line: UseLine) => Promise<Result> {
  const found = new Map<string, Promise<Result>>();
  return (what, line) => {
    const key = `${what} ${line.servicePeriod.from} ${line.servicePeriod.until}`;
    const result = found.get(key) ?? find(what, line);
    found.set(key, result);
    return result;
  };
}

async function buildingsIn(tx: EntityManager, parameters: readonly unknown[]): Promise<readonly Building[]> {
  const buildings: Building[] = await tx.query(BUILDINGS, [...parameters]);
  if (buildings.length <= MAX_BUILDINGS) return buildings;
  throw Problem.validation('splitBy', `must not give more than ${MAX_BUILDINGS} buildings`);
}

/** The unit-milliseconds of each building, and what is used elsewhere. */
async function useOf(
  tx: EntityManager,
  { projectId, resource, servicePeriod }: UseLine,
  buildings: readonly Building[],
): Promise<ReadonlyMap<Building, bigint>> {
  const period: Period = { from: Date.parse(servicePeriod.from), until: Date.parse(servicePeriod.until!) };
  const [project]: { time_zone: string }[] = await tx.query(ZONE, [projectId]);
  const whole = { projectId, groupId: projectId };
  const placeOf = ({ groupId }: Building) => ({ projectId, groupId: groupId! });
  const places = [whole, ...buildings.map(placeOf)];
  const measured = { period, windows: [period], timeZone: project!.time_zone, more: NOTHING_MORE };
  const use = await measuredUse(tx, { resource, places }, measured);
  const unitMs = (place: typeof whole): bigint => use.get(keyOf(place))?.total.unitMs ?? 0n;
  const used = new Map(buildings.map((building) => [building, unitMs(placeOf(building))]));
  const inBuildings = [...used.values()].reduce((sum, each) => sum + each, 0n);
  return used.set({ groupId: null, name: null }, unitMs(whole) - inBuildings);
}

/** Where nothing was used at all, all of the line is outside the buildings. */
function split(line: UseLine, use: ReadonlyMap<Building, bigint>, minorDigits: number): StatementPart[] {
  const all = [...use];
  const used = all.filter(([, unitMs]) => unitMs > 0n);
  const parts = used.length === 0 ? all.slice(-1) : used;
  const weights = parts.map(([, unitMs]) => unitMs);
  const unitMilliseconds = splitInProportion(BigInt(line.unitMilliseconds), weights);
  const amounts = line.amount === null ? null : splitInProportion(minorOf(line.amount, minorDigits), weights);
  return parts.map(([building], index) => ({
    line: line.line,
    ...building,
    unitMilliseconds: unitMilliseconds[index]!.toString(),
    quantity: toDecimal({ numerator: unitMilliseconds[index]!, denominator: BigInt(line.periodMilliseconds!) }),
    amount: amounts === null ? null : majorOf(amounts[index]!, minorDigits),
  }));
}
