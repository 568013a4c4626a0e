import type { PoolClient } from 'pg';
import type { EntityManager } from 'typeorm';

/** A statement that a connection plans once: planning a long one takes several times as long as running it. */
export interface PreparedStatement {
  /** Unique. */
  readonly name: string;
  readonly text: string;
}

/** Runs a prepared statement in a transaction. */
export async function runPrepared<Row>(
  tx: EntityManager,
  { name, text }: PreparedStatement,
  values: readonly unknown[],
): Promise<Row[]> {
  const client = (await tx.queryRunner?.connect()) as PoolClient | undefined;
  if (!client) throw new Error('a prepared statement needs a transaction');
  const { rows } = await client.query({ name, text, values: [...values] });
  return rows as Row[];
}
