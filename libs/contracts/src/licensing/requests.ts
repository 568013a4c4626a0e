import { z } from 'zod';
import { ExternalId, GroupTypeName, PlainName } from '../groups/words.js';
import { Count, DateOrInstant, Flag, Id, LimitValue, readOnly } from '../http/common.js';
import { AssignmentsAnswer, BillingTermsAnswer, LicensesAnswer, MemberQuotaAnswer } from './responses.js';
import {
  AnchorDay,
  BillingIntervalName,
  FeatureName,
  LicenseTypeName,
  PoolModeName,
  RecurrenceName,
  ResourceName,
  StatusName,
} from './words.js';

/** Limits as a caller puts them: a resource not named is 0, `null` is unlimited (R1). */
export const UnitsInput = z.strictObject({
  sip_number: LimitValue.default(0),
  mobile_app: LimitValue.default(0),
  ukey2: LimitValue.default(0),
});

/** Units in motion: finite, and at least one. */
export const FiniteUnitsInput = z
  .strictObject({ sip_number: Count.default(0), mobile_app: Count.default(0), ukey2: Count.default(0) })
  .refine((units) => units.sip_number + units.mobile_app + units.ukey2 > 0, { error: 'name at least one unit' });

const Features = z.array(FeatureName).max(100);
const Reason = z
  .string()
  .trim()
  .min(1, 'must not be empty')
  .max(500)
  .regex(/^[^\p{Cs}\0]*$/u, 'must be well-formed Unicode without NUL');
/** A start: a date is the beginning of that day. Absent or `null`: now, or that of the package. */
const Start = DateOrInstant.nullable().optional();
/**
 * An end: a date is the end of that day, one after 9998 is none (E4). Absent or `null`: indefinite, or that of the
 * package.
 */
const End = DateOrInstant.nullable().optional();

/** `POST /partners/{id}/packages`; dates stay dates: days in UTC in stock, days of the project where they are issued. */
export const RecordPackageRequest = z.strictObject({
  name: PlainName,
  units: UnitsInput,
  features: Features.default([]),
  validFrom: Start,
  validUntil: End,
});
export type RecordPackageRequest = z.infer<typeof RecordPackageRequest>;

/** `POST /partners/{id}/packages/{packageId}/sales`; dates are days in UTC, what is not named is the package's own. */
export const SellPackageRequest = z.strictObject({
  toPartnerId: Id,
  units: UnitsInput,
  features: Features.optional(),
  validFrom: Start,
  validUntil: End,
});
export type SellPackageRequest = z.infer<typeof SellPackageRequest>;

/** The id by which another system knows the thing. Absent or `null`: none. */
const externalId = ExternalId.nullable().optional();

const GrantTrialRequest = z.strictObject({ type: z.literal('trial'), validFrom: Start, validUntil: End, externalId });

const IssuePlusRequest = z.strictObject({
  type: z.literal('plus'),
  partnerId: Id,
  packageId: Id,
  units: UnitsInput,
  features: Features.optional(),
  validFrom: Start,
  validUntil: End,
  externalId,
});

/** `POST /projects/{p}/licenses`: a trial by hand (L1) or units out of a partner's package (L3). */
export const GrantLicenseRequest = z.discriminatedUnion('type', [GrantTrialRequest, IssuePlusRequest]);
export type GrantLicenseRequest = z.infer<typeof GrantLicenseRequest>;

const license = LicensesAnswer.shape.items.element.shape;
/** `PATCH /projects/{p}/licenses/{l}`: `null` removes the external id. */
export const ChangeLicenseRequest = z.strictObject({
  externalId: ExternalId.nullable(),
  licenseId: readOnly(license.licenseId),
  type: readOnly(license.type),
  units: readOnly(license.units),
  features: readOnly(license.features),
  validFrom: readOnly(license.validFrom),
  validUntil: readOnly(license.validUntil),
  validFromDate: readOnly(license.validFromDate),
  validUntilDate: readOnly(license.validUntilDate),
  source: readOnly(license.source),
  status: readOnly(license.status),
  suspendedReason: readOnly(license.suspendedReason),
  revokedReason: readOnly(license.revokedReason),
});
export type ChangeLicenseRequest = z.infer<typeof ChangeLicenseRequest>;

export const ExtendLicenseRequest = z.strictObject({ validUntil: DateOrInstant.nullable() });
export const SuspendLicenseRequest = z.strictObject({ reason: Reason });
export const RevokeLicenseRequest = z.strictObject({ reason: Reason });
export const ReinstateLicenseRequest = z.strictObject({}).optional();

