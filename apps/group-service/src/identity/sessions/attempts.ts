import { Inject, Injectable } from '@nestjs/common';
import { PG_POOL } from '@allotree/basics';
import { Problem } from '@allotree/http';
import type pg from 'pg';

/** The number of free attempts, then a pause that doubles with every further attempt. */
export interface Limit {
  readonly free: number;
  readonly firstPauseSeconds: number;
  readonly longestPauseSeconds: number;
  /** The count starts again this long after the last attempt. */
  readonly forgottenAfterSeconds: number;
}

const MINUTE = 60;
const HOUR = 60 * MINUTE;

/** Wrong passwords for one account from one network: nobody elsewhere is slowed down by them. */
export const GUESSES_AT_ACCOUNT: Limit = {
  free: 5,
  firstPauseSeconds: 1,
  longestPauseSeconds: 15 * MINUTE,
  forgottenAfterSeconds: 24 * HOUR,
};
/**
 * Wrong passwords for one account from all networks without an earlier sign-in of it, counted together against distributed
 * guessing. The pause is short, because the owner may also use a new network.
 */
export const GUESSES_FROM_ELSEWHERE: Limit = {
  free: 50,
  firstPauseSeconds: 1,
  longestPauseSeconds: MINUTE,
  forgottenAfterSeconds: 24 * HOUR,
};
/** Wrong passwords, tokens, codes and secrets from one network, whatever for. */
export const GUESSES_OF_NETWORK: Limit = {
  free: 20,
  firstPauseSeconds: 1,
  longestPauseSeconds: MINUTE,
  forgottenAfterSeconds: 15 * MINUTE,
};
/** Mails to one address that it did not ask for itself. */
export const MAILS_TO_ADDRESS: Limit = {
  free: 5,
  firstPauseSeconds: HOUR,
  longestPauseSeconds: HOUR,
  forgottenAfterSeconds: HOUR,
};

/** $1 key, $2 free, $3 first pause, $4 longest pause, $5 forgotten after. No row: it is too early. */
const TAKE = `
  INSERT INTO groups.attempt AS known (key, number, blocked_until, forgotten_at)
  VALUES ($1, 1, clock_timestamp(), clock_timestamp() + make_interval(secs => $5))
  ON CONFLICT (key) DO UPDATE SET (number, blocked_until, forgotten_at) = (
    SELECT next.number,
      clock_timestamp() + make_interval(secs => pause.seconds),
      clock_timestamp() + make_interval(secs => pause.seconds + $5)
    FROM (SELECT CASE WHEN known.forgotten_at < clock_timestamp() THEN 1 ELSE known.number + 1 END AS number) AS next,
      LATERAL (SELECT CASE WHEN next.number < $2::integer THEN 0
        ELSE least($3 * 2.0 ^ least(next.number - $2::integer, 20), $4) END::float8 AS seconds) AS pause
  )
  WHERE known.blocked_until <= clock_timestamp()
  RETURNING number`;

/** Attempts that are counted where all replicas see them. Counted before they are made, so that many at once are many. */
@Injectable()
export class Attempts {
  constructor(@Inject(PG_POOL) private readonly pool: pg.Pool) {}

  /** @throws Problem `RATE_LIMITED` with the seconds to wait */
  async take(key: string, limit: Limit): Promise<void> {
    const seconds = await this.isEarly(key, limit);
    if (seconds === 0) return;
    throw new Problem('RATE_LIMITED', `Too many attempts. Try again in ${seconds} seconds.`, {
      retryAfterSeconds: seconds,
    });
  }

  /** Counts an attempt. 0, or how many seconds too early it is: then it is not counted. */
  async isEarly(key: string, limit: Limit): Promise<number> {
    const { free, firstPauseSeconds, longestPauseSeconds, forgottenAfterSeconds } = limit;
    const taken = await this.pool.query(TAKE, [
      key,
      free,
      firstPauseSeconds,
      longestPauseSeconds,
      forgottenAfterSeconds,
    ]);
    if (taken.rowCount === 1) return 0;
    const { rows } = await this.pool.query<{ seconds: number }>(
      `SELECT ceil(extract(epoch FROM blocked_until - clock_timestamp()))::integer AS seconds
       FROM groups.attempt WHERE key = $1`,
      [key],
    );
    return Math.max(1, rows[0]?.seconds ?? 1);
  }

  /** Removes a successful attempt from the count, and deletes the counts of `forgotten`. */
  async wentWell(keys: readonly string[], forgotten: readonly string[] = []): Promise<void> {
    await this.pool.query(
      `UPDATE groups.attempt SET number = greatest(number - 1, 0), blocked_until = clock_timestamp() WHERE key = ANY ($1)`,
      [keys],
    );
    if (forgotten.length > 0) await this.pool.query('DELETE FROM groups.attempt WHERE key = ANY ($1)', [forgotten]);
  }
}
