import { z } from 'zod';
import { Id, IsoInstant, pageOf } from '../http/common.js';
import { LicenseTypeName, UnitsOf } from './words.js';

/**
 * An end in sight (E5): of an allotment of a group, of a license of the project (its group is the main group), or of a
 * group whose limit falls with the end of something above it.
 */
export const Expiry = z.object({
  projectId: Id,
  projectName: z.string(),
  timeZone: z.string(),
  groupId: Id,
  groupName: z.string(),
  what: z.enum(['allotment', 'license', 'group']),
  /** Of the allotment, the license or the group. */
  id: Id,
  /** `null`: of a group for which nothing has begun. */
  type: LicenseTypeName.nullable(),
  /** Of the allotment or license; of a group its effective limit until then. */
  units: UnitsOf,
  /** The effective limit of the group from then on. */
  remaining: UnitsOf,
  /** The end in effect. */
  validUntil: IsoInstant,
  /** The end of its own terms; `null`: they have none. */
  ownValidUntil: IsoInstant.nullable(),
  /** Whose end is binding: a group's or a license's. All `null`: something above that is not visible to the caller. */
  limitedBy: z.object({ groupId: Id.nullable(), licenseId: Id.nullable(), name: z.string().nullable() }),
  /** The last day it is valid on, in the project's time zone. */
  lastDay: z.iso.date(),
  /** From today to the last day, in the project's time zone: 0 is today. */
  daysLeft: z.int(),
});
export type Expiry = z.infer<typeof Expiry>;

export const ExpiriesAnswer = pageOf(Expiry);
