import type { FieldError, SetRestrictionsRequest } from '@allotree/contracts';
import type { RestrictionInput } from '@allotree/domain';
import { Problem, type Caller } from '@allotree/http';
import { invalid } from '@allotree/http/problem';
import { allotmentsOf } from './allotments-of.js';

/** @throws Problem `VALIDATION` that names every section whose terms cannot be */
export function restrictionInputs(
  { restrictions }: Pick<SetRestrictionsRequest, 'restrictions'>,
  zone: string,
  caller: Pick<Caller, 'newId'>,
): RestrictionInput[] {
  const errors: FieldError[] = [];
  const inputs = restrictions.flatMap((section, index): RestrictionInput[] => {
    const { groupId, enabled, poolMode, gracePeriodDays, reminder } = section;
    try {
      const allotments = allotmentsOf(section, zone, `restrictions[${index}].`);
      const newIds = allotments.map((_, place) => caller.newId(`allotment ${place} of ${groupId}`));
      return [{ groupId, enabled, poolMode, gracePeriodDays, reminder, allotments, newIds }];
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      errors.push(...(error.facts['errors'] as readonly FieldError[]));
      return [];
    }
  });
  if (errors.length > 0) throw invalid(errors);
  return inputs;
}
