import type { Instant } from '../../decision.js';
import type { AllotmentRef } from '../model/events.js';
import { periodIdOf } from '../model/billing.js';
import { totalsAt } from '../model/meter.js';
import { graceOf, licensePhaseAt, phaseAt } from '../model/phases.js';
import { Recorder, inChunks, type CurrentRecorder } from '../model/recorder.js';
import type { DueKey } from '../model/schedule.js';
import type { LicenseState } from '../model/facts.js';
import { restrictionAt, type CurrentState, type ProjectState } from '../model/state.js';
import { settleUse, type ChangedLimits } from './use.js';

/**
 * Records what became due up to an instant, in order, as if each timer had fired on time (U5, E1). Changes of one
 * instant take effect together: first starts and ends, then suspensions, then reinstatements. A billing period is closed
 * before anything else at its end, which belongs to the next one.
 */
export const catchUp = (state: ProjectState, now: Instant): CurrentRecorder => caughtUp(state, now, closePeriods);

/** The same for a question about an instant: periods stay open, since nothing that is asked depends on them. */
export const foresee = (state: ProjectState, now: Instant): CurrentRecorder => caughtUp(state, now, () => undefined);

function caughtUp(
  state: ProjectState,
  now: Instant,
  before: (recorder: Recorder, at: Instant) => void,
): CurrentRecorder {
  const at = Math.max(now, state.totals.now);
  const recorder = new Recorder(state, at);
  for (const [due, keys] of state.schedule.upTo(at)) {
    before(recorder, due);
    recorder.advanceTo(due);
    const changed = startAndEnd(recorder, keys);
    settleUse(asCurrent(recorder), changed);
  }
  before(recorder, at);
  recorder.advanceTo(at);
  return asCurrent(recorder);
}

/** Closes every billing period that has ended at an instant, however many were missed. */
function closePeriods(recorder: Recorder, at: Instant): void {
  for (;;) {
    const { project, billing, meter } = recorder.state.totals;
    if (!project || !billing?.period || !meter || billing.period.until > at) return;
    const { terms, period } = billing;
    recorder.advanceTo(period.until);
    recorder.record('UsagePeriodClosed', {
      periodId: periodIdOf(project.projectId, period.from),
      ...period,
      terms,
      paymentModel: project.billingMode,
      totals: totalsAt(recorder.state, meter, period.until),
    });
  }
}

/** The state that every answer is based on: with everything due up to `now` in effect (U5). */
export const asOf = (state: ProjectState, now: Instant): CurrentState =>
  (state.schedule.next() ?? Infinity) > Math.max(now, state.totals.now)
    ? (state as CurrentState)
    : foresee(state, now).state;

/** Declares that nothing is due any more at the recorder's instant. */
export const asCurrent = (recorder: Recorder): CurrentRecorder => recorder as CurrentRecorder;

function startAndEnd(recorder: Recorder, keys: readonly DueKey[]): ChangedLimits {
  let capacity = false;
  const groups: string[] = [];
  const moved: Record<'active' | 'grace' | 'ended', AllotmentRef[]> = { active: [], grace: [], ended: [] };
  for (const key of keys) {
    if ('licenseId' in key) {
      capacity = moveLicense(recorder, recorder.state.licenses.get(key.licenseId)) || capacity;
    } else {
      groups.push(key.groupId);
      for (const [event, ref] of movesIn(recorder.state, key.groupId, recorder.at)) moved[event].push(ref);
    }
  }
  for (const allotments of inChunks(moved.grace)) recorder.record('AllotmentsEnded', { allotments });
  for (const allotments of inChunks(moved.ended)) recorder.record('GracePeriodsEnded', { allotments });
  for (const allotments of inChunks(moved.active)) recorder.record('AllotmentsStarted', { allotments });
  return { groups, capacity };
}

/** The allotments of a group that start (`active`), end (`grace`: into their days of grace, if any) or end those days. */
function* movesIn(
  state: ProjectState,
  groupId: string,
  at: Instant,
): Generator<['active' | 'grace' | 'ended', AllotmentRef]> {
  const restriction = restrictionAt(state, groupId);
  for (const allotment of restriction?.allotments ?? []) {
    const phase = phaseAt(allotment, graceOf(state, restriction!), at);
    if (phase === allotment.phase || phase === 'scheduled') continue;
    const ends = phase === 'ended' && allotment.phase !== 'grace' ? 'grace' : phase;
    yield [ends, { groupId, allotmentId: allotment.allotmentId }];
  }
}

/** Whether the license started or ended at the recorder's instant. A revoked license does neither. */
function moveLicense(recorder: Recorder, license: LicenseState | undefined): boolean {
  if (!license || license.revokedReason !== null) return false;
  const phase = licensePhaseAt(license, recorder.at);
  if (phase === license.phase) return false;
  recorder.record(phase === 'active' ? 'LicenseStarted' : 'LicenseExpired', { licenseId: license.licenseId });
  return true;
}
