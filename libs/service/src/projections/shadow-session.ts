import type { ProjectionTable } from '@allotree/event-sourcing';
import type { DataSource, EntityManager, QueryRunner } from 'typeorm';

/** How long a check that is about to end is waited for. */
const LOCK_TIMEOUT = '2s';
const LOCK_NOT_AVAILABLE = '55P03';

/** The lock of the one check of a schema, in all processes. */
export const lockKey = (schema: string): string => `hashtextextended('allotree projections ${schema}', 0)`;

type Query = (sql: string, parameters?: unknown[], structured?: boolean) => Promise<unknown>;

/**
 * A session of the database with empty copies of the tables of a projection. They are temporary, so they are gone with the session,
 * however it ends, and the lock with them. Statements that name the tables with their schema mean the copies here.
 */
export class ShadowSession {
  private constructor(
    private readonly runner: QueryRunner,
    private readonly client: { end(): Promise<void> },
    /** Means the live tables. */
    private readonly direct: Query,
    private readonly schema: string,
    private readonly tables: readonly ProjectionTable[],
  ) {}

  /** @returns `null` while another process has the lock */
  static async open(
    dataSource: DataSource,
    schema: string,
    tables: readonly ProjectionTable[],
  ): Promise<ShadowSession | null> {
    const runner = dataSource.createQueryRunner();
    const client = (await runner.connect()) as { end(): Promise<void> };
    const direct = runner.query.bind(runner) as Query;
    const session = new ShadowSession(runner, client, direct, schema, tables);
    try {
      if (await session.lock()) return session;
    } catch (error) {
      await session.end();
      throw error;
    }
    await session.end();
    return null;
  }

  get tx(): EntityManager {
    return this.runner.manager;
  }

  /** Means the live tables, also after `create`. */
  async live<Row>(sql: string, parameters?: unknown[]): Promise<Row> {
    return (await this.direct(sql, parameters)) as Row;
  }

  /** Creates the copies, with indexes, defaults and triggers; from now on statements mean them. */
  async create(): Promise<void> {
    const redirect = redirection(
      this.schema,
      this.tables.map(({ name }) => name),
    );
    for (const { name } of this.tables) {
      const live = `${this.schema}.${name}`;
      await this.direct(`CREATE TEMPORARY TABLE "${name}" (LIKE ${live} INCLUDING ALL)`);
      const triggers = await this.live<{ definition: string }[]>(
        'SELECT pg_get_triggerdef(oid) AS definition FROM pg_trigger WHERE tgrelid = $1::regclass AND NOT tgisinternal',
        [live],
      );
      for (const { definition } of triggers) await this.direct(redirect(definition));
    }
    const query: Query = (sql, parameters, structured) => this.direct(redirect(sql), parameters, structured);
    Object.assign(this.runner, { query });
  }

  /** Ends the session rather than returning it to the pool: nothing of it is left then. */
  async end(): Promise<void> {
    await this.direct('SELECT pg_advisory_unlock_all()').catch(() => undefined);
    await this.client.end().catch(() => undefined);
    await this.runner.release().catch(() => undefined);
  }

  private async lock(): Promise<boolean> {
    try {
      await this.direct(`SET lock_timeout = '${LOCK_TIMEOUT}'`);
      await this.direct(`SELECT pg_advisory_lock(${lockKey(this.schema)})`);
      await this.direct('RESET lock_timeout');
      return true;
    } catch (error) {
      if ((error as { readonly code?: string }).code === LOCK_NOT_AVAILABLE) return false;
      throw error;
    }
  }
}

/** Makes statements that name these tables with their schema, quoted or not, mean the temporary tables of the same names. */
export function redirection(schema: string, tables: readonly string[]): (sql: string) => string {
  const named = new RegExp(`(?<![\\w."])("?)${schema}\\1\\.("?)(${tables.join('|')})\\2(?![\\w"])`, 'g');
  return (sql) => sql.replace(named, 'pg_temp."$3"');
}