const AllotmentRequest = z.strictObject({
  /** Of an allotment that is kept or changed; absent for a new one. */
  allotmentId: Id.nullable().optional(),
  type: LicenseTypeName,
  units: UnitsInput,
  features: Features.default([]),
  validFrom: Start,
  validUntil: End,
  status: readOnly(StatusName),
});

const ReminderRequest = z.strictObject({
  daysBefore: z
    .array(z.int().min(1).max(365))
    .min(1)
    .max(5)
    .refine((days) => new Set(days).size === days.length, { error: 'must not name a day twice' }),
  recurrence: RecurrenceName,
  recipients: z.enum(['administrators', 'members']).default('administrators'),
});

/** `PUT /projects/{p}/groups/{g}/restriction` (R1-R6, E1, E2). */
export const SetRestrictionRequest = z.strictObject({
  groupId: readOnly(Id),
  enabled: z.boolean(),
  poolMode: PoolModeName.default('shared'),
  gracePeriodDays: z.int().min(0).max(365).default(0),
  allotments: z.array(AllotmentRequest).max(100).default([]),
  reminder: ReminderRequest.nullable().default(null),
});
export type SetRestrictionRequest = z.infer<typeof SetRestrictionRequest>;

/** Refuses every place of a list at which a value stands that the list contains more than once. */
const withoutRepetitions =
  <Item>(field: string, valueOf: (item: Item) => string | null | undefined) =>
  (context: z.core.ParsePayload<readonly Item[]>): void => {
    const values = context.value.map(valueOf);
    const counts = new Map<string | null | undefined, number>();
    for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
    values.forEach((input, index) => {
      if (input === null || input === undefined || counts.get(input) === 1) return;
      const path = field === '' ? [index] : [index, field];
      context.issues.push({ code: 'custom', message: 'is named more than once', path, input });
    });
  };

/** The longest lists of a batch. */
export const MAX_RESTRICTIONS = 10_000;
export const MAX_UNITS = 1_000;

/** `PUT /projects/{p}/restrictions`: the sections of many groups (R1-R6). */
export const SetRestrictionsRequest = z.strictObject({
  restrictions: z
    .array(SetRestrictionRequest.extend({ groupId: Id }))
    .min(1)
    .max(MAX_RESTRICTIONS)
    .check(withoutRepetitions('groupId', ({ groupId }) => groupId)),
});
export type SetRestrictionsRequest = z.infer<typeof SetRestrictionsRequest>;

const unitOfResource = {
  resource: ResourceName,
  label: PlainName.nullable().optional(),
  holder: PlainName.nullable().optional(),
  externalId,
};

const AssignmentLine = z
  .strictObject({ groupId: Id, ...unitOfResource, count: z.int().min(1).max(MAX_UNITS).default(1) })
  .refine(({ externalId, count }) => typeof externalId !== 'string' || count === 1, {
    error: 'goes with a count of 1',
    path: ['externalId'],
  });

/**
 * `POST /projects/{p}/assignments` (U1, U2): `count` units at a group, each with the label and the holder; an external id is
 * that of a single unit.
 */
export const AssignUnitsRequest = z.strictObject({
  assignments: z
    .array(AssignmentLine)
    .min(1)
    .max(MAX_UNITS)
    .check(withoutRepetitions('externalId', ({ externalId }) => externalId))
    .refine((lines) => lines.reduce((units, { count }) => units + count, 0) <= MAX_UNITS, {
      error: `must not ask for more than ${MAX_UNITS} units in total`,
    }),
  /** `all`: every line or none. `each`: line after line, each on its own. */
  mode: z.enum(['all', 'each']).default('all'),
});
export type AssignUnitsRequest = z.infer<typeof AssignUnitsRequest>;

/** `POST /projects/{p}/releases` (U2, U3). */
export const ReleaseAssignmentsRequest = z.strictObject({
  assignmentIds: z
    .array(Id)
    .min(1)
    .max(MAX_UNITS)
    .check(withoutRepetitions('', (id) => id)),
});
export type ReleaseAssignmentsRequest = z.infer<typeof ReleaseAssignmentsRequest>;

/** `POST /projects/{p}/quotas` */
export const QuotasRequest = z.strictObject({
  groupIds: z
    .array(Id)
    .min(1)
    .max(MAX_UNITS)
    .check(withoutRepetitions('', (id) => id)),
});
export type QuotasRequest = z.infer<typeof QuotasRequest>;

const GroupTypes = z.array(GroupTypeName);
const AuthorityPlace = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('vendor') }),
  z.strictObject({ kind: z.literal('partner'), partnerId: Id }),
  z.strictObject({ kind: z.literal('group'), groupId: Id }),
]);

