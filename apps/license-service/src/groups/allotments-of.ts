import type { SetRestrictionRequest } from '@allotree/contracts';
import type { AllotmentInput } from '@allotree/domain';
import { namesDate, termOf } from '../dates.js';
import type { Projects } from '../projects.js';

type Section = Pick<SetRestrictionRequest, 'allotments'>;

/** The time zone of a project; only dates need it. */
export async function zoneFor(projects: Projects, projectId: string, sections: readonly Section[]): Promise<string> {
  const dated = sections.some(({ allotments }) =>
    allotments.some(({ validFrom, validUntil }) => namesDate(validFrom, validUntil)),
  );
  return dated ? (await projects.project(projectId)).timeZone : 'UTC';
}

/**
 * The allotments of a section, with instants for dates.
 * @param prefix of the fields to blame, such as `restrictions[0].`
 * @throws Problem `VALIDATION` for the first term that cannot be
 */
export const allotmentsOf = ({ allotments }: Section, zone: string, prefix = ''): AllotmentInput[] =>
  allotments.map(({ allotmentId, type, units, features, ...term }, index) => ({
    allotmentId: allotmentId ?? null,
    type,
    units,
    features,
    ...termOf(term, zone, `${prefix}allotments[${index}].`),
  }));
