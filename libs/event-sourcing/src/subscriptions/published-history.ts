import type { DataSource } from 'typeorm';
import type { Reactor } from './subscriptions.js';

const tableOf = (schema: string): string => `"${schema.replaceAll('"', '""')}".published_history`;

/** What a migration needs. */
interface Queries {
  query(sql: string, parameters?: unknown[]): Promise<unknown>;
  hasTable(name: string): Promise<boolean>;
}

/**
 * For a migration: notes how far earlier versions have published, so that `historyOf` publishes that once more. On a new database
 * nothing was published.
 * @param publisher name of the reactor that publishes
 */
export async function notePublishedHistory(runner: Queries, schema: string, publisher: string): Promise<void> {
  await runner.query(`CREATE TABLE ${tableOf(schema)} (publisher text PRIMARY KEY, until bigint NOT NULL)`);
  if (!(await runner.hasTable(`${schema}.checkpoint`))) return;
  const published = `SELECT name, position FROM "${schema}".checkpoint WHERE name = $1 AND position > 0`;
  await runner.query(`INSERT INTO ${tableOf(schema)} (publisher, until) ${published}`, [publisher]);
}

export const forgetPublishedHistory = (runner: Queries, schema: string): Promise<unknown> =>
  runner.query(`DROP TABLE ${tableOf(schema)}`);

/**
 * A reactor that publishes once more what earlier versions have published, from the first event of the store on; `null` where there is nothing,
 * or nothing left. Its subscription is like others: a stopped process resumes at its checkpoint.
 * @param reactor publishes, to a topic of its own
 */
export async function historyOf(
  {
    dataSource,
    schema,
    publisher,
  }: { readonly dataSource: DataSource; readonly schema: string; readonly publisher: string },
  reactor: Omit<Reactor, 'name'>,
): Promise<Reactor | null> {
  const sql = `SELECT until FROM ${tableOf(schema)} WHERE publisher = $1`;
  const [published]: { until: string }[] = await dataSource.query(sql, [publisher]);
  if (!published) return null;
  const [name, until] = [`${publisher}-history`, BigInt(published.until)];
  if ((await reached(dataSource, schema, name)) >= until) return null;
  const { categories, batchSize } = reactor;
  return {
    name,
    categories,
    ...(batchSize !== undefined && { batchSize }),
    handle: (events) => reactor.handle(events.filter(({ position }) => position <= until)),
  };
}

/** A new subscription has no checkpoint yet, and a new database no table of them. */
async function reached(dataSource: DataSource, schema: string, name: string): Promise<bigint> {
  const checkpoint = `"${schema}".checkpoint`;
  const [found]: { exists: boolean }[] = await dataSource.query('SELECT to_regclass($1) IS NOT NULL AS exists', [
    checkpoint,
  ]);
  if (found?.exists !== true) return 0n;
  const [row]: { position: string }[] = await dataSource.query(`SELECT position FROM ${checkpoint} WHERE name = $1`, [
    name,
  ]);
  return BigInt(row?.position ?? 0);
}
