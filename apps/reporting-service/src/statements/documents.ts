import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { dataSchemaOf, sequenceOf, type BillingEventType, type CloudEvent } from '@allotree/contracts';
import { canonicalText, documentOf, type DocumentContent, type DocumentHead, type Line } from '@allotree/domain';
import { REPORTING } from '../tokens.js';
import { buyerOf, sellerOf, type Account } from './account.js';
import { derivedId } from './derived-id.js';
import type { Rows } from './rows.js';
import { SigningKey } from './signing-key.js';

/** A document that is to be issued, after all that its account has. */
export interface NewDocument {
  readonly account: Account;
  readonly head: Omit<DocumentHead, 'documentId' | 'accountId' | 'number' | 'seller' | 'buyer' | 'previousHash'>;
  readonly lines: readonly Line[];
  /** Who asked for it: `user:<id>`, `service:<name>`. */
  readonly actor: string;
  readonly causationId: string | null;
  /** Of the request; absent: nobody asked. */
  readonly commandId?: string;
}

export interface DocumentRow {
  readonly document_id: string;
  readonly tenant_id: string | null;
  readonly account_id: string;
  readonly number: number;
  readonly kind: DocumentContent['kind'];
  readonly from_at: Date;
  readonly until_at: Date;
  readonly content: DocumentContent;
  readonly hash: string;
  readonly signature: string;
  readonly issued_at: Date;
}

interface Issued {
  readonly document: NewDocument;
  readonly content: DocumentContent;
  readonly hash: string;
  readonly signature: string;
}

const TYPE_OF: Readonly<Record<DocumentContent['kind'], BillingEventType>> = {
  statement: 'allotree.statement-issued.v1',
  credit_note: 'allotree.credit-note-issued.v1',
};

export const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex');

const documentIdOf = (accountId: string, number: number): string => derivedId(`${accountId}/${number}`);

/** The last document of each account. */
const LAST = `
  SELECT DISTINCT ON (account_id) account_id, number, hash FROM ${REPORTING}.document
  WHERE account_id = ANY ($1) ORDER BY account_id, number DESC`;

const INSERT = `
  INSERT INTO ${REPORTING}.document (document_id, tenant_id, account_id, number, kind, from_at, until_at, currency, total, content, hash,
    signature, command_id, issued_at)
  SELECT *, $14::timestamptz FROM unnest($1::text[], $2::text[], $3::text[], $4::integer[], $5::text[], $6::timestamptz[],
    $7::timestamptz[], $8::text[], $9::text[], $10::jsonb[], $11::text[], $12::text[], $13::text[])`;

/** Reserves this many places in the order of each subject. */
const SEQUENCES = `
  INSERT INTO ${REPORTING}.billing_subject AS known (subject, tenant_id, sequence)
  SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[])
  ON CONFLICT (subject) DO UPDATE SET sequence = known.sequence + excluded.sequence RETURNING subject, sequence`;

/** The ids that the next documents of accounts will have. */
export async function nextDocumentIds(rows: Rows, accountIds: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const last = await rows.query<{ account_id: string; number: number }>(LAST, [accountIds]);
  const numbers = new Map(last.map(({ account_id, number }) => [account_id, number]));
  return new Map(accountIds.map((id) => [id, documentIdOf(id, (numbers.get(id) ?? 0) + 1)]));
}

/** Issues documents: hashed, signed and chained, each in one transaction with the event about it. */
@Injectable()
export class Documents {
  constructor(private readonly key: SigningKey) {}

  /**
   * Issues documents of accounts that the transaction has locked; those of one account in their order.
   * @param at by the clock
   * @returns their ids, in the same order
   */
  async issue(tx: Rows, documents: readonly NewDocument[], at: number): Promise<readonly DocumentContent[]> {
    if (documents.length === 0) return [];
    const accountIds = [...new Set(documents.map(({ account }) => account.accountId))];
    const rows = await tx.query<{ account_id: string; number: number; hash: string }>(LAST, [accountIds]);
    const last = new Map(rows.map(({ account_id, number, hash }) => [account_id, { number, hash }]));
    const issued: Issued[] = [];
    for (const document of documents) {
      const { accountId } = document.account;
      const one = await this.sign(document, last.get(accountId) ?? { number: 0, hash: null });
      last.set(accountId, { number: one.content.number, hash: one.hash });
      issued.push(one);
    }
    await insert(tx, issued, at);
    await keepEvents(tx, issued, at);
    return issued.map(({ content }) => content);
  }

