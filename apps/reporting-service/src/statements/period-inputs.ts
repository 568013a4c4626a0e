import {
  lineOf,
  type AccountCalendar,
  type BilledPeriod,
  type BillingInterval,
  type BillingMode,
  type DocumentContent,
  type Instant,
  type Line,
  type Trade,
} from '@allotree/domain';
import { REPORTING } from '../tokens.js';
import { beginOf, type Account } from './account.js';
import { billedPeriod, type EarlierStatement } from './account-lines.js';
import type { EffectiveTerms } from './effective-terms.js';
import type { Rows } from './rows.js';

/** The close of a period of a project, as the license service published it. */
export interface ClosedPeriod {
  readonly projectId: string;
  readonly from: Instant;
  readonly until: Instant;
  readonly eventId: string;
  readonly calendar: AccountCalendar;
  readonly billingMode: BillingMode;
  readonly totals: Readonly<Record<string, Readonly<Record<string, number | string>>>>;
}

export interface ClosedRow {
  readonly project_id: string;
  readonly from_at: Date;
  readonly until_at: Date;
  readonly event_id: string;
  readonly interval: BillingInterval;
  readonly anchor_day: number;
  readonly time_zone: string;
  readonly payment_model: BillingMode;
  readonly totals: ClosedPeriod['totals'];
}

export const closedOf = (row: ClosedRow): ClosedPeriod => ({
  projectId: row.project_id,
  from: row.from_at.getTime(),
  until: row.until_at.getTime(),
  eventId: row.event_id,
  calendar: { interval: row.interval, anchorDay: row.anchor_day, timeZone: row.time_zone },
  billingMode: row.payment_model,
  totals: row.totals,
});

/** Only lines that can change later: those of what was entitled. */
const ENTITLED = `
  SELECT account_id, jsonb_set(content, '{lines}', coalesce((
    SELECT jsonb_agg(line ORDER BY place) FROM jsonb_array_elements(content -> 'lines') WITH ORDINALITY AS lines (line, place)
    WHERE line ->> 'basis' = 'entitled'), '[]')) AS content
  FROM ${REPORTING}.document WHERE account_id = ANY ($1) AND kind = 'statement' ORDER BY account_id, number`;

/** The statements of accounts in their order, with the lines that corrections need. */
export async function statementsBefore(
  rows: Rows,
  accountIds: readonly string[],
): Promise<ReadonlyMap<string, readonly DocumentContent[]>> {
  const found = await rows.query<{ account_id: string; content: DocumentContent }>(ENTITLED, [accountIds]);
  const documents = new Map<string, DocumentContent[]>();
  for (const { account_id, content } of found)
    documents.set(account_id, [...(documents.get(account_id) ?? []), content]);
  return documents;
}

/** Earlier statements as corrections need them. */
export const earlierOf = (
  account: Account,
  contents: readonly DocumentContent[],
  { terms, calendar }: { readonly terms: EffectiveTerms; readonly calendar: AccountCalendar },
): EarlierStatement[] =>
  contents.map((content) => {
    const period = { from: Date.parse(content.period.from), until: Date.parse(content.period.until) };
    const own = {
      calendar: { ...calendar, timeZone: content.timeZone },
      billedFrom: account.billedFrom ?? period.from,
    };
    const billed: BilledPeriod = billedPeriod(period, terms.at(account.accountId, beginOf(account, period)), own);
    return { billed, lines: content.lines.map((line): Line => lineOf(line, content.minorDigits)) };
  });

/** Packages recorded for a distributor, and those sold to a partner, up to an instant, after those that earlier statements have. */
const STOCK = `
  SELECT id, type, at, sequence, data FROM ${REPORTING}.event
  WHERE subject = $1 AND source = '/license-service' AND type = $2 AND at < $3 AND at >= $4
    AND ($5::text IS NULL OR data ->> 'toPartnerId' = $5) AND coalesce(sequence, '') > $6 AND ($7::text IS NULL OR sequence <= $7)
  ORDER BY sequence, position`;

interface StockRow {
  readonly id: string;
  readonly type: string;
  readonly at: Date;
  readonly sequence: string | null;
  readonly data: {
    readonly units: Trade['units'];
    readonly validFrom: string;
    readonly validUntil: string | null;
  };
}

export interface Stock {
  readonly trades: readonly Trade[];
  /** The last event of the stock among them, or before them. */
  readonly cutoff: { readonly subject: string; readonly sequence: string };
}

export interface StockRange {
  readonly account: Account;
  readonly until: Instant;
  /** The cutoff of the statement before; `null`: there is none, and the stock counts from the account's beginning on. */
  readonly after: string | null;
  /** `null`: all that is there by now. */
  readonly upTo: string | null;
}

export async function stockTrades(rows: Rows, { account, until, after, upTo }: StockRange): Promise<Stock> {
  const isVendor = account.sellerKind === 'vendor';
  const subject = isVendor ? account.buyerId : (account.sellerId ?? '');
  const found = await rows.query<StockRow>(STOCK, [
    subject,
    isVendor ? 'allotree.package-recorded.v1' : 'allotree.package-sold.v1',
    new Date(until),
    new Date(account.billedFrom ?? 0),
    isVendor ? null : account.buyerId,
    after ?? '',
    upTo,
  ]);
  const trades = found.map(({ id, data }, index): Trade => ({
    type: after === null && index === 0 ? 'new' : 'add',
    eventId: id,
    projectId: null,
    units: data.units,
    term: {
      from: Date.parse(data.validFrom),
      until: data.validUntil === null ? null : Date.parse(data.validUntil),
    },
    charge: 'by_term',
  }));
  return { trades, cutoff: { subject, sequence: found.at(-1)?.sequence ?? after ?? '' } };
}
