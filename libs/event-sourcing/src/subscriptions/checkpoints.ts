import type { DataSource, EntityManager } from 'typeorm';

/** How long a process that stands still in the middle of a transaction may keep a row from the others. */
const MAX_IDLE_IN_TRANSACTION = '5s';

export interface Checkpoint {
  readonly position: bigint;
  /** Of the lease it was claimed under: who has a smaller one may not move it any more. */
  readonly fence: bigint;
}

/** Where each subscription of a service stands: one row a name, in the service's own schema. */
export class Checkpoints {
  readonly #schema: string;
  readonly #table: string;

  constructor(schema: string) {
    this.#schema = `"${schema.replaceAll('"', '""')}"`;
    this.#table = `${this.#schema}.checkpoint`;
  }

  async create(dataSource: DataSource, names: readonly string[]): Promise<void> {
    await dataSource.transaction(async (tx) => {
      // Two replicas that start together must not create the same things at once.
      await tx.query("SELECT pg_advisory_xact_lock(hashtext('allotree.checkpoint'), hashtext($1))", [this.#table]);
      await tx.query(`CREATE SCHEMA IF NOT EXISTS ${this.#schema}`);
      await tx.query(
        `CREATE TABLE IF NOT EXISTS ${this.#table} (name text PRIMARY KEY, position bigint NOT NULL, moved_at timestamptz NOT NULL DEFAULT now())`,
      );
      await tx.query(`ALTER TABLE ${this.#table} ADD COLUMN IF NOT EXISTS fence bigint NOT NULL DEFAULT 0`);
      await tx.query(
        `INSERT INTO ${this.#table} (name, position) SELECT name, 0 FROM unnest($1::text[]) AS name ON CONFLICT DO NOTHING`,
        [names],
      );
      await tx.query(
        `CREATE TABLE IF NOT EXISTS ${this.#schema}.checkpoint_store
         (only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row), store_id text NOT NULL)`,
      );
    });
  }

  /**
   * Ties the checkpoints to the store whose positions they are.
   *
   * @throws Error when they are tied to another one, whose positions mean nothing in this one
   */
  async bindTo(dataSource: DataSource, storeId: string): Promise<void> {
    const table = `${this.#schema}.checkpoint_store`;
    await dataSource.query(`INSERT INTO ${table} (store_id) VALUES ($1) ON CONFLICT DO NOTHING`, [storeId]);
    const [row] = await dataSource.query<{ store_id: string }[]>(`SELECT store_id FROM ${table}`);
    if (row?.store_id !== storeId)
      throw new Error(
        `the checkpoints in schema ${this.#schema} belong to event store ${row?.store_id}, but this is ${storeId}. ` +
          'Set EVENT_STORE_URL back, or begin with an empty database.',
      );
  }

  /** The positions of all that have these names. */
  async read(dataSource: DataSource, names: readonly string[]): Promise<ReadonlyMap<string, bigint>> {
    const rows = await dataSource.query<Row[]>(`SELECT name, position FROM ${this.#table} WHERE name = ANY ($1)`, [
      names,
    ]);
    return new Map(rows.map(({ name, position }) => [name, BigInt(position)]));
  }

  /**
   * From here on nothing with a smaller fence moves the row. Durable when it returns.
   * @returns the position; `null` when the fence is not the greatest any more
   */
  async claim(dataSource: DataSource, name: string, fence: bigint): Promise<bigint | null> {
    return dataSource.transaction(async (tx) => {
      const { position, fence: last } = await this.lock(tx, name);
      if (last > fence) return null;
      // A claim that a crash of the server took away would let in who was shut out.
      await tx.query('SET LOCAL synchronous_commit = on');
      await tx.query(`UPDATE ${this.#table} SET fence = $2 WHERE name = $1`, [name, fence.toString()]);
      return position;
    });
  }

  /**
   * Holds the row until the transaction ends, and not longer than `MAX_IDLE_IN_TRANSACTION` while nothing is asked for in it. The
   * commit does not wait for the disk: what a crash takes away goes with the checkpoint and is applied again.
   */
  async lock(tx: EntityManager, name: string): Promise<Checkpoint> {
    const [row] = await tx.query<Row[]>(
      `SELECT position, fence, set_config('idle_in_transaction_session_timeout', '${MAX_IDLE_IN_TRANSACTION}', true),
         set_config('synchronous_commit', 'off', true)
       FROM ${this.#table} WHERE name = $1 FOR UPDATE`,
      [name],
    );
    if (!row) throw new Error(`the checkpoint of ${name} is gone`);
    return { position: BigInt(row.position), fence: BigInt(row.fence) };
  }

  async move(tx: EntityManager, name: string, { position, fence }: Checkpoint): Promise<void> {
    await tx.query(`UPDATE ${this.#table} SET position = $2, fence = $3, moved_at = now() WHERE name = $1`, [
      name,
      position.toString(),
      fence.toString(),
    ]);
  }
}

interface Row {
  readonly name: string;
  readonly position: string;
  readonly fence: string;
}
