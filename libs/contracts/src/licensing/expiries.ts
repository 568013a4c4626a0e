import { z } from 'zod';
import { DateOrInstant, Id, IsoInstant, Page, pageOf } from '../http/common.js';
import { LicenseTypeName, UnitsOf } from './words.js';

/** `GET /projects/{p}/expiries`: a date is the end of that day in the project's time zone. */
export const ProjectExpiriesQuery = Page.extend({ before: DateOrInstant.optional() });
export type ProjectExpiriesQuery = z.infer<typeof ProjectExpiriesQuery>;

/** `GET /expiries`: of one tenant, or of all; a date is the end of that day in UTC. */
export const ExpiriesQuery = ProjectExpiriesQuery.extend({ tenantId: Id.optional() });
export type ExpiriesQuery = z.infer<typeof ExpiriesQuery>;

/** An end in sight: of an allotment of a group, or of a license of the project (its group is the main group). */
export const Expiry = z.object({
  projectId: Id,
  projectName: z.string(),
  timeZone: z.string(),
  groupId: Id,
  groupName: z.string(),
  what: z.enum(['allotment', 'license']),
  /** Of the allotment or license. */
  id: Id,
  type: LicenseTypeName,
  units: UnitsOf,
  validUntil: IsoInstant,
  /** The last day it is valid on, in the project's time zone. */
  lastDay: z.iso.date(),
  /** From today to the last day, in the project's time zone: 0 is today. */
  daysLeft: z.int(),
});
export type Expiry = z.infer<typeof Expiry>;

export const ExpiriesAnswer = pageOf(Expiry);
