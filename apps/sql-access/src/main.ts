import { Command, InvalidArgumentError } from 'commander';
import { loadConfiguration } from '@allotree/basics';
import { databaseUrlOf } from '@allotree/embedded-postgres';
import { Logins, NotPossible } from '@allotree/reporting-service/sql';
import { REPORTING_DATABASE_CONFIGURATION } from '@allotree/reporting-service/configuration';
import pg from 'pg';

const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** The database that the environment names, or that of the system running on the data folder. */
function databaseUrl(): Promise<string> {
  const { REPORTING_DATABASE_URL, DATABASE_URL } = loadConfiguration(REPORTING_DATABASE_CONFIGURATION, process.env);
  return databaseUrlOf({ REPORTING_DATABASE_URL, DATABASE_URL }, process.env['DATA_DIR'] || '.data');
}

async function withLogins<Result>(work: (logins: Logins, url: string) => Promise<Result>): Promise<Result> {
  const url = await databaseUrl();
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(new Logins(client), url);
  } finally {
    await client.end();
  }
}

function days(text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1 || number > 366)
    throw new InvalidArgumentError('must be a whole number from 1 to 366.');
  return number;
}

/** How to connect as somebody else. */
function connection(url: string, login: string): string {
  const { hostname, port, pathname } = new URL(url);
  return `psql "host=${hostname} port=${port || '5432'} dbname=${pathname.slice(1)} user=${login}"`;
}

interface Granted {
  readonly tenant?: string;
  readonly allTenants?: boolean;
  readonly days: number;
}

async function grant({ tenant, allTenants, days: number }: Granted): Promise<void> {
  if ((tenant === undefined) === (allTenants !== true))
    throw new NotPossible('say either --tenant <id> or --all-tenants');
  await withLogins(async (logins, url) => {
    const { login, password, validUntil } = await logins.grant(tenant ?? null, number, new Date());
    say(`Login:     ${login}`);
    say(`Password:  ${password}   (shown once)`);
    say(`Sees:      ${tenant === undefined ? 'every tenant' : `tenant ${tenant}`}, until ${validUntil.toISOString()}`);
    say(`Connect:   ${connection(url, login)}`);
  });
}

async function list(): Promise<void> {
  const all = await withLogins((logins) => logins.list());
  for (const { login, tenantId, validUntil } of all)
    say(`${login}  ${tenantId === null ? 'every tenant' : `tenant ${tenantId}`}  until ${validUntil.toISOString()}`);
  if (all.length === 0) say('Nobody may ask in SQL.');
}

async function revoke(login: string): Promise<void> {
  await withLogins((logins) => logins.revoke(login));
  say(`Removed ${login}.`);
}

const program = new Command('npm run sql --')
  .description(
    'Lets people ask about the past in SQL: read only, about one tenant or all, for some days. The database is that of REPORTING_DATABASE_URL, else DATABASE_URL, else that of the system or the cluster running on DATA_DIR.',
  )
  .showHelpAfterError();
program
  .command('grant')
  .description('creates a login and shows its password, once')
  .option('--tenant <id>', 'the tenant whose rows the login sees')
  .option('--all-tenants', 'every tenant')
  .requiredOption('--days <number>', 'for how many days', days)
  .action(grant);
program.command('list').description('lists the logins').action(list);
program
  .command('revoke')
  .description('removes a login and ends its sessions')
  .argument('<login>', 'the login')
  .action(revoke);

try {
  await program.parseAsync();
} catch (error) {
  process.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
