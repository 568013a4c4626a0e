import { z } from 'zod';
import { ExternalId } from '../groups/words.js';
import { DateOrInstant, Id } from '../http/common.js';
import { listOf, listQuery, pageQuery } from '../lists/index.js';
import { Expiry } from './expiries.js';
import { AssignmentsAnswer, HistoryAnswer, LicensesAnswer, UsagePeriod } from './responses.js';

const BOTH = ['asc', 'desc'] as const;

export const LICENSES = listOf(LicensesAnswer.shape.items.element, {
  id: 'licenseId',
  filters: [
    'licenseId',
    'type',
    'units.sip_number',
    'units.mobile_app',
    'units.ukey2',
    'features',
    'validFrom',
    'validUntil',
    'externalId',
    'source.kind',
    'status',
    'suspendedReason',
    'revokedReason',
  ],
  orders: { validFrom: BOTH, validUntil: BOTH, type: BOTH, status: BOTH },
  example: 'status = "active" AND validUntil <= "2026-12-31"',
});
/** `GET /projects/{p}/licenses` */
export const LicensesQuery = listQuery(LICENSES).extend({ externalId: ExternalId.optional() });
export type LicensesQuery = z.infer<typeof LicensesQuery>;

export const ASSIGNMENTS = listOf(AssignmentsAnswer.shape.items.element, {
  id: 'assignmentId',
  filters: [
    'assignmentId',
    'groupId',
    'resource',
    'label',
    'holder',
    'sipAssignmentId',
    'externalId',
    'status',
    'assignedAt',
  ],
  orders: { assignedAt: BOTH },
  example: 'resource = "mobile_app" AND holder != null',
});
/** `GET /projects/{p}/groups/{g}/assignments` */
export const AssignmentsQuery = pageQuery(ASSIGNMENTS).extend({ externalId: ExternalId.optional() });
export type AssignmentsQuery = z.infer<typeof AssignmentsQuery>;

export const HISTORY = listOf(HistoryAnswer.shape.items.element, {
  id: 'eventId',
  filters: ['eventId', 'at', 'recordedAt', 'actor', 'correlationId', 'what', 'groupId'],
  orders: { recordedAt: ['desc', 'asc'] },
  example: 'what = "LicenseGranted" AND actor : "user:"',
});
/** `GET /projects/{p}/history`: a date is a day in the project's time zone, from its start to its end. */
export const HistoryQuery = pageQuery(HISTORY).extend({
  groupId: Id.optional(),
  from: DateOrInstant.optional(),
  to: DateOrInstant.optional(),
});
export type HistoryQuery = z.infer<typeof HistoryQuery>;

export const EXPIRIES = listOf(Expiry, {
  id: 'id',
  filters: [
    'projectId',
    'projectName',
    'timeZone',
    'groupId',
    'groupName',
    'what',
    'id',
    'type',
    'units.sip_number',
    'units.mobile_app',
    'units.ukey2',
    'remaining.sip_number',
    'remaining.mobile_app',
    'remaining.ukey2',
    'validUntil',
    'ownValidUntil',
    'limitedBy.groupId',
    'limitedBy.licenseId',
    'limitedBy.name',
    'daysLeft',
  ],
  orders: { validUntil: ['asc'] },
  example: 'what = "license" AND daysLeft <= 30',
});
/** `GET /expiries` and `GET /projects/{p}/expiries`: a date is the end of that day in the project's time zone, or in UTC. */
const EndsQuery = pageQuery(EXPIRIES).extend({ before: DateOrInstant.optional() });
export type EndsQuery = z.infer<typeof EndsQuery>;

/** `GET /projects/{p}/expiries`: of a group and what is below it, or of the whole project. */
export const ProjectExpiriesQuery = EndsQuery.extend({ groupId: Id.optional() });
export type ProjectExpiriesQuery = z.infer<typeof ProjectExpiriesQuery>;

/** `GET /expiries`: of one tenant, or of all. */
export const ExpiriesQuery = EndsQuery.extend({ tenantId: Id.optional() });
export type ExpiriesQuery = z.infer<typeof ExpiriesQuery>;

export const USAGE_PERIODS = listOf(UsagePeriod, {
  id: 'periodId',
  filters: ['periodId', 'from', 'until', 'interval', 'anchorDay', 'timeZone', 'paymentModel'],
  orders: { until: ['desc', 'asc'] },
  example: 'from >= "2026-01-01" AND paymentModel = "postpaid"',
});
/** `GET /projects/{p}/usage-periods` */
export const UsagePeriodsQuery = pageQuery(USAGE_PERIODS);
export type UsagePeriodsQuery = z.infer<typeof UsagePeriodsQuery>;