/**
 * `POST /projects/{p}/rehearsals`: changes of a project that the group service has decided on but not recorded, and what is to
 * be set and assigned after them. Lists of any length: the one who asks sends batches of the usual length afterwards.
 */
export const RehearsalRequest = z.strictObject({
  /** New groups in columns: group `i` has the id `<newId>_<i in base 36>`; a parent of -1 is `parentId`. */
  added: z.array(
    z.strictObject({
      newId: Id,
      parentId: Id,
      levels: GroupTypes,
      level: z.array(z.int().min(0)),
      parents: z.array(z.int().min(-1)),
      names: z.array(z.string()),
    }),
  ),
  moved: z.array(z.strictObject({ groupId: Id, parentId: Id })),
  removed: z.array(Id),
  devices: z.strictObject({
    added: z.array(z.strictObject({ groupId: Id, serialNumber: z.string() })),
    removed: z.array(z.string()),
  }),
  restrictions: z.array(SetRestrictionRequest.extend({ groupId: Id })),
  releases: z.array(Id),
  assignments: z.array(AssignmentLine),
  /** The places from which the caller holds the permissions to set restrictions and to assign. */
  authorities: z.strictObject({ restrictions: z.array(AuthorityPlace), assignments: z.array(AuthorityPlace) }),
});
export type RehearsalRequest = z.infer<typeof RehearsalRequest>;

/** `POST /projects/{p}/groups/{g}/assignments` (U1, U2). */
export const AssignUnitRequest = z.strictObject({
  ...unitOfResource,
  /** The number a mobile app is paired with; absent: the oldest that is free. */
  sipAssignmentId: Id.nullable().optional(),
});
export type AssignUnitRequest = z.infer<typeof AssignUnitRequest>;

const assignment = AssignmentsAnswer.shape.items.element.shape;
/** `PATCH /projects/{p}/groups/{g}/assignments/{a}`: `null` removes the external id. */
export const ChangeAssignmentRequest = z.strictObject({
  externalId: ExternalId.nullable(),
  assignmentId: readOnly(assignment.assignmentId),
  groupId: readOnly(assignment.groupId),
  resource: readOnly(assignment.resource),
  label: readOnly(assignment.label),
  holder: readOnly(assignment.holder),
  sipAssignmentId: readOnly(assignment.sipAssignmentId),
  status: readOnly(assignment.status),
  assignedAt: readOnly(assignment.assignedAt),
});
export type ChangeAssignmentRequest = z.infer<typeof ChangeAssignmentRequest>;

const OwnLimit = LimitValue.default(null);

/** `PUT /projects/{p}/groups/{g}/members/{u}/limits`: a resource not named, or `null`, is limited by the group alone. */
export const SetMemberLimitsRequest = z.strictObject({
  limits: z
    .strictObject({ sip_number: OwnLimit, mobile_app: OwnLimit, ukey2: OwnLimit })
    .default({ sip_number: null, mobile_app: null, ukey2: null }),
  featuresOff: Features.default([]),
  groupId: readOnly(Id),
  userId: readOnly(Id),
  resources: readOnly(MemberQuotaAnswer.shape.resources),
  features: readOnly(MemberQuotaAnswer.shape.features),
});
export type SetMemberLimitsRequest = z.infer<typeof SetMemberLimitsRequest>;

/** `POST /projects/{p}/allotment-transfers` (R8). */
export const TransferAllotmentsRequest = z.strictObject({
  fromGroupId: Id,
  toGroupId: Id,
  units: FiniteUnitsInput,
  reason: Reason,
});
export type TransferAllotmentsRequest = z.infer<typeof TransferAllotmentsRequest>;

/** `POST /projects/{p}/groups/{g}/relocation-check` (G3). */
export const RelocationCheckRequest = z.strictObject({ parentId: Id });

/** `?cascade=true` (R6) and `?dryRun=true` (R7). */
export const CascadeQuery = z.strictObject({ dryRun: Flag, cascade: Flag });

const terms = BillingTermsAnswer.shape;
/** `PUT /projects/{p}/billing-terms`: from the next period on, or from now where the project has no terms yet. */
export const SetBillingTermsRequest = z.strictObject({
  interval: BillingIntervalName,
  anchorDay: AnchorDay,
  projectId: readOnly(terms.projectId),
  timeZone: readOnly(terms.timeZone),
  effectiveFrom: readOnly(terms.effectiveFrom),
  period: readOnly(terms.period),
});
export type SetBillingTermsRequest = z.infer<typeof SetBillingTermsRequest>;

/** `POST /projects/{p}/usage-periods` */
export const CloseUsagePeriodRequest = z.strictObject({ periodId: z.string().min(1).max(200) });
export type CloseUsagePeriodRequest = z.infer<typeof CloseUsagePeriodRequest>;
