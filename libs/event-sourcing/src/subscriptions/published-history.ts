import type { DataSource } from 'typeorm';
import { Checkpoints } from './checkpoints.js';
import type { Reactor } from './subscriptions.js';

const tableOf = (schema: string): string => `"${schema.replaceAll('"', '""')}".published_history`;

/** What a migration needs. */
interface Queries {
  query(sql: string, parameters?: unknown[]): Promise<unknown>;
  hasTable(name: string): Promise<boolean>;
}

/**
 * For a migration: stores the position up to which earlier versions have published, so that `historyOf` publishes those events again. On
 * a new database there are none.
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
 * A reactor that publishes the events that earlier versions have published a second time, from the first event of the store on; `null` if there
 * are none, or none left. It is subscribed like other reactors: a stopped process resumes at its checkpoint.
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
  const reached = (await new Checkpoints(schema).read(dataSource, [name])).get(name) ?? 0n;
  if (reached >= until) return null;
  const { categories, batchSize } = reactor;
  return {
    name,
    categories,
    ...(batchSize !== undefined && { batchSize }),
    handle: (events) => reactor.handle(events.filter(({ position }) => position <= until)),
  };
}
