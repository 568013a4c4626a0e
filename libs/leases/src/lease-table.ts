import { setImmediate as turn } from 'node:timers/promises';
import pg from 'pg';
import type { Fenced, LeaseHolder, LeaseStore } from './lease-store.js';

export interface LeaseTableOptions extends LeaseHolder {
  readonly connectionString: string;
  readonly schema: string;
}

/** Timeout in milliseconds after which the connection is closed and replaced. */
const TIMEOUT_MS = 2_000;

/** Leases in a table of PostgreSQL, whose clock they go by. */
export class LeaseTable implements LeaseStore {
  readonly #pool: pg.Pool;
  readonly #sql: ReturnType<typeof statements>;
  /** The connection that listens for released leases. */
  #listening: pg.PoolClient | null = null;
  #registration: { readonly names: string[]; readonly done: Promise<void> } | null = null;

  constructor(private readonly options: LeaseTableOptions) {
    const { connectionString, schema } = options;
    // A separate connection, so that renewals never wait behind other work.
    this.#pool = new pg.Pool({
      connectionString,
      max: 1,
      application_name: 'allotree leases',
      idleTimeoutMillis: 0,
      connectionTimeoutMillis: TIMEOUT_MS,
      query_timeout: TIMEOUT_MS,
      statement_timeout: TIMEOUT_MS,
      keepAlive: true,
    });
    // A lost connection is replaced by the next query.
    this.#pool.on('error', () => undefined).on('connect', (client) => client.on('error', () => undefined));
    this.#sql = statements(schema);
  }

  /** Creates the table; processes that start at the same time take turns. */
  async create(): Promise<void> {
    await this.#query(this.#sql.create);
  }

  /** Creates the row of a lease; those that are registered at the same time, in one statement. */
  async register(name: string): Promise<void> {
    this.#registration ??= this.#openRegistration();
    this.#registration.names.push(name);
    await this.#registration.done;
  }

  #openRegistration(): { names: string[]; done: Promise<void> } {
    const names: string[] = [];
    const done = turn().then(async () => {
      this.#registration = null;
      await this.#query(this.#sql.register, [names]);
    });
    return { names, done };
  }

  /** Renews the held leases and acquires requested free ones in one round trip. Returns the leases held now. */
  async renewAndAcquire(held: readonly Fenced[], wanted: readonly string[]): Promise<readonly Fenced[]> {
    const rows = await this.#query(this.#sql.renewAndAcquire, [
      this.options.holder,
      this.options.leaseMs,
      held.map(({ name }) => name),
      held.map(({ fence }) => fence.toString()),
      wanted,
    ]);
    return rows.map(fenced);
  }

  async release({ name, fence }: Fenced): Promise<void> {
    await this.#query(this.#sql.release, [name, fence.toString()]);
  }

  async seize(name: string): Promise<bigint> {
    // Held under a different name, or the next renewal of this process would acquire it.
    const rows = await this.#query(this.#sql.seize, [name, `${this.options.holder} (seized)`, this.options.leaseMs]);
    return fenced(rows[0]!).fence;
  }

  async close(): Promise<void> {
    await this.#pool.end();
  }

  async #query(text: string, values?: readonly unknown[]): Promise<{ name: string; fence: string }[]> {
    const client = await this.#pool.connect();
    let broken = true;
    try {
      if (this.#listening !== client) await this.#listen(client);
      const { rows } = await client.query<{ name: string; fence: string }>(text, values as unknown[] | undefined);
      broken = false;
      return rows;
    } finally {
      client.release(broken);
    }
  }

  async #listen(client: pg.PoolClient): Promise<void> {
    await client.query(this.#sql.listen);
    client.on('notification', this.options.released);
    this.#listening = client;
  }
}

const fenced = ({ name, fence }: { name: string; fence: string }): Fenced => ({ name, fence: BigInt(fence) });

function statements(schema: string) {
  const table = `${pg.escapeIdentifier(schema)}.lease`;
  const channel = `${schema}_released`;
  const until = (ms: string): string => `clock_timestamp() + ${ms} * interval '1 millisecond'`;
  return {
    create: `
      SELECT pg_advisory_xact_lock(hashtextextended(${pg.escapeLiteral(`allotree schema ${table}`)}, 0));
      CREATE SCHEMA IF NOT EXISTS ${pg.escapeIdentifier(schema)};
      CREATE TABLE IF NOT EXISTS ${table} (
        name       text        PRIMARY KEY,
        holder     text        NOT NULL,
        fence      bigint      NOT NULL,
        expires_at timestamptz NOT NULL
      ) WITH (fillfactor = 50)`,
    listen: `LISTEN ${pg.escapeIdentifier(channel)}`,
    register: `INSERT INTO ${table}
      SELECT name, '', 0, '-infinity' FROM unnest($1::text[]) AS name ORDER BY name ON CONFLICT DO NOTHING`,
    // SKIP LOCKED: a lookup never waits for a row in use, so two processes never wait for each other.
    renewAndAcquire: `
      WITH renewed AS (
        UPDATE ${table} AS lease SET expires_at = ${until('$2')}
        FROM unnest($3::text[], $4::bigint[]) AS held (name, fence)
        WHERE lease.name = held.name AND lease.fence = held.fence AND lease.holder = $1
        RETURNING lease.name, lease.fence
      ), free AS MATERIALIZED (
        SELECT name FROM ${table}
        WHERE name = ANY ($5::text[]) AND (expires_at <= clock_timestamp() OR holder = $1)
        FOR UPDATE SKIP LOCKED
      ), taken AS (
        UPDATE ${table} AS lease SET holder = $1, fence = lease.fence + 1, expires_at = ${until('$2')}
        FROM free WHERE lease.name = free.name
        RETURNING lease.name, lease.fence
      )
      SELECT name, fence FROM renewed UNION ALL SELECT name, fence FROM taken`,
    release: `
      WITH released AS (
        UPDATE ${table} SET expires_at = '-infinity', holder = '' WHERE name = $1 AND fence = $2 RETURNING name
      )
      SELECT pg_notify(${pg.escapeLiteral(channel)}, name) FROM released`,
    seize: `
      INSERT INTO ${table} AS lease VALUES ($1, $2, 1, ${until('$3')})
      ON CONFLICT (name) DO UPDATE
        SET holder = excluded.holder, fence = lease.fence + 1, expires_at = excluded.expires_at
      RETURNING name, fence`,
  };
}
