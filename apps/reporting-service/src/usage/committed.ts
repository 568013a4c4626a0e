import { basicUnitsOf, type Curve, type Instant, type Period, type Resource, type Step } from '@allotree/domain';
import { Problem } from '@allotree/http';
import type { EntityManager } from 'typeorm';
import { REPORTING } from '../tokens.js';

/** Licenses and devices of the projects of an answer that it looks at, at most. */
const MAX_TERMS = 200_000;

const inPeriod = (table: string): string =>
  `FROM ${REPORTING}.${table} WHERE project_id = ANY ($1) AND from_at < $3 AND (until_at IS NULL OR until_at > $2)`;

/** Each license and device with the time in which it counts, and postpaid projects as unlimited (L5). */
const terms = (resource: Resource): string => `
  SELECT project_id, greatest(from_at, valid_from) AS since, least(until_at, valid_until) AS until, ${resource} AS units
  ${inPeriod('license_version')} AND suspended_reason IS NULL AND revoked_reason IS NULL
    AND valid_from < $3 AND (valid_until IS NULL OR valid_until > $2)
  UNION ALL SELECT project_id, from_at, until_at, $4::integer ${inPeriod('basic_license_version')}
  UNION ALL SELECT project_id, from_at, until_at, NULL ${inPeriod('project_version')} AND billing_mode = 'postpaid'
  LIMIT ${MAX_TERMS + 1}`;

interface TermRow {
  readonly project_id: string;
  readonly since: Date;
  readonly until: Date | null;
  readonly units: number | null;
}

/** Units that count for some time; `null`: unlimited. */
export interface TimedUnits {
  readonly since: Instant;
  /** `null`: for ever. */
  readonly until: Instant | null;
  readonly units: number | null;
}

/**
 * The capacity of each project in a period, as a function of time.
 * @throws Problem `VALIDATION` where the projects have too many licenses and devices
 */
export async function capacitiesIn(
  tx: EntityManager,
  { projectIds, resource }: { readonly projectIds: readonly string[]; readonly resource: Resource },
  { from, until }: Period,
): Promise<ReadonlyMap<string, Curve<number | null>>> {
  const parameters = [projectIds, new Date(from), new Date(until), basicUnitsOf(1)[resource]];
  const rows: TermRow[] = await tx.query(terms(resource), parameters);
  if (rows.length > MAX_TERMS) {
    const limit = MAX_TERMS.toLocaleString('en');
    throw Problem.validation('committed', `the projects have more than ${limit} licenses and devices; name a number`);
  }
  const ofProjects = new Map<string, TimedUnits[]>(projectIds.map((id) => [id, []]));
  for (const { project_id: id, since, until: end, units } of rows)
    ofProjects.get(id)!.push({ since: since.getTime(), until: end?.getTime() ?? null, units });
  return new Map([...ofProjects].map(([id, timed]) => [id, sumOverTime(timed)]));
}

/** The sum of units at each instant; `null` + anything = `null`. */
export function sumOverTime(all: readonly TimedUnits[]): Curve<number | null> {
  const changes = all.flatMap(({ since, until, units }) => {
    if (until !== null && until <= since) return [];
    const [limited, unlimited] = units === null ? [0, 1] : [units, 0];
    const begin = { at: since, limited, unlimited };
    return until === null ? [begin] : [begin, { at: until, limited: -limited, unlimited: -unlimited }];
  });
  const steps: Step<number | null>[] = [];
  const sum = { limited: 0, unlimited: 0 };
  for (const { at, limited, unlimited } of changes.sort((one, other) => one.at - other.at)) {
    sum.limited += limited;
    sum.unlimited += unlimited;
    if (steps.at(-1)?.at === at) steps.pop();
    steps.push({ at, units: sum.unlimited > 0 ? null : sum.limited });
  }
  return { open: 0, steps };
}

/** The sum of curves of units, none of them unlimited. */
export function sumOfCurves(curves: readonly Curve[]): Curve {
  const [only] = curves;
  if (curves.length === 1) return only!;
  const changes = curves.flatMap(({ open, steps }) =>
    steps.map(({ at, units }, index) => ({ at, change: units - (steps[index - 1]?.units ?? open) })),
  );
  let units = curves.reduce((sum, { open }) => sum + open, 0);
  const open = units;
  const steps: Step[] = [];
  for (const { at, change } of changes.sort((one, other) => one.at - other.at)) {
    units += change;
    if (steps.at(-1)?.at === at) steps.pop();
    steps.push({ at, units });
  }
  return { open, steps };
}

/** The sum of limits over time; `null` + anything = `null`. */
export function sumOfLimits(curves: readonly Curve<number | null>[]): Curve<number | null> {
  const periods = curves.flatMap(({ steps }) =>
    steps.map(({ at, units }, index): TimedUnits => ({ since: at, until: steps[index + 1]?.at ?? null, units })),
  );
  return sumOverTime(periods);
}

/** A limit that never changes; `undefined`: none was named. */
export const always = (units: number | undefined): Curve<number> | undefined =>
  units === undefined ? undefined : { open: units, steps: [] };
