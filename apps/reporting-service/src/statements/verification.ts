import {
  canonicalText,
  chainFaults,
  creditOf,
  lineContent,
  type DocumentContent,
  type LineContent,
} from '@allotree/domain';
import { LICENSING_EVENTS } from '@allotree/contracts';
import { REPORTING } from '../tokens.js';
import { findAccount, type Account } from './account.js';
import { hashOf, type DocumentRow } from './documents.js';
import { EffectiveTerms } from './effective-terms.js';
import { factsOfEvents } from './event-facts.js';
import { partnerStatement } from './partner-statements.js';
import type { ClosedPeriod } from './period-inputs.js';
import { compared, neededFor, projectHead, projectLines } from './project-statements.js';
import type { Rows } from './rows.js';
import { isSigned, type PublicKey } from './signing-key.js';

/** What is wrong with a document. */
export interface Fault {
  readonly documentId: string;
  readonly number: number;
  readonly fault: string;
}

export interface VerifiedAccount {
  readonly accountId: string;
  readonly documents: number;
  readonly faults: readonly Fault[];
}

/**
 * Verifies every document of every account, or of one: hash, chain, signature, sums, and its lines as they follow from the events.
 * @param accountId `null`: all
 */
export async function* verifyAccounts(rows: Rows, accountId: string | null): AsyncGenerator<VerifiedAccount> {
  const keys = await rows.query<{ public_key: PublicKey }>(`SELECT public_key FROM ${REPORTING}.statement_key`);
  const accounts = await rows.query<{ account_id: string }>(
    `SELECT DISTINCT account_id FROM ${REPORTING}.document WHERE $1::text IS NULL OR account_id = $1 ORDER BY account_id`,
    [accountId],
  );
  for (const { account_id } of accounts)
    yield verifyAccount(
      rows,
      account_id,
      keys.map(({ public_key }) => public_key),
    );
}

async function verifyAccount(rows: Rows, accountId: string, keys: readonly PublicKey[]): Promise<VerifiedAccount> {
  const documents = await rows.query<DocumentRow>(
    `SELECT * FROM ${REPORTING}.document WHERE account_id = $1 ORDER BY number`,
    [accountId],
  );
  const faults: Fault[] = [];
  const numbers = new Map(documents.map(({ document_id, number }) => [document_id, number]));
  for (const { documentId, fault } of chainFaults(documents))
    faults.push({ documentId, number: numbers.get(documentId) ?? 0, fault: CHAIN_FAULTS[fault] });
  const account = await findAccount(rows, accountId);
  for (const [index, document] of documents.entries()) {
    const { document_id: documentId, number } = document;
    const found = [
      ...(await sealFaults(document, keys)),
      ...(account ? await contentFaults(rows, account, { document, before: documents.slice(0, index) }) : ['account']),
    ];
    faults.push(...found.map((fault) => ({ documentId, number, fault })));
  }
  return { accountId, documents: documents.length, faults };
}

const CHAIN_FAULTS = {
  NUMBER: 'its number does not follow the one before it',
  PREVIOUS_HASH: 'it does not name the hash of the document before it',
  LINE_NUMBERS: 'its lines are not numbered from 1',
  TOTAL: 'its total is not the sum of its lines',
  QUANTITY: 'the quantity of a line is not that of its unit-milliseconds',
} as const;

/** Its hash and signature, and the columns beside the content. */
async function sealFaults(document: DocumentRow, keys: readonly PublicKey[]): Promise<string[]> {
  const { content } = document;
  const text = canonicalText(content);
  const columns: readonly (readonly [unknown, unknown])[] = [
    [document.document_id, content.documentId],
    [document.account_id, content.accountId],
    [document.number, content.number],
    [document.kind, content.kind],
    [document.from_at.toISOString(), content.period.from],
    [document.until_at.toISOString(), content.period.until],
  ];
  return [
    ...(hashOf(text) === document.hash ? [] : ['its hash is not that of its content']),
    ...((await isSigned(text, document.signature, keys)) ? [] : ['its signature is not that of its content']),
    ...(columns.every(([column, value]) => column === value) ? [] : ['its columns are not those of its content']),
  ];
}

interface InChain {
  readonly document: DocumentRow;
  /** The documents of the account before it. */
  readonly before: readonly DocumentRow[];
}

