import type { DataSource, EntityManager } from 'typeorm';
import type { TableDifference } from './compare-rows.js';
import { lockKey } from './shadow-session.js';

export type CheckKind = 'rebuild' | 'verify';

/** `interrupted`: its process ended before it; nothing was changed. */
export type CheckStatus = 'running' | 'equal' | 'different' | 'failed' | 'interrupted';

/** A projection built once more beside its rows and compared with them; a rebuild has then replaced rows that differed. */
export interface ProjectionCheck {
  readonly checkId: string;
  readonly kind: CheckKind;
  readonly status: CheckStatus;
  readonly startedAt: Date;
  readonly endedAt: Date | null;
  readonly differences: readonly TableDifference[];
  /** Why it failed. */
  readonly error: string | null;
}

interface Row extends Omit<ProjectionCheck, 'status'> {
  readonly name: string;
  readonly status: CheckStatus;
}

/** The latest check of each projection, in `<schema>.projection_check`. */
export class CheckRows {
  private readonly table: string;

  constructor(private readonly schema: string) {
    this.table = `${schema}.projection_check`;
  }

  async create(dataSource: DataSource): Promise<void> {
    await dataSource.transaction(async (tx) => {
      // Processes that start at the same time must not create the table concurrently.
      await tx.query("SELECT pg_advisory_xact_lock(hashtext('allotree.projection_check'), hashtext($1))", [this.table]);
      await tx.query(`
        CREATE TABLE IF NOT EXISTS ${this.table} (
          name        text        PRIMARY KEY,
          check_id    text        NOT NULL,
          kind        text        NOT NULL,
          status      text        NOT NULL,
          started_at  timestamptz NOT NULL DEFAULT now(),
          ended_at    timestamptz,
          differences jsonb       NOT NULL DEFAULT '[]',
          error       text
        )`);
    });
  }

  async begin(on: EntityManager, name: string, checkId: string, kind: CheckKind): Promise<void> {
    await on.query(
      `INSERT INTO ${this.table} (name, check_id, kind, status) VALUES ($1, $2, $3, 'running')
       ON CONFLICT (name) DO UPDATE SET check_id = excluded.check_id, kind = excluded.kind, status = excluded.status,
         started_at = excluded.started_at, ended_at = NULL, differences = '[]', error = NULL`,
      [name, checkId, kind],
    );
  }

  async end(
    on: EntityManager,
    checkId: string,
    outcome: Pick<ProjectionCheck, 'status'> & Partial<Pick<ProjectionCheck, 'differences' | 'error'>>,
  ): Promise<void> {
    await on.query(
      `UPDATE ${this.table} SET status = $2, differences = $3, error = $4, ended_at = clock_timestamp() WHERE check_id = $1`,
      [checkId, outcome.status, JSON.stringify(outcome.differences ?? []), outcome.error ?? null],
    );
  }

  /** By the names of the projections. A check whose lock is gone without an end was interrupted. */
  async latest(dataSource: DataSource): Promise<ReadonlyMap<string, ProjectionCheck>> {
    const rows = await dataSource.query<Row[]>(
      `SELECT name, check_id AS "checkId", kind, started_at AS "startedAt", ended_at AS "endedAt", differences, error,
         CASE WHEN status <> 'running' OR EXISTS (
           SELECT FROM pg_locks
           WHERE locktype = 'advisory' AND granted AND objsubid = 1
             AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
             AND (classid::bigint << 32 | objid::bigint) = ${lockKey(this.schema)}
         ) THEN status ELSE 'interrupted' END AS status
       FROM ${this.table}`,
    );
    return new Map(rows.map(({ name, ...check }) => [name, check]));
  }
}
