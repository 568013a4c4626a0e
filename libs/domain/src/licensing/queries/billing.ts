import type { Instant } from '../../decision.js';
import type { BillingTerms } from '../../metering/billing-period.js';
import { periodIdOf } from '../model/billing.js';
import { meterAt } from '../model/meter.js';
import type { ProjectState } from '../model/state.js';
import { catchUp } from '../time/catch-up.js';

/** How a project is billed, and the period that an instant lies in. */
export interface BillingView {
  readonly terms: BillingTerms;
  /** The terms from the next period on; `null`: they stay. */
  readonly pending: (BillingTerms & { readonly effectiveFrom: Instant }) | null;
  /** `null`: the last period of a closed project is over. */
  readonly period: { readonly periodId: string; readonly from: Instant; readonly until: Instant } | null;
}

/** `null`: the project has no billing terms. */
export function billingOf(recorded: ProjectState, now: Instant): BillingView | null {
  const { period: known } = recorded.totals.billing ?? {};
  const { project, billing } = (known && known.until <= now ? catchUp(recorded, now).state : recorded).totals;
  if (!project || !billing) return null;
  const { terms, pending, period } = billing;
  return {
    terms,
    pending: pending && period && { ...pending, effectiveFrom: period.until },
    period: period && {
      periodId: periodIdOf(project.projectId, period.from),
      from: period.from,
      until: period.until,
    },
  };
}

/** Where a project whose last decision is dated too late is taken back to: the present, or the end of the last closed period. */
export const correctedInstant = ({ totals }: ProjectState, now: Instant): Instant => Math.max(now, totals.closedUntil);

export { meterAt };
