import type { Instant } from '../../decision.js';
import { featureList, featureSet } from '../../feature-set.js';
import { sameUnits, sipCoversMobile } from '../../limits.js';
import { hasEnded, sipBelowMobile } from '../limits/checks.js';
import type { AllotmentInput, RestrictionInput } from '../model/commands.js';
import type { Allotment, RestrictionSettings } from '../model/events.js';
import type { SingleRefusal } from '../model/refusals.js';
import type { AllotmentState, Restriction } from '../model/facts.js';

type Refused = SingleRefusal | null;

export type Resolved = { readonly allotments: readonly Allotment[] } | SingleRefusal;

/** The requested allotments: known ones are found by id or, for a repeated request, by their content. */
export function resolveAllotments(known: Restriction | undefined, command: RestrictionInput, now: Instant): Resolved {
  const named = new Set(command.allotments.map(({ allotmentId }) => allotmentId));
  const unclaimed = new Map(
    (known?.allotments ?? []).filter((a) => !named.has(a.allotmentId)).map((a) => [a.allotmentId, a]),
  );
  const allotments: Allotment[] = [];
  for (const [index, input] of command.allotments.entries()) {
    const newId = command.newIds[index]!;
    const current = input.allotmentId === null ? claim(unclaimed, input, newId) : find(known, input.allotmentId);
    const refusal = checkNamed(allotments, input, { index, current });
    if (refusal) return refusal;
    const allotment = allotmentOf(input, { current, newId, now });
    const malformed = current && sameAllotment(current, allotment) ? null : checkForm(allotment, index, now);
    if (malformed) return malformed;
    allotments.push(allotment);
  }
  return { allotments };
}

interface Slot {
  readonly current: AllotmentState | undefined;
  readonly newId: string;
  readonly now: Instant;
}

const allotmentOf = (input: AllotmentInput, { current, newId, now }: Slot): Allotment => ({
  allotmentId: current?.allotmentId ?? newId,
  type: input.type,
  units: input.units,
  features: featureList(featureSet(input.features)),
  validFrom: input.validFrom ?? current?.validFrom ?? now,
  validUntil: input.validUntil,
});

function checkNamed(
  before: readonly Allotment[],
  { allotmentId }: AllotmentInput,
  { index, current }: { index: number; current: AllotmentState | undefined },
): Refused {
  if (allotmentId === null) return null;
  if (!current) return { code: 'NOT_FOUND', what: 'allotment', id: allotmentId };
  const twice = before.some((allotment) => allotment.allotmentId === allotmentId);
  const field = `allotments[${index}].allotmentId`;
  return twice ? { code: 'VALIDATION', field, message: 'names an allotment that is named before' } : null;
}

const find = (known: Restriction | undefined, allotmentId: string): AllotmentState | undefined =>
  known?.allotments.find((allotment) => allotment.allotmentId === allotmentId);

function claim(
  unclaimed: Map<string, AllotmentState>,
  input: AllotmentInput,
  newId: string,
): AllotmentState | undefined {
  const features = featureSet(input.features);
  const alike = (allotment: AllotmentState): boolean =>
    allotment.type === input.type &&
    sameUnits(allotment.units, input.units) &&
    featureSet(allotment.features) === features &&
    allotment.validUntil === input.validUntil &&
    (input.validFrom === null || input.validFrom === allotment.validFrom);
  const claimed = unclaimed.get(newId) ?? [...unclaimed.values()].find(alike);
  if (claimed) unclaimed.delete(claimed.allotmentId);
  return claimed;
}

function checkForm(allotment: Allotment, index: number, now: Instant): Refused {
  const field = `allotments[${index}].validUntil`;
  if (allotment.validUntil !== null && allotment.validUntil <= allotment.validFrom) {
    return { code: 'VALIDATION', field, message: 'must be after validFrom' };
  }
  if (hasEnded(allotment, now)) return { code: 'VALIDATION', field, message: 'must be in the future' };
  return sipCoversMobile(allotment.units) ? null : sipBelowMobile(allotment.units);
}

const sameAllotment = (a: Allotment, b: Allotment): boolean =>
  a.type === b.type &&
  sameUnits(a.units, b.units) &&
  featureSet(a.features) === featureSet(b.features) &&
  a.validFrom === b.validFrom &&
  a.validUntil === b.validUntil;

export const isChanged = (known: Restriction, allotment: Allotment): boolean => {
  const current = find(known, allotment.allotmentId);
  return !current || !sameAllotment(current, allotment);
};

export function sameSettings(known: Restriction | undefined, settings: RestrictionSettings): boolean {
  if (!known) return !settings.enabled && settings.allotments.length === 0 && settings.reminder === null;
  return (
    known.enabled === settings.enabled &&
    known.poolMode === settings.poolMode &&
    known.gracePeriodDays === settings.gracePeriodDays &&
    JSON.stringify(known.reminder) === JSON.stringify(settings.reminder) &&
    known.allotments.length === settings.allotments.length &&
    settings.allotments.every((allotment) => !isChanged(known, allotment))
  );
}
