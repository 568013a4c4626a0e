import {
  ANCHOR_MONTH,
  billingPeriod,
  billingPeriodAt,
  DEFAULT_CALENDAR,
  type AccountCalendar,
  type BillingMode,
  type DocumentContent,
  type Instant,
  type Line,
  type Period,
} from '@allotree/domain';
import { REPORTING } from '../tokens.js';
import { beginOf, type Account } from './account.js';
import { accountLines, billedPeriod, type BilledProject } from './account-lines.js';
import type { NewDocument } from './documents.js';
import type { EffectiveTerms } from './effective-terms.js';
import { earlierOf, stockTrades } from './period-inputs.js';
import type { Rows } from './rows.js';
import type { FactsSource } from './tables-facts.js';

/** A partner, and all partners below it. */
const BELOW = `
  WITH RECURSIVE below AS (
    SELECT $1::text AS partner_id
    UNION
    SELECT child.buyer_id FROM below JOIN ${REPORTING}.account child
      ON child.seller_id = below.partner_id AND child.buyer_kind = 'partner' AND child.is_direct)`;

/** The zone of the first project of a buyer. */
const ZONE = `
  ${BELOW}
  SELECT project.time_zone FROM below
  JOIN ${REPORTING}.account own ON own.seller_id = below.partner_id AND own.buyer_kind = 'project' AND own.is_direct
  JOIN ${REPORTING}.project_version project ON project.project_id = own.buyer_id AND project.from_at < $2
  ORDER BY project.from_at, project.project_id LIMIT 1`;

/**
 * The calendar of an account between partners for the period that begins at an instant: that of its terms, or months in the zone of the
 * buyer's first project, so that they end when the periods of the project do. Which is the first is known when the month is over in UTC.
 */
export async function partnerCalendar(
  rows: Rows,
  { accountId, buyerId }: Pick<Account, 'accountId' | 'buyerId'>,
  terms: EffectiveTerms,
  at: Instant,
): Promise<AccountCalendar> {
  const { calendar } = terms.at(accountId, at).terms;
  if (calendar !== null) return calendar;
  const { until } = periodAt(DEFAULT_CALENDAR, at);
  const [first] = await rows.query<{ time_zone: string }>(ZONE, [buyerId, new Date(until)]);
  return { ...DEFAULT_CALENDAR, timeZone: first?.time_zone ?? DEFAULT_CALENDAR.timeZone };
}

/** The period of a calendar that an instant lies in. */
export function periodAt(calendar: AccountCalendar, at: Instant): Period {
  const terms = { ...calendar, anchorMonth: ANCHOR_MONTH };
  return billingPeriod(terms, billingPeriodAt(terms, at));
}

/** The projects of a partner and of all partners below it that are billed before an instant. */
const PROJECTS = `
  ${BELOW}
  SELECT own.buyer_id AS project_id, own.partner_id, billed.since, project.billing_mode,
    project.is_closed OR EXISTS (SELECT FROM ${REPORTING}.billing_period period
      WHERE period.project_id = own.buyer_id AND period.status = 'agreed' AND period.until_at >= $3) AS is_over,
    ARRAY(SELECT event_id FROM ${REPORTING}.billing_period period
      WHERE period.project_id = own.buyer_id AND period.from_at < $3 AND period.until_at > $2 ORDER BY from_at) AS event_ids
  FROM below JOIN ${REPORTING}.account own ON own.seller_id = below.partner_id AND own.buyer_kind = 'project' AND own.is_direct
  CROSS JOIN LATERAL (
    SELECT min(effective_from) AS since FROM ${REPORTING}.billing_terms WHERE project_id = own.buyer_id) AS billed
  JOIN ${REPORTING}.project_version project ON project.project_id = own.buyer_id AND project.until_at IS NULL
  WHERE billed.since < $3 ORDER BY own.buyer_id`;

interface ProjectRow {
  readonly project_id: string;
  readonly partner_id: string;
  readonly since: Date;
  readonly billing_mode: BillingMode;
  readonly is_over: boolean;
  readonly event_ids: readonly string[];
}

/** A period of an account between partners. */
export interface PartnerPeriod {
  readonly account: Account;
  readonly period: Period;
  readonly terms: EffectiveTerms;
  readonly earlier: readonly DocumentContent[];
  /** Where facts come from. */
  readonly source: FactsSource;
  /** The last event of the stock that is known; `null`: all that is there. */
  readonly upTo: string | null;
}

export interface PartnerStatement {
  readonly head: NewDocument['head'];
  /** Every line but adjustments. */
  readonly lines: readonly Line[];
  /** Projects whose periods are not over yet: nothing can be issued. */
  readonly open: readonly string[];
}

export async function partnerStatement(rows: Rows, of: PartnerPeriod): Promise<PartnerStatement> {
  const { account, period, terms, earlier } = of;
  const billedFrom = account.billedFrom ?? period.from;
  const begin = beginOf(account, period);
  const calendar = await partnerCalendar(rows, account, terms, begin);
  const effective = terms.at(account.accountId, begin);
  const billed = billedPeriod(period, effective, { calendar, billedFrom });
  const goesBack = Object.values(effective.terms.resources).some(({ trueUp }) => trueUp !== null);
  const found = account.isDirect ? await projectsIn(rows, account, period) : [];
  const needed = found.map(({ project_id: projectId }) => ({
    projectId,
    from: goesBack ? Math.min(billed.since, period.from) : period.from,
    until: period.until,
  }));
  const facts = await of.source(rows, needed);
  const projects = found.map((row): BilledProject => projectOf(row, facts.get(row.project_id)!));
  const after = earlier.at(-1)?.cutoff?.sequence ?? null;
  const { trades, cutoff } = await stockTrades(rows, { account, until: period.until, after, upTo: of.upTo });
  const isFirst = earlier.length === 0;
  const before = earlierOf(account, earlier, { terms, calendar });
  return {
    head: {
      kind: 'statement',
      period: { from: new Date(period.from).toISOString(), until: new Date(period.until).toISOString() },
      timeZone: calendar.timeZone,
      currency: effective.terms.currency,
      minorDigits: effective.terms.minorDigits,
      creditOf: null,
      reason: null,
      cutoff,
    },
    lines: accountLines({ account, billed, isFirst, projects, trades, earlier: before }),
    open: found.filter(({ is_over }) => !is_over).map(({ project_id }) => project_id),
  };
}

const projectsIn = (rows: Rows, { buyerId }: Account, { from, until }: Period): Promise<ProjectRow[]> =>
  rows.query<ProjectRow>(PROJECTS, [buyerId, new Date(from), new Date(until)]);

const projectOf = (row: ProjectRow, facts: BilledProject['facts']): BilledProject => ({
  projectId: row.project_id,
  partnerId: row.partner_id,
  billingMode: row.billing_mode,
  since: row.since.getTime(),
  facts,
  eventIds: row.event_ids,
});
