import type { FieldError, SetRestrictionsRequest } from '@allotree/contracts';
import { PAUSE_EVERY, type RestrictionInput, type Slices } from '@allotree/domain';
import { Problem, type Caller } from '@allotree/http';
import { invalid } from '@allotree/http/problem';
import { allotmentsOf } from './allotments-of.js';

/** In slices. @throws Problem `VALIDATION` that names every section whose terms cannot be */
export function* restrictionInputs(
  { restrictions }: Pick<SetRestrictionsRequest, 'restrictions'>,
  zone: string,
  caller: Pick<Caller, 'newId'>,
): Slices<RestrictionInput[]> {
  const errors: FieldError[] = [];
  const inputs: RestrictionInput[] = [];
  for (const [index, section] of restrictions.entries()) {
    if (index % PAUSE_EVERY === 0) yield;
    const { groupId, enabled, poolMode, gracePeriodDays, reminder } = section;
    try {
      const allotments = allotmentsOf(section, zone, `restrictions[${index}].`);
      const newIds = allotments.map((_, place) => caller.newId(`allotment ${place} of ${groupId}`));
      inputs.push({ groupId, enabled, poolMode, gracePeriodDays, reminder, allotments, newIds });
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      errors.push(...(error.facts['errors'] as readonly FieldError[]));
    }
  }
  if (errors.length > 0) throw invalid(errors);
  return inputs;
}
