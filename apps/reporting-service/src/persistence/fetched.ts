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

/** Yields the items of a generator and asks for the next one while one is used. No request is pending when it ends or is left early. */
export async function* oneAhead<Item>(source: AsyncGenerator<Item>): AsyncGenerator<Item> {
  let next = source.next();
  try {
    for (let item = await next; item.done !== true; item = await next) {
      next = source.next();
      // It is awaited below.
      next.catch(() => undefined);
      yield item.value;
    }
  } finally {
    await next.catch(() => undefined);
    await source.return(undefined);
  }
}
