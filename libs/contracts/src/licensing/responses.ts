import { z } from 'zod';
import { BillingModeName, PartnerKindName } from '../groups/words.js';
import { Count, Id, IsoInstant, LimitValue, pageOf } from '../http/common.js';
import {
  AnchorDay,
  BillingIntervalName,
  FeatureName,
  LicenseTypeName,
  PoolModeName,
  RecurrenceName,
  ResourceName,
  StatusName,
  UnitsOf,
} from './words.js';

const instantOrNull = IsoInstant.nullable();
const content = { units: UnitsOf, features: z.array(FeatureName), validFrom: IsoInstant, validUntil: instantOrNull };

/** The dates a package's term was entered as; absent where it was entered as an instant. */
const enteredDates = { validFromDate: z.iso.date().optional(), validUntilDate: z.iso.date().optional() };

export const CreatedPackage = z.object({ packageId: Id });
export const CreatedLicense = z.object({ licenseId: Id });
export const CreatedAssignment = z.object({ assignmentId: Id });

/** `GET /partners/{id}/stock` */
export const StockAnswer = z.object({
  partnerId: Id,
  name: z.string(),
  kind: PartnerKindName,
  packages: z.array(
    z.object({
      packageId: Id,
      name: z.string(),
      /** Who sold it; `null`: recorded by the vendor. */
      from: z.object({ partnerId: Id, packageId: Id }).nullable(),
      ...content,
      ...enteredDates,
      sold: UnitsOf,
      issued: UnitsOf,
      available: UnitsOf,
      status: z.enum(['scheduled', 'active', 'expired']),
    }),
  ),
});

/** `GET /projects/{p}/licenses`; the Basic licenses of all devices are one entry without an id. */
export const LicensesAnswer = z.object({
  projectId: Id,
  billingMode: BillingModeName,
  items: z.array(
    z.object({
      licenseId: Id.nullable(),
      type: LicenseTypeName,
      ...content,
      /** First and last day in the project's time zone; `null` or absent where the term does not begin or end with a day. */
      validFromDate: z.iso.date().nullable().optional(),
      validUntilDate: z.iso.date().nullable().optional(),
      externalId: z.string().nullable(),
      source: z.looseObject({ kind: z.enum(['registration', 'manual', 'package', 'devices']) }),
      status: StatusName,
      suspendedReason: z.string().nullable(),
      revokedReason: z.string().nullable(),
    }),
  ),
  nextCursor: z.null(),
});

/** `GET|PUT /projects/{p}/groups/{g}/restriction` */
export const RestrictionAnswer = z.object({
  groupId: Id,
  enabled: z.boolean(),
  poolMode: PoolModeName,
  gracePeriodDays: Count,
  allotments: z.array(z.object({ allotmentId: Id, type: LicenseTypeName, ...content, status: StatusName })),
  reminder: z
    .object({
      daysBefore: z.array(Count),
      recurrence: RecurrenceName,
      recipients: z.enum(['administrators', 'members']),
    })
    .nullable(),
});

/** Who limits; `groupId: null` is the project's capacity, `userId` a person's own limit in the group. */
const LimitedByAnswer = z.object({ groupId: Id.nullable(), name: z.string(), userId: z.string().optional() });

const ResourceQuotaAnswer = z.object({
  limit: LimitValue,
  effectiveLimit: LimitValue,
  limitedBy: LimitedByAnswer.nullable(),
  allotted: LimitValue,
  consumed: Count,
  suspended: Count,
  available: LimitValue,
});

const FeaturesAnswer = z.object({
  on: z.array(FeatureName),
  off: z.array(z.object({ feature: FeatureName, limitedBy: LimitedByAnswer })),
});

