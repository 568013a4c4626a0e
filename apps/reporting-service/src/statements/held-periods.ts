import type { DataSource } from 'typeorm';
import { REPORTING } from '../tokens.js';

/** How many closed periods have no statement because the two computations of their totals differ. */
export async function heldPeriods(dataSource: Pick<DataSource, 'query'>): Promise<number> {
  const [row]: { held: number }[] = await dataSource.query(
    `SELECT count(*)::integer AS held FROM ${REPORTING}.billing_period WHERE status = 'held'`,
  );
  return row?.held ?? 0;
}
