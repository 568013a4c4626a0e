import {
  billingPeriod,
  billingPeriodAt,
  type AccountCalendar,
  type BillingInterval,
  type BillingTerms,
  type Instant,
  type Period,
} from '@allotree/domain';
import { REPORTING } from '../tokens.js';
import type { Account } from './account.js';
import type { EffectiveTerms } from './effective-terms.js';
import { partnerCalendar, periodAt } from './partner-statements.js';
import type { Rows } from './rows.js';

/** The period that is under way. */
export interface CurrentPeriod {
  readonly period: Period;
  readonly calendar: AccountCalendar;
}

interface TermsRow {
  readonly effective_from: Date;
  readonly interval: BillingInterval;
  readonly anchor_day: number;
  readonly anchor_month: string;
  readonly time_zone: string;
}

const TERMS = `
  SELECT * FROM ${REPORTING}.billing_terms WHERE project_id = $1 AND effective_from <= $2 ORDER BY effective_from DESC LIMIT 1`;
const BEGUN = `
  SELECT greatest(
    (SELECT min(effective_from) FROM ${REPORTING}.billing_terms WHERE project_id = $1),
    (SELECT max(until_at) FROM ${REPORTING}.billing_period WHERE project_id = $1 AND until_at <= $2)) AS begun_at`;

/** `null`: the account has no periods. */
export function currentPeriod(
  rows: Rows,
  account: Account,
  { terms, now }: { readonly terms: EffectiveTerms; readonly now: Instant },
): Promise<CurrentPeriod | null> {
  return account.buyerKind === 'project'
    ? periodOfProject(rows, account.buyerId, now)
    : periodOfPartner(rows, account, { terms, now });
}

async function periodOfProject(rows: Rows, projectId: string, now: Instant): Promise<CurrentPeriod | null> {
  const [row] = await rows.query<TermsRow>(TERMS, [projectId, new Date(now)]);
  if (!row) return null;
  const calendar = { interval: row.interval, anchorDay: row.anchor_day, timeZone: row.time_zone };
  const terms: BillingTerms = { ...calendar, anchorMonth: row.anchor_month };
  const whole = billingPeriod(terms, billingPeriodAt(terms, now));
  const [begun] = await rows.query<{ begun_at: Date }>(BEGUN, [projectId, new Date(now)]);
  const from = Math.max(whole.from, begun!.begun_at.getTime());
  return { calendar, period: { from, until: whole.until } };
}

async function periodOfPartner(
  rows: Rows,
  account: Account,
  { terms, now }: { readonly terms: EffectiveTerms; readonly now: Instant },
): Promise<CurrentPeriod | null> {
  if (account.billedFrom === null) return null;
  const calendar = await partnerCalendar(rows, account, terms, now);
  return { calendar, period: periodAt(calendar, now) };
}
