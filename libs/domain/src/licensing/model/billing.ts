import type { Instant } from '../../decision.js';
import { billingPeriod, billingPeriodAt, type BillingTerms } from '../../metering/billing-period.js';
import { RESOURCES } from '../../words.js';
import type { ProjectEventOf } from './events.js';
import { newMeter } from './meter.js';
import type { ProjectState } from './state.js';
import { usageOf } from './usage.js';

export const periodIdOf = (projectId: string, from: Instant): string => `${projectId}:${new Date(from).toISOString()}`;

const isSame = (a: BillingTerms, b: BillingTerms): boolean =>
  a.interval === b.interval &&
  a.anchorMonth === b.anchorMonth &&
  a.anchorDay === b.anchorDay &&
  a.timeZone === b.timeZone;

/** The first terms start a period at once; later ones wait for the next period. */
export function putBillingTerms(
  state: ProjectState,
  { effectiveFrom, ...terms }: ProjectEventOf<'BillingTermsSet'>['data'],
): void {
  const { billing } = state.totals;
  if (billing?.period) state.totals.billing = { ...billing, pending: isSame(terms, billing.terms) ? null : terms };
  else startPeriod(state, terms, effectiveFrom);
}

/** The next period starts where the closed one ended. */
export function putClosedPeriod(state: ProjectState, { until }: ProjectEventOf<'UsagePeriodClosed'>['data']): void {
  const { totals } = state;
  totals.closedUntil = until;
  if (!totals.billing) return;
  const terms = totals.billing.pending ?? totals.billing.terms;
  if (isAtRest(state, until)) Object.assign(totals, { billing: { terms, pending: null, period: null }, meter: null });
  else startPeriod(state, terms, until);
}

function startPeriod(state: ProjectState, terms: BillingTerms, from: Instant): void {
  const index = billingPeriodAt(terms, from);
  const { until } = billingPeriod(terms, index);
  state.totals.billing = { terms, pending: null, period: { index, from, until } };
  state.totals.meter = newMeter(from);
}

/** Whether a project is closed, its licenses have run out and nothing is in use there any more, nor returns with an allotment that starts later. */
function isAtRest(state: ProjectState, at: Instant): boolean {
  const { project, closedReason } = state.totals;
  if (project === null || closedReason === null) return false;
  const { inForce } = usageOf(state, project.projectId);
  if (RESOURCES.some((resource) => inForce[resource] > 0)) return false;
  for (const [, { phase, revokedReason }] of state.licenses.entries())
    if (phase !== 'ended' && revokedReason === null) return false;
  for (const [, { allotments }] of state.restrictions.entries())
    if (allotments.some(({ validFrom }) => validFrom > at)) return false;
  return true;
}
