import { z } from 'zod';
import { Id, IsoInstant, Name } from '../http/common.js';
import { eventSchema, type CloudEvent } from '../cloud-event.js';
import { BillingModeName } from '../groups/words.js';
import { PeriodTotals, RestrictionAnswer } from './responses.js';
import { AnchorDay, BillingIntervalName, FeatureName, LicenseTypeName, ResourceName, UnitsOf } from './words.js';

const instantOrNull = IsoInstant.nullable();
const content = {
  units: UnitsOf,
  features: z.array(FeatureName),
  validFrom: IsoInstant,
  validUntil: instantOrNull,
};
/** The dates that the term was entered as; absent where it was entered as an instant. */
const dates = { validFromDate: z.iso.date().optional(), validUntilDate: z.iso.date().optional() };
const license = { projectId: Id, licenseId: Id };
/** Absent: none, or an event of an earlier version. */
const externalId = z.string().optional();
const assignment = {
  assignmentId: Id,
  groupId: Id,
  resource: ResourceName,
  externalId,
  /** The ids of the groups from the root to the group of the assignment. Absent from what was published before 0.3.0. */
  path: z.array(Id).min(1).optional(),
};
const assignments = { projectId: Id, assignments: z.array(z.object(assignment)).max(1_000) };

/** A place from which a setting was made: the whole system (the vendor), a partner, or a group of the project (R9). */
const place = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('vendor') }),
  z.object({ kind: z.literal('partner'), partnerId: Id }),
  z.object({ kind: z.literal('group'), groupId: Id }),
]);

/**
 * Data of this shape, with the instant from which the event is in force (U5), as in the attribute `time`. Absent from what was
 * published before 0.3.0.
 */
const timed = <Shape extends z.ZodRawShape>(shape: Shape) => z.object({ ...shape, at: IsoInstant.optional() });

const licenseSource = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('registration') }),
  z.object({ kind: z.literal('manual') }),
  z.object({ kind: z.literal('package'), partnerId: Id, packageId: Id }),
]);

const section = RestrictionAnswer.shape;

const calendar = { interval: BillingIntervalName, anchorDay: AnchorDay, timeZone: z.string() };

/**
 * The integration events of the license service, for billing and other consumers: CloudEvent type -> shape of `data`. `time`
 * is the instant from which the event is in force. Lists of assignments are split into events of at most 1,000.
 */
export const LICENSING_EVENTS = {
  'allotree.package-recorded.v1': timed({ partnerId: Id, packageId: Id, name: Name, ...content, ...dates }),
  'allotree.package-sold.v1': timed({
    partnerId: Id,
    packageId: Id,
    toPartnerId: Id,
    soldPackageId: Id,
    ...content,
    ...dates,
  }),
  /** `externalId`: of the license. */
  'allotree.units-issued.v1': timed({ partnerId: Id, packageId: Id, ...license, ...content, ...dates, externalId }),
  'allotree.license-granted.v1': timed({
    ...license,
    type: z.enum(['trial', 'plus']),
    ...content,
    source: licenseSource,
    externalId,
  }),
  /** `externalId: null`: the license has none any more. */
  'allotree.license-changed.v1': timed({ ...license, externalId: z.string().nullable() }),
  'allotree.license-extended.v1': timed({ ...license, validUntil: instantOrNull }),
  'allotree.license-suspended.v1': timed({ ...license, reason: z.string() }),
  'allotree.license-reinstated.v1': timed(license),
  /** The license gives up its external id. */
  'allotree.license-revoked.v1': timed({ ...license, reason: z.string() }),
  'allotree.license-started.v1': timed(license),
  'allotree.license-expired.v1': timed(license),
  'allotree.basic-license-started.v1': timed({ projectId: Id, serialNumber: z.string(), groupId: Id }),
  'allotree.basic-license-ended.v1': timed({ projectId: Id, serialNumber: z.string() }),
  /** The whole Licenses section of a group as the event left it, whatever changed it: a request, a cascade or a transfer of units. */
  'allotree.restriction-changed.v1': timed({
    projectId: Id,
    groupId: Id,
    enabled: section.enabled,
    poolMode: section.poolMode,
    gracePeriodDays: section.gracePeriodDays,
    reminder: section.reminder,
    allotments: z.array(z.object({ allotmentId: Id, type: LicenseTypeName, ...content })),
    /** The highest place from which the caller held the permission (R9); `null`: not recorded. */
    place: place.nullable(),
  }),
  /** All limits of a person at a group as the event left them; `null`: limited by the group alone. */
  'allotree.member-limits-changed.v1': timed({
    projectId: Id,
    groupId: Id,
    userId: Id,
    limits: UnitsOf,
    featuresOff: z.array(FeatureName),
    place: place.nullable(),
  }),
  /**
   * A group moved in the tree: from now on its use, and that of everything below it, counts on `path` and no longer on
   * `previousPath`. Both list the ids of the groups from the root to the group..
   */
  'allotree.group-relocated.v1': timed({
    projectId: Id,
    groupId: Id,
    parentId: Id,
    previousPath: z.array(Id).min(1),
    path: z.array(Id).min(1),
  }),
  'allotree.assignment-made.v1': timed({ projectId: Id, ...assignment }),
  /** `externalId: null`: the assignment has none any more. */
  'allotree.assignment-changed.v1': timed({ projectId: Id, ...assignment, externalId: z.string().nullable() }),
  'allotree.assignments-made.v1': timed(assignments),
  'allotree.assignments-released.v1': timed({
    ...assignments,
    reason: z.enum(['released', 'group_removed', 'member_removed']),
  }),
  'allotree.assignments-suspended.v1': timed(assignments),
  'allotree.assignments-reinstated.v1': timed(assignments),
  /**
   * A clock that was ahead was corrected: time continues from `at`. What was published with a later instant, up to `lastRecorded`,
   * counts from `at` on.
   */
  'allotree.clock-corrected.v1': timed({ projectId: Id, lastRecorded: IsoInstant }),
  /**
   * How the project is billed from `effectiveFrom` on. Periods start at the beginning of `anchorDay` (in shorter months of the
   * last day) in the project's time zone, `interval` apart, counted from `anchorMonth`.
   */
  'allotree.billing-terms-set.v1': timed({
    projectId: Id,
    ...calendar,
    anchorMonth: z.string().regex(/^\d{4}-\d{2}$/),
    effectiveFrom: IsoInstant,
  }),
  /**
   * The billing period `[from, until)` of the project is over. Every event of the period has come before this one, and none
   * follows, so `totals` are final. The event has the instant `until`.
   */
  'allotree.usage-period-closed.v1': timed({
    projectId: Id,
    periodId: z.string(),
    from: IsoInstant,
    until: IsoInstant,
    ...calendar,
    paymentModel: BillingModeName,
    totals: PeriodTotals,
  }),
} as const;

export type LicensingEventType = keyof typeof LICENSING_EVENTS;
export type LicensingEventData<Type extends LicensingEventType> = z.infer<(typeof LICENSING_EVENTS)[Type]>;
export type LicensingEvent = {
  [Type in LicensingEventType]: CloudEvent<LicensingEventData<Type>, Type>;
}[LicensingEventType];

/** The JSON Schema of the whole CloudEvent of this type. */
export const licensingEventSchema = (type: LicensingEventType): object => eventSchema(type, LICENSING_EVENTS[type]);