async function contentFaults(rows: Rows, account: Account, { document, before }: InChain): Promise<string[]> {
  if (document.kind === 'credit_note') return creditFaults(document, before);
  const earlier = before.filter(({ kind }) => kind === 'statement').map(({ content }) => content);
  const computed =
    account.buyerKind === 'project'
      ? await projectContent(rows, account, { document, earlier })
      : await partnerContent(rows, account, { document, earlier });
  const { content } = document;
  const adjusted = await adjustmentsIn(rows, content);
  return [
    ...(computed.agrees ? [] : ['the events do not give the control totals of its period']),
    ...(isSame(
      computed.lines,
      content.lines.filter(({ reason }) => reason === null),
    )
      ? []
      : ['its lines are not those that follow from the events']),
    ...(isSame(
      adjusted,
      content.lines.filter(({ reason }) => reason !== null),
    )
      ? []
      : ['its adjustments are not those that were made']),
  ];
}

const unnumbered = (lines: readonly LineContent[]): string[] =>
  lines.map((line) => canonicalText({ ...line, line: 0 }));

const isSame = (a: readonly LineContent[], b: readonly LineContent[]): boolean =>
  JSON.stringify(unnumbered(a)) === JSON.stringify(unnumbered(b));

interface Computed {
  readonly lines: readonly LineContent[];
  /** Whether the control totals of the period follow from the events, too. */
  readonly agrees: boolean;
}

interface AfterEarlier {
  readonly document: DocumentRow;
  readonly earlier: readonly DocumentContent[];
}

/** The event that closed a period of a project. */
async function closeOf(rows: Rows, projectId: string, from: Date): Promise<ClosedPeriod | null> {
  const events = await rows.query<{ id: string; data: unknown }>(
    `SELECT id, data FROM ${REPORTING}.event
     WHERE subject = $1 AND type = 'allotree.usage-period-closed.v1' AND (data ->> 'from')::timestamptz = $2 ORDER BY position LIMIT 1`,
    [projectId, from],
  );
  if (!events[0]) return null;
  const data = LICENSING_EVENTS['allotree.usage-period-closed.v1'].parse(events[0].data);
  return {
    projectId,
    from: Date.parse(data.from),
    until: Date.parse(data.until),
    eventId: events[0].id,
    calendar: { interval: data.interval, anchorDay: data.anchorDay, timeZone: data.timeZone },
    billingMode: data.paymentModel,
    totals: data.totals,
  };
}

async function projectContent(rows: Rows, account: Account, { document, earlier }: AfterEarlier): Promise<Computed> {
  const closed = await closeOf(rows, account.buyerId, document.from_at);
  if (!closed) return { lines: [], agrees: false };
  const terms = await EffectiveTerms.of(rows, [account.accountId]);
  const facts = (await factsOfEvents(rows, [neededFor(closed, [account], terms)])).get(account.buyerId)!;
  const statement = { account, closed, terms, facts, earlier };
  const { minorDigits } = projectHead(statement);
  return {
    lines: projectLines(statement).map((line) => lineContent(0, line, minorDigits)),
    agrees: compared(closed, facts).differences.size === 0,
  };
}

async function partnerContent(rows: Rows, account: Account, { document, earlier }: AfterEarlier): Promise<Computed> {
  const period = { from: document.from_at.getTime(), until: document.until_at.getTime() };
  const terms = await EffectiveTerms.of(rows, [account.accountId]);
  const upTo = document.content.cutoff?.sequence ?? null;
  const of = { account, period, terms, earlier, source: factsOfEvents, upTo };
  const { lines, head } = await partnerStatement(rows, of);
  return { lines: lines.map((line) => lineContent(0, line, head.minorDigits)), agrees: true };
}

async function adjustmentsIn(rows: Rows, { documentId }: DocumentContent): Promise<readonly LineContent[]> {
  const found = await rows.query<{ line: { content: LineContent } }>(
    `SELECT line FROM ${REPORTING}.adjustment WHERE document_id = $1 ORDER BY made_at, adjustment_id`,
    [documentId],
  );
  return found.map(({ line }) => line.content);
}

function creditFaults({ content }: DocumentRow, before: readonly DocumentRow[]): string[] {
  const statement = before.find(({ document_id }) => document_id === content.creditOf);
  const { minorDigits } = content;
  const credit = { asked: null, credited: [], reason: content.reason ?? '', minorDigits };
  const credited = creditOf({ ...credit, lines: statement?.content.lines ?? [] });
  if (!statement || !credited.ok) return ['it credits no statement before it'];
  const possible = new Set(unnumbered(credited.lines.map((line) => lineContent(0, line, minorDigits))));
  return unnumbered(content.lines).every((line) => possible.has(line))
    ? []
    : ['its lines are not those of the statement that it credits'];
}
