import type pg from 'pg';
import { Counter, Gauge, type Registry } from 'prom-client';
import { withTimeout } from '@allotree/basics/with-timeout';

const ANSWER_MS = 2_000;
const SIZES = `
  SELECT schemaname || '.' || relname AS name, pg_total_relation_size(relid) AS bytes
  FROM pg_stat_user_tables WHERE schemaname NOT LIKE 'pg\\_%'`;

/** The sizes of tables, and the number of rows deleted after their retention. */
export class RetentionMetrics {
  readonly deleted: Counter<'table'>;

  constructor(registry: Registry, pool: Pick<pg.Pool, 'query'>) {
    this.deleted = new Counter({
      name: 'retention_deleted_rows_total',
      help: 'Rows deleted after their retention',
      labelNames: ['table'],
      registers: [registry],
    });
    const sizes: Gauge<'table'> = new Gauge({
      name: 'table_bytes',
      help: 'Size of a table of the database, including its indexes, in bytes',
      labelNames: ['table'],
      registers: [registry],
      // A database that does not answer does not affect the other metrics.
      collect: () => withTimeout(ANSWER_MS, () => report(sizes, pool)).catch(() => undefined),
    });
  }
}

async function report(sizes: Gauge<'table'>, pool: Pick<pg.Pool, 'query'>): Promise<void> {
  const { rows } = await pool.query<{ name: string; bytes: string }>(SIZES);
  sizes.reset();
  for (const { name, bytes } of rows) sizes.set({ table: name }, Number(bytes));
}
