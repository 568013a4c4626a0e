import type { LicensingEventData } from '@allotree/contracts';
import { eachResource, type ProjectEventOf, type ResourceTotals } from '@allotree/domain';
import { iso } from './content.js';

type ClosedPeriod = LicensingEventData<'allotree.usage-period-closed.v1'>;

export function closedPeriod(
  projectId: string,
  { periodId, from, until, terms, paymentModel, totals }: ProjectEventOf<'UsagePeriodClosed'>['data'],
): ClosedPeriod {
  const { interval, anchorDay, timeZone } = terms;
  return {
    projectId,
    periodId,
    from: iso(from),
    until: iso(until),
    interval,
    anchorDay,
    timeZone,
    paymentModel,
    totals: eachResource((resource) => totalsOf(totals[resource])),
  };
}

const totalsOf = ({ open, close, peak, peakAt, unitMs, entitledMs, unlimitedMs, overageMs }: ResourceTotals) => ({
  open,
  close,
  peak,
  peakAt: iso(peakAt),
  unitMs: String(unitMs),
  entitledMs: String(entitledMs),
  unlimitedMs: String(unlimitedMs),
  overageMs: String(overageMs),
});
