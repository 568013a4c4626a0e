import canonicalize from 'canonicalize';
import { toDecimal, type Decimal } from '../metering/quantity.js';
import { lineContent, majorOf, minorOf, type Line, type LineContent } from './lines.js';

/** A side of an account. The vendor has no id. */
export interface Party {
  readonly kind: 'vendor' | 'partner' | 'project';
  readonly id: string | null;
}

/** A statement or credit note. Statements and credit notes of an account are numbered together, and chained by their hashes. */
export interface DocumentContent {
  readonly kind: 'statement' | 'credit_note';
  readonly documentId: string;
  readonly accountId: string;
  /** From 1 on, without gaps. */
  readonly number: number;
  readonly seller: Party;
  readonly buyer: Party;
  readonly period: { readonly from: string; readonly until: string };
  readonly timeZone: string;
  readonly currency: string | null;
  readonly minorDigits: number;
  readonly lines: readonly LineContent[];
  /** The sum of all amounts; `null`: there is no currency. */
  readonly total: Decimal | null;
  /** Of a credit note: the statement whose lines it takes back. */
  readonly creditOf: string | null;
  readonly reason: string | null;
  /** The last event of the buyer's or seller's stream that the lines of trade know. */
  readonly cutoff: { readonly subject: string; readonly sequence: string } | null;
  /** Of the document before it in the account; `null`: it is the first. */
  readonly previousHash: string | null;
}

export type DocumentHead = Omit<DocumentContent, 'lines' | 'total'>;

/** A document with these lines, numbered from 1. */
export function documentOf(head: DocumentHead, lines: readonly Line[]): DocumentContent {
  const contents = lines.map((line, index) => lineContent(index + 1, line, head.minorDigits));
  return { ...head, lines: contents, total: totalOf(head, contents) };
}

/** The sum of the amounts of lines. */
export function totalOf(
  { currency, minorDigits }: Pick<DocumentContent, 'currency' | 'minorDigits'>,
  lines: readonly LineContent[],
): Decimal | null {
  if (currency === null) return null;
  const sum = lines.reduce((total, { amount }) => total + (amount === null ? 0n : minorOf(amount, minorDigits)), 0n);
  return majorOf(sum, minorDigits);
}

/**
 * The text of a document (RFC 8785) whose SHA-256 is its hash and which is signed: the same for the same content, whatever the order of its
 * members.
 */
export function canonicalText(content: DocumentContent | LineContent): string {
  const text = canonicalize(content);
  if (text === undefined) throw new TypeError('a document has no canonical text');
  return text;
}

/** What is wrong with a document of an account, besides its hash and signature. */
export interface ChainFault {
  readonly documentId: string;
  readonly fault: 'NUMBER' | 'PREVIOUS_HASH' | 'LINE_NUMBERS' | 'TOTAL' | 'QUANTITY';
}

/** Checks the documents of an account in their order: numbers without gaps, the chain, and the sums. */
export function chainFaults(documents: readonly { content: DocumentContent; hash: string }[]): ChainFault[] {
  return documents.flatMap(({ content }, index) => {
    const { documentId, lines } = content;
    const faults: ChainFault['fault'][] = [];
    if (content.number !== index + 1) faults.push('NUMBER');
    if (content.previousHash !== (documents[index - 1]?.hash ?? null)) faults.push('PREVIOUS_HASH');
    if (lines.some(({ line }, place) => line !== place + 1)) faults.push('LINE_NUMBERS');
    if (content.total !== totalOf(content, lines)) faults.push('TOTAL');
    if (!lines.every(hasItsQuantity)) faults.push('QUANTITY');
    return faults.map((fault) => ({ documentId, fault }));
  });
}

function hasItsQuantity(line: LineContent): boolean {
  const { unitMilliseconds, periodMilliseconds, quantity } = line;
  if (unitMilliseconds === null || periodMilliseconds === null) return quantity === null;
  return quantity === toDecimal({ numerator: BigInt(unitMilliseconds), denominator: BigInt(periodMilliseconds) });
}