  private async sign(
    document: NewDocument,
    { number, hash: previousHash }: { number: number; hash: string | null },
  ): Promise<Issued> {
    const { account, head, lines } = document;
    const { accountId } = account;
    const place = {
      documentId: documentIdOf(accountId, number + 1),
      accountId,
      number: number + 1,
      seller: sellerOf(account),
      buyer: buyerOf(account),
      previousHash,
    };
    const content = documentOf({ ...head, ...place }, lines);
    const text = canonicalText(content);
    return { document, content, hash: hashOf(text), signature: await this.key.sign(text) };
  }
}

async function insert(tx: Rows, issued: readonly Issued[], at: number): Promise<void> {
  const column = <Value>(value: (one: Issued) => Value): Value[] => issued.map(value);
  await tx.query(INSERT, [
    column(({ content }) => content.documentId),
    column(({ document }) => document.account.tenantId),
    column(({ content }) => content.accountId),
    column(({ content }) => content.number),
    column(({ content }) => content.kind),
    column(({ content }) => content.period.from),
    column(({ content }) => content.period.until),
    column(({ content }) => content.currency),
    column(({ content }) => content.total),
    column(({ content }) => JSON.stringify(content)),
    column(({ hash }) => hash),
    column(({ signature }) => signature),
    column(({ document }) => document.commandId ?? null),
    new Date(at),
  ]);
}

async function keepEvents(tx: Rows, issued: readonly Issued[], at: number): Promise<void> {
  const counts = new Map<string, { tenantId: string | null; count: number }>();
  for (const { document } of issued) {
    const { buyerId, tenantId } = document.account;
    counts.set(buyerId, { tenantId, count: (counts.get(buyerId)?.count ?? 0) + 1 });
  }
  const subjects = [...counts].sort(([a], [b]) => (a < b ? -1 : 1));
  const rows = await tx.query<{ subject: string; sequence: string }>(SEQUENCES, [
    subjects.map(([subject]) => subject),
    subjects.map(([, { tenantId }]) => tenantId),
    subjects.map(([, { count }]) => count),
  ]);
  const next = new Map(rows.map(({ subject, sequence }) => [subject, Number(sequence) - counts.get(subject)!.count]));
  const events = issued.map((one) => {
    const subject = one.document.account.buyerId;
    const sequence = next.get(subject)!;
    next.set(subject, sequence + 1);
    return eventOf(one, sequence, at);
  });
  await tx.query(
    `INSERT INTO ${REPORTING}.billing_outbox (tenant_id, event)
     SELECT tenant_id, event FROM unnest($1::text[], $2::jsonb[]) WITH ORDINALITY AS given (tenant_id, event, place) ORDER BY place`,
    [events.map(({ tenantid }) => tenantid), events.map((event) => JSON.stringify(event))],
  );
}

function eventOf({ document, content, hash, signature }: Issued, sequence: number, at: number): CloudEvent {
  const { kind, documentId, lines, creditOf, reason } = content;
  const type = TYPE_OF[kind];
  const { accountId, number, seller, buyer, period, timeZone, currency, total, previousHash } = content;
  return {
    specversion: '1.0',
    id: derivedId(`${documentId}/issued`),
    source: '/reporting-service',
    type,
    subject: document.account.buyerId,
    time: new Date(at).toISOString(),
    datacontenttype: 'application/json',
    dataschema: dataSchemaOf(type),
    tenantid: document.account.tenantId,
    correlationid: documentId,
    causationid: document.causationId,
    actor: document.actor,
    sequence: sequenceOf(sequence),
    data: {
      documentId,
      accountId,
      number,
      seller,
      buyer,
      period,
      timeZone,
      currency,
      total,
      lineCount: lines.length,
      hash,
      previousHash,
      signature,
      ...(kind === 'credit_note' && { creditOf, reason }),
    },
  };
}
