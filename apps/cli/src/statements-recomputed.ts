import { verifyAccounts, type VerifiedAccount } from '@allotree/reporting-service/statements';
import { onOneState } from './one-state.js';
import { reportingDatabaseUrl } from './reporting-database.js';

/** Verifies statements on one state of the database of every tenant, and computes every line again from the events. */
export const recomputedAccounts = async (
  env: Readonly<NodeJS.ProcessEnv>,
  account: string | undefined,
): Promise<VerifiedAccount[]> =>
  onOneState(await reportingDatabaseUrl(env), async (client) => {
    const query = async <Row>(sql: string, parameters?: unknown[]): Promise<Row[]> =>
      (await client.query(sql, parameters)).rows as Row[];
    const verified: VerifiedAccount[] = [];
    for await (const one of verifyAccounts({ query }, account ?? null)) verified.push(one);
    return verified;
  });
