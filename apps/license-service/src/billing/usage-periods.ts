import { UsagePeriod } from '@allotree/contracts';
import type { UsagePeriodEntity } from '../persistence/entities.js';

export const USAGE_PERIODS_PROJECTION = 'usage-periods';

/** A closed period as routes answer it. */
export const usagePeriodOf = (row: UsagePeriodEntity): UsagePeriod =>
  UsagePeriod.parse({ ...row, from: row.from.toISOString(), until: row.until.toISOString() });

const totals = (units: number) => ({
  open: units,
  close: units,
  peak: units,
  peakAt: '2026-02-28T23:00:00.000Z',
  unitMs: String(units * 2_674_800_000),
  entitledMs: '0',
  unlimitedMs: '0',
  overageMs: String(units * 2_674_800_000),
});

export const USAGE_PERIOD_EXAMPLE: UsagePeriod = {
  periodId: 'project-1:2026-02-28T23:00:00.000Z',
  from: '2026-02-28T23:00:00.000Z',
  until: '2026-03-31T22:00:00.000Z',
  interval: 'P1M',
  anchorDay: 1,
  timeZone: 'Europe/Berlin',
  paymentModel: 'postpaid',
  totals: { sip_number: totals(80), mobile_app: totals(60), ukey2: totals(0) },
};
