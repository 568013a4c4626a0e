import { termsFrom, type BillingTerms } from '../../metering/billing-period.js';
import { periodIdOf } from '../model/billing.js';
import type { ProjectCommandOf } from '../model/commands.js';
import { zoneOf } from '../model/phases.js';
import type { CurrentRecorder } from '../model/recorder.js';
import type { SingleRefusal } from '../model/refusals.js';

type Refused = SingleRefusal | null;
type Calendar = Pick<BillingTerms, 'interval' | 'anchorDay'>;

/** The calendar of a postpaid project until another one is set: months. */
export const DEFAULT_CALENDAR: Calendar = { interval: 'P1M', anchorDay: 1 };

/** Periods that have begun keep their terms: new ones hold from the start of the next period. */
export function setBillingTerms(recorder: CurrentRecorder, command: ProjectCommandOf<'SetBillingTerms'>): Refused {
  const { anchorDay } = command;
  if (!Number.isInteger(anchorDay) || anchorDay < 1 || anchorDay > 31)
    return { code: 'VALIDATION', field: 'anchorDay', message: 'must be a day of the month, 1 to 31' };
  const { billing } = recorder.state.totals;
  const coming = billing?.pending ?? billing?.terms;
  if (!coming || !isOf(coming, command)) recordBillingTerms(recorder, command);
  return null;
}

/** Returning to the terms of the current period keeps their anchor. */
export function recordBillingTerms(recorder: CurrentRecorder, { interval, anchorDay }: Calendar): void {
  const { billing } = recorder.state.totals;
  const effectiveFrom = billing?.period?.until ?? recorder.at;
  const terms =
    billing && isOf(billing.terms, { interval, anchorDay })
      ? billing.terms
      : termsFrom({ interval, anchorDay, timeZone: zoneOf(recorder.state) }, effectiveFrom);
  recorder.record('BillingTermsSet', { ...terms, effectiveFrom });
}

const isOf = (terms: BillingTerms, { interval, anchorDay }: Calendar): boolean =>
  terms.interval === interval && terms.anchorDay === anchorDay;

/** Everything that has ended is closed by now: what is left to say is that the current period has not. */
export function closeUsagePeriod(
  recorder: CurrentRecorder,
  { periodId }: ProjectCommandOf<'CloseUsagePeriod'>,
): Refused {
  const { project, billing } = recorder.state.totals;
  if (!project || !billing?.period || periodIdOf(project.projectId, billing.period.from) !== periodId) return null;
  return { code: 'PERIOD_NOT_OVER', periodId, until: billing.period.until };
}
