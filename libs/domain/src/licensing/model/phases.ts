import { daysAfter } from '../../calendar.js';
import type { Instant } from '../../decision.js';
import { NO_FEATURES, featureSet } from '../../feature-set.js';
import { NO_UNITS, sumUnits } from '../../limits.js';
import type { Allotment, License } from './events.js';
import type { AllotmentState, LicenseState, Phase, Restriction } from './facts.js';
import type { ProjectState } from './state.js';

/** The time zone in which the days of a project are counted (E4). */
export const zoneOf = (state: ProjectState): string => state.totals.project?.timeZone ?? 'UTC';

/** The end of the days of grace after an end: days of the calendar in the project's time zone (E1, E4). */
export const graceEndOf = (validUntil: Instant, gracePeriodDays: number, timeZone: string): Instant =>
  gracePeriodDays === 0 ? validUntil : daysAfter(validUntil, gracePeriodDays, timeZone);

/** A number of days of grace, counted in a time zone. */
export interface Grace {
  readonly days: number;
  readonly timeZone: string;
}

/** Licenses have none (E1). */
export const NO_GRACE: Grace = { days: 0, timeZone: 'UTC' };

/** An instant at which time alone changes something of a term (E1). */
export interface DueInstant {
  readonly kind: 'start' | 'end' | 'grace_end';
  readonly at: Instant;
}

/** Everything that becomes due of a term: its start, its end, and the end of its days of grace, if it has any. */
export function dueInstantsOf(
  { validFrom, validUntil }: Pick<Allotment, 'validFrom' | 'validUntil'>,
  { days, timeZone }: Grace,
): readonly DueInstant[] {
  const start: DueInstant = { kind: 'start', at: validFrom };
  if (validUntil === null) return [start];
  const ends: DueInstant[] = [start, { kind: 'end', at: validUntil }];
  return days === 0 ? ends : [...ends, { kind: 'grace_end', at: graceEndOf(validUntil, days, timeZone) }];
}

export function phaseAt(term: Pick<Allotment, 'validFrom' | 'validUntil'>, grace: Grace, at: Instant): Phase {
  if (at < term.validFrom) return 'scheduled';
  if (term.validUntil === null || at < term.validUntil) return 'active';
  return at < graceEndOf(term.validUntil, grace.days, grace.timeZone) ? 'grace' : 'ended';
}

export function licensePhaseAt(
  { validFrom, validUntil }: Pick<License, 'validFrom' | 'validUntil'>,
  at: Instant,
): LicenseState['phase'] {
  if (at < validFrom) return 'scheduled';
  return validUntil === null || at < validUntil ? 'active' : 'ended';
}

/** The days of grace of a group's allotments. */
export const graceOf = (state: ProjectState, { gracePeriodDays }: { readonly gracePeriodDays: number }): Grace => ({
  days: gracePeriodDays,
  timeZone: zoneOf(state),
});

/** The own limit and the features of allotments in their phases, and the limit on existing use. */
export function limitsOfPhases(
  allotments: readonly Pick<AllotmentState, 'phase' | 'units' | 'features'>[],
): Pick<Restriction, 'own' | 'keeping' | 'features'> {
  let own = NO_UNITS;
  let keeping = NO_UNITS;
  let on = NO_FEATURES;
  for (const { phase, units, features } of allotments) {
    if (phase === 'active') {
      own = sumUnits(own, units);
      on |= featureSet(features);
    }
    if (phase === 'active' || phase === 'grace') keeping = sumUnits(keeping, units);
  }
  return { own, keeping, features: on };
}

/** Recomputes the own limit from the phases of the allotments. */
export function refreshRestriction(restriction: Restriction): void {
  const { own, keeping, features } = limitsOfPhases(restriction.allotments);
  restriction.own = own;
  restriction.keeping = keeping;
  restriction.features = features;
}
