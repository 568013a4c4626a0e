import type { DataSource, EntityManager } from 'typeorm';

/** How long a process that was paused inside a transaction may block a row. */
const MAX_IDLE_IN_TRANSACTION = '5s';

export interface Checkpoint {
  readonly position: bigint;
  /** Fencing token of the lease under which it was claimed; a holder with a smaller one cannot move it. */
  readonly fence: bigint;
}

/** Checkpoints of the subscriptions of a service: one row per name, in the schema of the service. */
export class Checkpoints {
  readonly #schema: string;
  readonly #table: string;

  constructor(schema: string) {
    this.#schema = `"${schema.replaceAll('"', '""')}"`;
    this.#table = `${this.#schema}.checkpoint`;
  }

  async create(dataSource: DataSource, names: readonly string[]): Promise<void> {
    await dataSource.transaction(async (tx) => {
      // Replicas that start at the same time must not create the same objects concurrently.
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
   * Binds the checkpoints to the store that their positions refer to.
   *
   * @throws Error if they are bound to another store
   */
  async bindTo(dataSource: DataSource, storeId: string): Promise<void> {
    const table = `${this.#schema}.checkpoint_store`;
    await dataSource.query(`INSERT INTO ${table} (store_id) VALUES ($1) ON CONFLICT DO NOTHING`, [storeId]);
    const [row] = await dataSource.query<{ store_id: string }[]>(`SELECT store_id FROM ${table}`);
    if (row?.store_id !== storeId)
      throw new Error(
        `the checkpoints in schema ${this.#schema} belong to event store ${row?.store_id}, but this is ${storeId}. ` +
          'Set EVENT_STORE_URL back, or start with an empty database.',
      );
  }

  /** Reads the positions of these checkpoints. */
  async read(dataSource: DataSource, names: readonly string[]): Promise<ReadonlyMap<string, bigint>> {
    const rows = await dataSource.query<Row[]>(`SELECT name, position FROM ${this.#table} WHERE name = ANY ($1)`, [
      names,
    ]);
    return new Map(rows.map(({ name, position }) => [name, BigInt(position)]));
  }

  /** Reads a position in a transaction; with `lock` it does not move until the transaction ends. */
  async position(tx: EntityManager, name: string, lock: boolean): Promise<bigint> {
    const sql = `SELECT position FROM ${this.#table} WHERE name = $1 ${lock ? 'FOR UPDATE' : ''}`;
    const [row] = await tx.query<Row[]>(sql, [name]);
    if (!row) throw new Error(`checkpoint ${name} does not exist`);
    return BigInt(row.position);
  }

  /**
   * Claims a checkpoint: afterwards no holder with a smaller fencing token can move it. Durable on return.
   *
   * @returns the position; `null` if a higher fencing token has claimed it
   */
  async claim(dataSource: DataSource, name: string, fence: bigint): Promise<bigint | null> {
    return dataSource.transaction(async (tx) => {
      const { position, fence: last } = await this.lock(tx, name);
      if (last > fence) return null;
      // Losing a claim in a server crash would readmit a fenced process.
      await tx.query('SET LOCAL synchronous_commit = on');
      await tx.query(`UPDATE ${this.#table} SET fence = $2 WHERE name = $1`, [name, fence.toString()]);
      return position;
    });
  }

  /**
   * Locks the row until the transaction ends or is idle for `MAX_IDLE_IN_TRANSACTION`. The commit does not wait for the
   * disk: rows lost in a crash are lost together with the checkpoint and applied again.
   */
  async lock(tx: EntityManager, name: string): Promise<Checkpoint> {
    const [row] = await tx.query<Row[]>(
      `SELECT position, fence, set_config('idle_in_transaction_session_timeout', '${MAX_IDLE_IN_TRANSACTION}', true),
         set_config('synchronous_commit', 'off', true)
       FROM ${this.#table} WHERE name = $1 FOR UPDATE`,
      [name],
    );
    if (!row) throw new Error(`checkpoint ${name} does not exist`);
    return { position: BigInt(row.position), fence: BigInt(row.fence) };
  }

  /**
   * Moves a checkpoint in one statement if its fencing token is this one and its position is still expected. On a
   * transaction it then locks the row like `lock`.
   *
   * @returns `null` if it moved, else the stored checkpoint
   */
  async advance(on: DataSource | EntityManager, name: string, move: Advance): Promise<Checkpoint | null> {
    const { fence, from, to } = move;
    const [moved] = await on.query<[readonly unknown[], number]>(
      `UPDATE ${this.#table} SET position = $2, moved_at = now()
       WHERE name = $1 AND fence = $3 AND position BETWEEN $4 AND $5
       RETURNING set_config('idle_in_transaction_session_timeout', '${MAX_IDLE_IN_TRANSACTION}', true),
         set_config('synchronous_commit', 'off', true)`,
      [name, ...[to, fence, from.atLeast, from.atMost].map(String)],
    );
    if (moved.length > 0) return null;
    const [row] = await on.query<Row[]>(`SELECT position, fence FROM ${this.#table} WHERE name = $1`, [name]);
    if (!row) throw new Error(`checkpoint ${name} does not exist`);
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

export interface Advance {
  readonly fence: bigint;
  /** The positions from which it may move. */
  readonly from: { readonly atLeast: bigint; readonly atMost: bigint };
  readonly to: bigint;
}

interface Row {
  readonly name: string;
  readonly position: string;
  readonly fence: string;
}
