import { ALL_TENANTS_OPTION } from '@allotree/basics';
import { verifyAccounts, type VerifiedAccount } from '@allotree/reporting-service/statements';
import { withReportingDatabase } from './reporting-database.js';

/** Verifies statements on one state of the database of every tenant, and computes every line again from the events. */
export const recomputedAccounts = (
  env: Readonly<NodeJS.ProcessEnv>,
  account: string | undefined,
): Promise<VerifiedAccount[]> =>
  withReportingDatabase(
    env,
    async ({ client }) => {
      await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
      const query = async <Row>(sql: string, parameters?: unknown[]): Promise<Row[]> =>
        (await client.query(sql, parameters)).rows as Row[];
      const verified: VerifiedAccount[] = [];
      for await (const one of verifyAccounts({ query }, account ?? null)) verified.push(one);
      return verified;
    },
    ALL_TENANTS_OPTION,
  );
