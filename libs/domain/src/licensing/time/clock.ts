import { licensesIn } from '../model/capacity.js';
import type { ProjectCommand, ProjectCommandOf, ProjectCommandType } from '../model/commands.js';
import type { ProjectEvent } from '../model/events.js';
import { graceOf, licensePhaseAt, phaseAt, type Grace } from '../model/phases.js';
import { Recorder } from '../model/recorder.js';
import type { ProjectRefusal } from '../model/refusals.js';
import type { LicenseState, Restriction } from '../model/facts.js';
import { plainAllotment, type ProjectState } from '../model/state.js';
import { asCurrent } from './catch-up.js';
import { settleUse } from './use.js';

/** Commands whose outcome depends on the time: what is over, has begun, or fits until when. */
const DECIDED_BY_TIME: ReadonlySet<ProjectCommandType> = new Set([
  'GrantLicense',
  'ExtendLicense',
  'ReinstateLicense',
  'SetRestriction',
  'SetRestrictions',
  'TransferAllotments',
  'AssignUnit',
  'AssignUnits',
]);

/** Why a command cannot be decided at its instant: the project's last decision is dated later than clocks may differ. */
export function clockBehind({ totals }: ProjectState, command: ProjectCommand): ProjectRefusal | null {
  const { type, now, maxClockLag = Infinity } = command;
  // A closed period stays closed (U5), so a clock before its end is as good as one at its end.
  const earliest = Math.max(now, totals.closedUntil);
  if (!DECIDED_BY_TIME.has(type) || totals.now - earliest <= maxClockLag) return null;
  return { code: 'CLOCK_BEHIND', now, lastRecorded: totals.now };
}

/**
 * Reverses effects of time that a clock ahead has recorded too early (U5): time continues from now, every license and
 * restriction with a term that began or ended since is recorded again unchanged, so that its dates apply again, and
 * suspended assignments that fit return (U3). Decisions made in between stay, and so do closed billing periods: time does not
 * go back beyond the end of the last one.
 */
export function correctClock(state: ProjectState, command: ProjectCommandOf<'CorrectClock'>): readonly ProjectEvent[] {
  const { maxClockLag = 0, meter } = command;
  const now = Math.max(meter?.at ?? command.now, state.totals.closedUntil);
  const lastRecorded = state.totals.now;
  if (lastRecorded - now <= maxClockLag) return [];
  const recorder = new Recorder(state, now);
  recorder.record('ClockCorrected', meter?.at === now ? { lastRecorded, meter } : { lastRecorded });
  for (const { licenseId, validUntil } of licensesIn(state).filter((license) => isOutOfTerm(license, now)))
    recorder.record('LicenseExtended', { licenseId, validUntil });
  const changed = [...state.restrictions.entries()].filter(([, restriction]) =>
    isOutOfTime(restriction, graceOf(state, restriction), now),
  );
  for (const [groupId, { enabled, poolMode, gracePeriodDays, reminder, allotments, place }] of changed) {
    const settings = { enabled, poolMode, gracePeriodDays, reminder, place };
    recorder.record('RestrictionChanged', { groupId, ...settings, allotments: allotments.map(plainAllotment) });
  }
  settleUse(asCurrent(recorder), { groups: changed.map(([groupId]) => groupId), capacity: true });
  return recorder.events;
}

const isOutOfTerm = ({ phase, revokedReason, validFrom, validUntil }: LicenseState, now: number): boolean =>
  revokedReason === null && phase !== licensePhaseAt({ validFrom, validUntil }, now);

const isOutOfTime = ({ enabled, allotments }: Restriction, grace: Grace, now: number): boolean =>
  enabled && allotments.some((allotment) => allotment.phase !== phaseAt(allotment, grace, now));
