import type pg from 'pg';
import { Counter, Gauge, type Registry } from 'prom-client';
import { inTime } from '../in-time.js';

const ANSWER_MS = 2_000;
const SIZES = `
  SELECT schemaname || '.' || relname AS name, pg_total_relation_size(relid) AS bytes
  FROM pg_stat_user_tables WHERE schemaname NOT LIKE 'pg\\_%'`;

/** How large tables are, and how many rows were deleted because their time was over. */
export class RetentionMetrics {
  readonly deleted: Counter<'table'>;

  constructor(registry: Registry, pool: Pick<pg.Pool, 'query'>) {
    this.deleted = new Counter({
      name: 'retention_deleted_rows_total',
      help: 'Rows deleted because their retention was over',
      labelNames: ['table'],
      registers: [registry],
    });
    const sizes: Gauge<'table'> = new Gauge({
      name: 'table_bytes',
      help: 'Size of a table of the database with its indexes, in bytes',
      labelNames: ['table'],
      registers: [registry],
      // A database that does not answer leaves the others of the metrics as they are.
      collect: () => inTime(ANSWER_MS, () => tell(sizes, pool)).catch(() => undefined),
    });
  }
}

async function tell(sizes: Gauge<'table'>, pool: Pick<pg.Pool, 'query'>): Promise<void> {
  const { rows } = await pool.query<{ name: string; bytes: string }>(SIZES);
  sizes.reset();
  for (const { name, bytes } of rows) sizes.set({ table: name }, Number(bytes));
}