/** `GET /projects/{p}/groups/{g}/quota` */
export const QuotaAnswer = z.object({
  groupId: Id,
  name: z.string(),
  status: StatusName,
  type: LicenseTypeName.nullable(),
  resources: z.object({
    sip_number: ResourceQuotaAnswer,
    mobile_app: ResourceQuotaAnswer,
    ukey2: ResourceQuotaAnswer,
  }),
  features: FeaturesAnswer,
  effectivePeriod: z.object({ validFrom: instantOrNull, validUntil: instantOrNull }),
});

const CountedUse = z.object({ groupId: Id, resource: ResourceName, count: Count });

/** What follows from a change, group by group (R6, U3). */
export const EffectsAnswer = z.object({
  suspended: z.array(CountedUse),
  reinstated: z.array(CountedUse),
  released: z.array(CountedUse),
  /** Groups whose allotments are clamped. */
  clamped: z.array(Id),
});

/** `POST /projects/{p}/quotas`: in the order of the request, all at one instant. */
export const QuotasAnswer = z.object({ at: IsoInstant, quotas: z.array(QuotaAnswer) });

/** `PUT /projects/{p}/restrictions`: how many groups were changed, and what followed. */
export const RestrictionsAnswer = z.object({ changed: Count, unchanged: Count, effects: EffectsAnswer });

/** The refusal of one item: like a problem, with the facts of its code as further members. */
export const ItemProblem = z.looseObject({ code: z.string(), title: z.string(), detail: z.string() });
const line = { index: Count, groupId: Id, resource: ResourceName };

/** `POST /projects/{p}/assignments`: one answer a line, in the order of the request. */
export const AssignUnitsAnswer = z.object({
  assignments: z.array(
    z.discriminatedUnion('status', [
      z.object({ ...line, status: z.literal('assigned'), assignmentIds: z.array(Id) }),
      /** `problem: null`: the request was interrupted and repeated, and the reason was not kept. */
      z.object({ ...line, status: z.literal('refused'), problem: ItemProblem.nullable() }),
    ]),
  ),
});

/** `POST /projects/{p}/releases`: how many units were released, and what followed. */
export const ReleasesAnswer = z.object({ released: Count, effects: EffectsAnswer });

const MemberResourceAnswer = ResourceQuotaAnswer.omit({ allotted: true });

/** `lastRecorded`: the instant of the last decision before it was corrected; `null`: the clock was not ahead. */
export const ClockCorrectionAnswer = z.object({ lastRecorded: instantOrNull });

/** `GET .../members/{u}/quota` and `PUT .../members/{u}/limits`: what a person may use in the group and below it. */
export const MemberQuotaAnswer = z.object({
  groupId: Id,
  userId: Id,
  /** Its own limits here; `null`: none of its own. */
  limits: UnitsOf,
  featuresOff: z.array(FeatureName),
  resources: z.object({
    sip_number: MemberResourceAnswer,
    mobile_app: MemberResourceAnswer,
    ukey2: MemberResourceAnswer,
  }),
  features: FeaturesAnswer,
});

/** `GET /projects/{p}/groups/{g}/assignments` */
export const AssignmentsAnswer = pageOf(
  z.object({
    assignmentId: Id,
    groupId: Id,
    resource: ResourceName,
    label: z.string().nullable(),
    holder: z.string().nullable(),
    sipAssignmentId: Id.nullable(),
    externalId: z.string().nullable(),
    status: z.enum(['in_force', 'suspended']),
    assignedAt: IsoInstant,
  }),
);

/** `GET /projects/{p}/licensing`: every Licenses section that was ever set, and every assignment, at one instant. */
export const LicensingAnswer = z.object({
  /** That of the project as a whole. */
  revision: z.int(),
  /** The number of groups known to the license service, the main group included. */
  groups: Count,
  restrictions: z.array(RestrictionAnswer),
  assignments: AssignmentsAnswer.shape.items,
});
export type LicensingAnswer = z.infer<typeof LicensingAnswer>;

/** The part of a rehearsal that an item belongs to. */
export const RehearsedPart = z.enum(['moved', 'devices', 'restrictions', 'releases', 'assignments']);

