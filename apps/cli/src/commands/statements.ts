import { createHash } from 'node:crypto';
import type { AccountItem, StatementAnswer, StatementItem, StatementKeysAnswer } from '@allotree/contracts';
import { canonicalText, chainFaults } from '@allotree/domain';
import { createLocalJWKSet, flattenedVerify } from 'jose';
import type { Api } from '@allotree/api-client';
import type { Cli } from '../cli.js';
import { withExamples, type AddCommand } from '../command.js';
import { direct } from '../direct.js';
import { CliError, EXIT, type ExitCode } from '../exit-codes.js';
import type { Column } from '../output.js';
import { noteMore, readList, withListOptions, type ListOptions } from '../paging.js';
import { apiPath } from '../references.js';

const ACCOUNTS: readonly Column<AccountItem>[] = [
  { header: 'account', value: ({ accountId }) => accountId },
  { header: 'seller', value: ({ sellerId }) => sellerId ?? 'vendor' },
  { header: 'buyer', value: ({ buyerKind, buyerId }) => `${buyerKind} ${buyerId}` },
  { header: 'documents', value: ({ documents }) => documents },
];
const STATEMENTS: readonly Column<StatementItem>[] = [
  { header: 'number', value: ({ number }) => number },
  { header: 'id', value: ({ statementId }) => statementId },
  { header: 'kind', value: ({ kind }) => kind },
  { header: 'from', value: ({ from }) => from },
  { header: 'until', value: ({ until }) => until },
  { header: 'total', value: ({ total, currency }) => (total === null ? null : `${total} ${currency ?? ''}`.trim()) },
];
const LINES: readonly Column<StatementAnswer['content']['lines'][number]>[] = [
  { header: 'line', value: ({ line }) => line },
  { header: 'type', value: ({ type }) => type },
  { header: 'resource', value: ({ resource }) => resource },
  { header: 'basis', value: ({ basis }) => basis },
  { header: 'quantity', value: ({ quantity }) => quantity ?? 'unlimited' },
  { header: 'unit price', value: ({ unitPrice }) => unitPrice },
  { header: 'amount', value: ({ amount }) => amount },
];

async function list({ api, out }: Cli, account: string | undefined, options: ListOptions): Promise<void> {
  const signedIn = await api();
  if (account === undefined) {
    const listed = await readList<AccountItem>(signedIn, '/accounts', options);
    out.rows(listed.items, ACCOUNTS);
    return noteMore(out, listed);
  }
  const listed = await readList<StatementItem>(signedIn, apiPath`/accounts/${account}/statements`, options);
  out.rows(listed.items, STATEMENTS);
  noteMore(out, listed);
}

async function show({ api, out }: Cli, id: string): Promise<void> {
  const statement = await (await api()).get<StatementAnswer>(apiPath`/statements/${id}`);
  if (out.format === 'json' || out.format === 'yaml') return out.record(statement, []);
  const { content } = statement;
  out.rows(content.lines, LINES);
  out.note(
    `${content.kind} ${content.number} of ${content.accountId}, total ${content.total ?? 'none'} ${content.currency ?? ''}`,
  );
}

type Keys = ReturnType<typeof createLocalJWKSet>;

/** Whether a detached JWS (RFC 7797) of one of the keys is over the text. */
async function isSigned(text: string, detached: string, keys: Keys): Promise<boolean> {
  const [header = '', , signature = ''] = detached.split('.');
  const jws = { protected: header, payload: text, signature };
  return flattenedVerify(jws, keys, { algorithms: ['EdDSA'] }).then(
    () => true,
    () => false,
  );
}

async function faultsOf({ content, hash, signature }: StatementAnswer, keys: Keys): Promise<string[]> {
  const text = canonicalText(content);
  const isIntact = createHash('sha256').update(text).digest('hex') === hash;
  return [
    ...(isIntact ? [] : ['its hash is not that of its content']),
    ...((await isSigned(text, signature, keys)) ? [] : ['it is not signed by a key of this server']),
  ];
}

