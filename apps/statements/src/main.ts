import { Command } from 'commander';
import { ALL_TENANTS_OPTION, loadConfiguration } from '@allotree/basics';
import { databaseUrlOf } from '@allotree/embedded-postgres';
import { REPORTING_DATABASE_CONFIGURATION } from '@allotree/reporting-service/configuration';
import { verifyAccounts, type Rows, type VerifiedAccount } from '@allotree/reporting-service/statements';
import pg from 'pg';

const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** The database that the environment names, or that of the system running on the data folder. */
function databaseUrl(): Promise<string> {
  const { REPORTING_DATABASE_URL, DATABASE_URL } = loadConfiguration(REPORTING_DATABASE_CONFIGURATION, process.env);
  return databaseUrlOf({ REPORTING_DATABASE_URL, DATABASE_URL }, process.env['DATA_DIR'] || '.data');
}

/** Runs work on one state of the database, of every tenant. */
async function onOneState<Result>(work: (rows: Rows) => Promise<Result>): Promise<Result> {
  const client = new pg.Client({ connectionString: await databaseUrl(), options: ALL_TENANTS_OPTION });
  await client.connect();
  try {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    return await work({
      query: async <Row>(sql: string, parameters?: unknown[]) => (await client.query(sql, parameters)).rows as Row[],
    });
  } finally {
    await client.end();
  }
}

function show({ accountId, documents, faults }: VerifiedAccount): void {
  say(
    `${faults.length === 0 ? 'ok   ' : 'FAULT'}  ${accountId}  ${documents} ${documents === 1 ? 'document' : 'documents'}`,
  );
  for (const { number, documentId, fault } of faults) say(`       no. ${number} (${documentId}): ${fault}`);
}

async function verify({ account, json }: { readonly account?: string; readonly json?: boolean }): Promise<void> {
  const all = await onOneState(async (rows) => {
    const verified: VerifiedAccount[] = [];
    for await (const one of verifyAccounts(rows, account ?? null)) {
      verified.push(one);
      if (json !== true) show(one);
    }
    return verified;
  });
  if (account !== undefined && all.length === 0) throw new Error(`account ${account} has no statements`);
  const faulty = all.filter(({ faults }) => faults.length > 0).length;
  const documents = all.reduce((sum, one) => sum + one.documents, 0);
  if (json === true) say(JSON.stringify(all));
  else say(`${documents} documents of ${all.length} accounts, ${faulty} accounts with faults`);
  if (faulty > 0) process.exitCode = 1;
}

const program = new Command('npm run statements --')
  .description(
    'Works on statements and credit notes. The database is that of REPORTING_DATABASE_URL, else DATABASE_URL, else that of the system or the cluster running on DATA_DIR.',
  )
  .showHelpAfterError();
program
  .command('verify')
  .description(
    'verifies hashes, chains, signatures and sums, and computes every line again from the events; exits with 1 on a fault',
  )
  .option('--account <id>', 'one account')
  .option('--json', 'as JSON')
  .action(verify);

try {
  await program.parseAsync();
} catch (error) {
  process.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
