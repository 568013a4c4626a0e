import type { DataSource, EntityManager } from 'typeorm';

/** Where each subscription of a service stands: one row a name, in the service's own schema. */
export class Checkpoints {
  readonly #table: string;

  constructor(schema: string) {
    this.#table = `"${schema.replaceAll('"', '""')}".checkpoint`;
  }

  async create(dataSource: DataSource, names: readonly string[]): Promise<void> {
    const schema = this.#table.slice(0, this.#table.lastIndexOf('.'));
    await dataSource.transaction(async (tx) => {
      // Two replicas that start together must not create the same things at once.
      await tx.query("SELECT pg_advisory_xact_lock(hashtext('allotree.checkpoint'), hashtext($1))", [this.#table]);
      await tx.query(`CREATE SCHEMA IF NOT EXISTS ${schema}`);
      await tx.query(
        `CREATE TABLE IF NOT EXISTS ${this.#table} (name text PRIMARY KEY, position bigint NOT NULL, moved_at timestamptz NOT NULL DEFAULT now())`,
      );
      await tx.query(
        `INSERT INTO ${this.#table} (name, position) SELECT name, 0 FROM unnest($1::text[]) AS name ON CONFLICT DO NOTHING`,
        [names],
      );
    });
  }

  async read(tx: EntityManager, name: string): Promise<bigint> {
    return positionIn(await tx.query(`SELECT position FROM ${this.#table} WHERE name = $1`, [name]), name);
  }

  /**
   * Holds the row until the transaction ends: another replica with the same name waits. The commit does not wait for the
   * disk: what a crash takes away goes with the checkpoint and is applied again.
   */
  async lock(tx: EntityManager, name: string): Promise<bigint> {
    return positionIn(
      await tx.query(
        `SELECT position, set_config('synchronous_commit', 'off', true) FROM ${this.#table} WHERE name = $1 FOR UPDATE`,
        [name],
      ),
      name,
    );
  }

  async move(tx: EntityManager, name: string, position: bigint): Promise<void> {
    await tx.query(`UPDATE ${this.#table} SET position = $2, moved_at = now() WHERE name = $1`, [
      name,
      position.toString(),
    ]);
  }
}

function positionIn(rows: { position: string }[], name: string): bigint {
  if (!rows[0]) throw new Error(`the checkpoint of ${name} is gone`);
  return BigInt(rows[0].position);
}
