import type { EntityManager } from 'typeorm';

/** The rows of a query in batches, read by a cursor of the transaction; one at a time. */
export async function* fetched<Row>(
  tx: EntityManager,
  batch: number,
  sql: string,
  parameters: unknown[],
): AsyncGenerator<readonly Row[]> {
  await tx.query(`DECLARE fetched NO SCROLL CURSOR FOR ${sql}`, parameters);
  for (;;) {
    const rows: Row[] = await tx.query(`FETCH ${batch} FROM fetched`);
    if (rows.length === 0) break;
    yield rows;
  }
  await tx.query('CLOSE fetched');
}
