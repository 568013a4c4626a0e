import { Inject, Injectable, type OnApplicationBootstrap, type Provider } from '@nestjs/common';
import type pg from 'pg';
import type { Logger } from 'pino';
import { CONFIGURATION, LOGGER, PG_POOL } from '@allotree/basics';
import { JobQueues } from '../job-queues.js';
import { RetentionMetrics } from './retention-metrics.js';

/** How long the rows of a table are kept, and how older ones are deleted. */
export interface RetentionPolicy {
  /** With its schema: `bus.message`. */
  readonly table: string;
  /** 0: forever. `expired`: until the time that a row itself names. */
  readonly days: number | 'expired';
  /** Deletes rows that expired more than `$1` days ago, at most `$2` of them. The query must use an index. */
  readonly sql: string;
}

const EVERY_MS = 60_000;
/** Small steps, so that other transactions are not held up. */
const STEP_ROWS = 2_000;
/** With 60 ticks an hour this keeps up with 1,600 rows a second. */
const STEPS_A_TICK = 50;

/** Deletes rows that are not needed any more, in small steps, on one process of a service at a time. */
@Injectable()
export class Retention {
  constructor(
    @Inject(PG_POOL) private readonly pool: pg.Pool,
    private readonly jobs: JobQueues,
    private readonly metrics: RetentionMetrics,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** @param owner the service; its processes take turns */
  async keep(owner: string, policies: readonly RetentionPolicy[]): Promise<void> {
    const limited = policies.filter(({ days }) => days === 'expired' || days > 0);
    if (limited.length > 0) await this.jobs.every(`retention-${owner}`, EVERY_MS, () => this.prune(limited));
  }

  /** One tick; a table that cannot be pruned now does not hold up the others. */
  async prune(policies: readonly RetentionPolicy[]): Promise<void> {
    for (const policy of policies) {
      try {
        await this.pruneTable(policy);
      } catch (error) {
        this.logger.warn({ err: error, table: policy.table }, 'old rows could not be deleted, retrying');
      }
    }
  }

  private async pruneTable({ table, days, sql }: RetentionPolicy): Promise<void> {
    const { rows } = await this.pool.query<{ there: boolean }>('SELECT to_regclass($1) IS NOT NULL AS there', [table]);
    if (rows[0]?.there !== true) return;
    for (let step = 0; step < STEPS_A_TICK; step += 1) {
      const deleted = (await this.pool.query(sql, [days === 'expired' ? 0 : days, STEP_ROWS])).rowCount ?? 0;
      this.metrics.deleted.inc({ table }, deleted);
      if (deleted < STEP_ROWS) return;
    }
  }
}

/**
 * Keeps the tables of a service pruned while it runs.
 * @param policiesOf what its configuration says about them
 */
export const retentionOf = <Settings>(
  owner: string,
  policiesOf: (settings: Settings) => readonly RetentionPolicy[],
): Provider<OnApplicationBootstrap> => ({
  provide: Symbol(`retention of ${owner}`),
  inject: [Retention, CONFIGURATION],
  useFactory: (retention: Retention, settings: Settings) => ({
    onApplicationBootstrap: () => retention.keep(owner, policiesOf(settings)),
  }),
});
