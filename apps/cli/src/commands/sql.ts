import type { Cli } from '../cli.js';
import type { AddCommand } from '../command.js';
import { direct } from '../direct.js';
import { CliError } from '../exit-codes.js';
import { wholeNumber } from '../paging.js';
import type { withLogins } from '../sql-logins.js';

/** Loads the database client when a command needs it, so that the help is quick. */
const onLogins: typeof withLogins = (env, work) =>
  direct(async () => (await import('../sql-logins.js')).withLogins(env, work));

/** How to connect as somebody else. */
function connection(url: string, login: string): string {
  const { hostname, port, pathname } = new URL(url);
  return `psql "host=${hostname} port=${port || '5432'} dbname=${pathname.slice(1)} user=${login}"`;
}

interface Granted {
  readonly allTenants?: boolean;
  readonly days: number;
}

async function grant({ host, options, out }: Cli, { allTenants, days }: Granted): Promise<void> {
  const { tenant } = options;
  if ((tenant === undefined) === (allTenants !== true)) throw new CliError('say either --tenant <id> or --all-tenants');
  await onLogins(host.env, async (logins, url) => {
    const { login, password, validUntil } = await logins.grant(tenant ?? null, days, new Date(host.now()));
    out.line(`Login:     ${login}`);
    out.line(`Password:  ${password}   (shown once)`);
    out.line(
      `Sees:      ${tenant === undefined ? 'every tenant' : `tenant ${tenant}`}, until ${validUntil.toISOString()}`,
    );
    out.line(`Connect:   ${connection(url, login)}`);
  });
}

async function list({ host, out }: Cli): Promise<void> {
  const all = await onLogins(host.env, (logins) => logins.list());
  out.rows(all, [
    { header: 'login', value: ({ login }) => login },
    { header: 'sees', value: ({ tenantId }) => (tenantId === null ? 'every tenant' : `tenant ${tenantId}`) },
    { header: 'until', value: ({ validUntil }) => validUntil.toISOString() },
  ]);
  if (all.length === 0) out.note('Nobody may ask in SQL.');
}

async function revoke({ host, out }: Cli, login: string): Promise<void> {
  await onLogins(host.env, (logins) => logins.revoke(login));
  out.line(`Removed ${login}.`);
}

/** In the database itself, not over HTTP: it takes access to the database to open it for people. */
export const addSql: AddCommand = (program, act) => {
  const sql = program
    .command('sql')
    .description(
      'let people ask about the past in SQL: read only, about one tenant or all, for some days, in the database of REPORTING_DATABASE_URL, else DATABASE_URL, else the system or cluster running on DATA_DIR',
    );
  sql
    .command('grant')
    .description('create a login that sees the rows of --tenant, or of all tenants, and show its password, once')
    .option('--all-tenants', 'every tenant')
    .requiredOption('--days <number>', 'for how many days', wholeNumber(1, 366))
    .action(act(grant));
  sql.command('list').description('list the logins').action(act(list));
  sql
    .command('revoke')
    .description('remove a login and end its sessions')
    .argument('<login>', 'the login')
    .action(act(revoke));
};
