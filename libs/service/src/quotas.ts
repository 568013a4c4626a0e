import { Problem } from '@allotree/http';
import type { Query } from '@allotree/jobs';

export interface Quota {
  /** The counter: what is counted, and for whom. */
  readonly key: string;
  /** 0: no limit. */
  readonly limit: number;
  /** Length of a period, which starts with the first request counted. */
  readonly periodSeconds: number;
}

export interface Charge {
  /** A plural noun for messages: `invitations`. */
  readonly what: string;
  readonly number: number;
  readonly quotas: readonly Quota[];
}

export const HOUR_SECONDS = 3_600;
export const DAY_SECONDS = 24 * HOUR_SECONDS;

/** The quotas of one caller or tenant. */
export const hourAndDay = (key: string, perHour: number, perDay: number): readonly Quota[] => [
  { key: `${key}|hour`, limit: perHour, periodSeconds: HOUR_SECONDS },
  { key: `${key}|day`, limit: perDay, periodSeconds: DAY_SECONDS },
];

/** Statements for a migration. Counters name tenants and people, so no caller's query sees them. */
export const quotaTable = (schema: string): string => `
  CREATE TABLE ${schema}.quota (
    key       text        PRIMARY KEY,
    used      integer     NOT NULL,
    resets_at timestamptz NOT NULL
  );
  CREATE INDEX quota_by_time ON ${schema}.quota (resets_at);`;

/** $1 key, $2 number, $3 limit, $4 seconds of the period. No row: the quota is exceeded. */
const take = (schema: string): string => `
  INSERT INTO ${schema}.quota AS known (key, used, resets_at)
  VALUES ($1, $2, clock_timestamp() + make_interval(secs => $4))
  ON CONFLICT (key) DO UPDATE SET
    used = CASE WHEN known.resets_at <= clock_timestamp() THEN 0 ELSE known.used END + $2,
    resets_at = CASE WHEN known.resets_at <= clock_timestamp() THEN excluded.resets_at ELSE known.resets_at END
  WHERE known.resets_at <= clock_timestamp() OR known.used + $2 <= $3::integer
  RETURNING used`;

const forget = (schema: string): string => `
  DELETE FROM ${schema}.quota WHERE key IN (
    SELECT key FROM ${schema}.quota WHERE resets_at < clock_timestamp() LIMIT 100 FOR UPDATE SKIP LOCKED)`;

/**
 * Counts something against every quota, visible to all replicas. Meant for the transaction that does what is counted: where one quota is
 * used up, the exception rolls it back and nothing is counted.
 * @throws Problem `RATE_LIMITED` with the seconds until the quota allows it
 */
export async function takeFromQuotas(query: Query, schema: string, { what, number, quotas }: Charge): Promise<void> {
  await query(forget(schema), []);
  // A fixed order, so that two transactions never deadlock.
  const counted = quotas.filter(({ limit }) => limit > 0).toSorted((one, other) => (one.key < other.key ? -1 : 1));
  for (const { key, limit, periodSeconds } of counted) {
    const taken = number <= limit ? await query(take(schema), [key, number, limit, periodSeconds]) : [];
    if (taken.length === 0) throw await refusal(query, schema, { what, limit, key, periodSeconds });
  }
}

async function refusal(
  query: Query,
  schema: string,
  { what, limit, key, periodSeconds }: Quota & Pick<Charge, 'what'>,
): Promise<Problem> {
  const [row] = await query<{ seconds: number }>(
    `SELECT ceil(extract(epoch FROM resets_at - clock_timestamp()))::integer AS seconds
     FROM ${schema}.quota WHERE key = $1`,
    [key],
  );
  const retryAfterSeconds = Math.max(1, row?.seconds ?? periodSeconds);
  const period = periodSeconds === DAY_SECONDS ? 'a day' : 'an hour';
  return new Problem(
    'RATE_LIMITED',
    `Too many ${what}: at most ${limit} ${period}. Try again in ${retryAfterSeconds} seconds`,
    { retryAfterSeconds, limit, periodSeconds },
  );
}