/** `POST /projects/{p}/rehearsals`: everything that would be refused, by its part and its place in the list of that part. */
export const RehearsalAnswer = z.object({
  refusals: z.array(z.object({ part: RehearsedPart, index: Count, problem: ItemProblem })),
  effects: EffectsAnswer,
});
export type RehearsalAnswer = z.infer<typeof RehearsalAnswer>;

/** `GET /projects/{p}/history`, newest first: who, when, what, before and after. */
export const HistoryAnswer = pageOf(
  z.object({
    eventId: z.string(),
    /** When it took force. */
    at: IsoInstant,
    recordedAt: IsoInstant,
    /** Who: `user:<id>`, `service:<name>`. */
    actor: z.string(),
    correlationId: z.string(),
    what: z.string(),
    /** `null`: the project as a whole. */
    groupId: Id.nullable(),
    details: z.looseObject({}),
    before: z.looseObject({}).nullable(),
    after: z.looseObject({}).nullable(),
  }),
);

/** The answer to `?dryRun=true` (R7): what would be recorded and what it would mean. Nothing was recorded. */
export const PreviewAnswer = z.object({
  /** `at`: the instant they would be in force from, where that is part of what is decided. */
  events: z.array(z.object({ type: z.string(), at: IsoInstant.optional(), data: z.looseObject({}) })),
  effects: EffectsAnswer,
});
export type PreviewAnswer = z.infer<typeof PreviewAnswer>;

/** The answer to `?dryRun=true` of `POST /projects/{p}/assignments`: the lines as they would be answered, too. */
export const AssignUnitsPreview = PreviewAnswer.extend(AssignUnitsAnswer.shape);

/** A whole number as text, since it can exceed what a JSON number holds exactly. */
const integral = z.string().regex(/^\d+$/);
/** The use of a resource at the main group over the period `[from, until)`. */
const resourceTotals = z.object({
  /** Units in force at `from`, after every change at that instant. */
  open: z.int().nonnegative(),
  /** Units in force at `until`, before any change at that instant. */
  close: z.int().nonnegative(),
  peak: z.int().nonnegative(),
  /** The first instant of the peak. */
  peakAt: IsoInstant,
  /** Unit-milliseconds in force. */
  unitMs: integral,
  /** Unit-milliseconds of the capacity of the licenses in force (L5), also of a postpaid project, while it was limited. */
  entitledMs: integral,
  /** Milliseconds for which that capacity was unlimited. */
  unlimitedMs: integral,
  /** Unit-milliseconds in force above that capacity, while it was limited. */
  overageMs: integral,
});
export const PeriodTotals = z.object({ sip_number: resourceTotals, mobile_app: resourceTotals, ukey2: resourceTotals });

const calendar = { interval: BillingIntervalName, anchorDay: AnchorDay };

/** `GET` and `PUT /projects/{p}/billing-terms`: the terms that were set last. */
export const BillingTermsAnswer = z.object({
  projectId: Id,
  /** Of the project: periods start with a day there. */
  timeZone: z.string(),
  /** `null`: no terms have been set, so the project has no periods. */
  interval: BillingIntervalName.nullable(),
  anchorDay: AnchorDay.nullable(),
  /** The start of the next period, where these terms only begin then; `null`: they are in force, or there are none. */
  effectiveFrom: instantOrNull,
  /** The current period with its own terms; `null`: there is none, or the last period of a closed project is over. */
  period: z.object({ periodId: z.string(), from: IsoInstant, until: IsoInstant, ...calendar }).nullable(),
});

/** A closed billing period. */
export const UsagePeriod = z.object({
  periodId: z.string(),
  from: IsoInstant,
  until: IsoInstant,
  ...calendar,
  timeZone: z.string(),
  paymentModel: BillingModeName,
  totals: PeriodTotals,
});
export type UsagePeriod = z.infer<typeof UsagePeriod>;

/** `GET /projects/{p}/usage-periods` */
export const UsagePeriodsAnswer = pageOf(UsagePeriod);