interface Verified {
  readonly accountId: string;
  readonly documents: number;
  readonly faults: readonly string[];
}

async function verifyAccount(api: Api, accountId: string, keys: Keys): Promise<Verified> {
  const items = await api.list<StatementItem>(apiPath`/accounts/${accountId}/statements`);
  const documents: StatementAnswer[] = [];
  for (const { statementId } of items) documents.push(await api.get(apiPath`/statements/${statementId}`));
  const faults: string[] = [];
  for (const document of documents)
    faults.push(...(await faultsOf(document, keys)).map((fault) => `no. ${document.content.number}: ${fault}`));
  const chain = documents.map(({ content, hash }) => ({ content: content, hash }));
  faults.push(...chainFaults(chain).map(({ documentId, fault }) => `${documentId}: ${fault}`));
  return { accountId, documents: documents.length, faults };
}

/** Verifies hashes, signatures, chains and sums of the documents that the caller sees. */
async function verifyDocuments({ api }: Cli, account: string | undefined): Promise<Verified[]> {
  const signedIn = await api();
  const { keys } = await signedIn.get<StatementKeysAnswer>('/statement-keys');
  const set = createLocalJWKSet({ keys });
  const accounts =
    account === undefined
      ? (await signedIn.list<AccountItem>('/accounts')).map(({ accountId }) => accountId)
      : [account];
  const verified: Verified[] = [];
  for (const accountId of accounts) verified.push(await verifyAccount(signedIn, accountId, set));
  return verified;
}

/** On the database, which is loaded when it is needed, so that the help is quick. */
async function recompute({ host }: Cli, account: string | undefined): Promise<Verified[]> {
  const accounts = await direct(async () =>
    (await import('../statements-recomputed.js')).recomputedAccounts(host.env, account),
  );
  return accounts.map(({ accountId, documents, faults }) => ({
    accountId,
    documents,
    faults: faults.map(({ number, documentId, fault }) => `no. ${number} (${documentId}): ${fault}`),
  }));
}

async function verify(
  cli: Cli,
  account: string | undefined,
  { recompute: fromEvents }: { readonly recompute: boolean },
): Promise<ExitCode> {
  const verified = await (fromEvents ? recompute(cli, account) : verifyDocuments(cli, account));
  const documents = verified.reduce((sum, one) => sum + one.documents, 0);
  if (account !== undefined && documents === 0) throw new CliError(`account ${account} has no statements.`);
  cli.out.rows(verified, [
    { header: 'account', value: ({ accountId }) => accountId },
    { header: 'documents', value: ({ documents: count }) => count },
    { header: 'faults', value: ({ faults }) => faults },
  ]);
  const faulty = verified.filter(({ faults }) => faults.length > 0).length;
  cli.out.note(`${documents} documents of ${verified.length} accounts, ${faulty} accounts with faults`);
  return faulty > 0 ? EXIT.failed : EXIT.done;
}

export const addStatements: AddCommand = (program, act) => {
  const statements = program.command('statements').description('list, show and verify statements and credit notes');
  withExamples(withListOptions(statements.command('list')), {
    'allotree statements list': 'Accounts of sellers and buyers',
    'allotree statements list <accountId>': 'Statements of one account',
  })
    .description('list accounts, or the statements and credit notes of one')
    .argument('[account]', 'id of the account')
    .action(act(list));
  withExamples(statements.command('show'), { 'allotree statements show <statementId>': 'The lines of a statement' })
    .description('show a statement or credit note')
    .argument('<statement>', 'its id')
    .action(act(show));
  withExamples(statements.command('verify'), {
    'allotree statements verify': 'Verify all accounts you can see',
    'allotree statements verify --recompute': 'As the operator: also compute every line again',
  })
    .description('verify hashes, signatures, chains and sums; exits with 1 on a fault')
    .argument('[account]', 'id of one account')
    .option(
      '--recompute',
      'compute every line again from the events of all tenants, in the database of REPORTING_DATABASE_URL, else DATABASE_URL, else the system or cluster running on DATA_DIR',
      false,
    )
    .action(act(verify));
};
