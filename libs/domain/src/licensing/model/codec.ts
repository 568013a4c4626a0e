import {
  absentIfNull,
  AS_IS,
  fields,
  instant,
  listOf,
  orNull,
  timedEventCodec,
  type Form,
} from '../../stored-events.js';
import { eachResource } from '../../limits.js';
import type { Resource } from '../../words.js';
import type { ResourceTotals } from '../../metering/resource-totals.js';
import type {
  Allotment,
  License,
  LicenseSource,
  MadeAssignment,
  Meter,
  Place,
  ProjectEvent,
  ProjectEventOf,
  ProjectEventType,
  ResourceMeter,
} from './events.js';

type Payload<Type extends ProjectEventType> = ProjectEventOf<Type>['data'];
type PackageSource = Extract<LicenseSource, { kind: 'package' }>;

const term = { validFrom: instant, validUntil: orNull(instant) };

const allotments = listOf(
  fields<Allotment>()({ allotmentId: AS_IS, type: AS_IS, units: AS_IS, features: AS_IS, ...term }),
);

const packageSource = fields<PackageSource>()({
  kind: AS_IS,
  partnerId: AS_IS,
  packageId: AS_IS,
  packageValidUntil: orNull(instant),
});
type StoredSource = Exclude<LicenseSource, PackageSource> | ReturnType<typeof packageSource.store>;

const source: Form<LicenseSource, StoredSource> = {
  store: (value) => (value.kind === 'package' ? packageSource.store(value) : value),
  restore: (stored) => (stored.kind === 'package' ? packageSource.restore(stored) : stored),
};

const place = absentIfNull<Place>();

const madeAssignment = fields<MadeAssignment>()({
  assignmentId: AS_IS,
  groupId: AS_IS,
  resource: AS_IS,
  label: absentIfNull<string>(),
  holder: absentIfNull<string>(),
  sipAssignmentId: absentIfNull<string>(),
  externalId: AS_IS,
});

const integral: Form<bigint, string> = { store: String, restore: BigInt };

const resourceTotals = fields<ResourceTotals>()({
  open: AS_IS,
  close: AS_IS,
  peak: AS_IS,
  peakAt: instant,
  unitMs: integral,
  entitledMs: integral,
  unlimitedMs: integral,
  overageMs: integral,
});
type Totals = Payload<'UsagePeriodClosed'>['totals'];
const totals: Form<Totals, Readonly<Record<Resource, ReturnType<typeof resourceTotals.store>>>> = {
  store: (value) => eachResource((resource) => resourceTotals.store(value[resource])),
  restore: (stored) => eachResource((resource) => resourceTotals.restore(stored[resource])),
};

const resourceMeter = fields<ResourceMeter>()({
  open: AS_IS,
  peak: AS_IS,
  peakAt: instant,
  unitMs: integral,
  entitledMs: integral,
  unlimitedMs: integral,
  overageMs: integral,
});
interface StoredMeter {
  readonly at: string;
  readonly of: Readonly<Record<Resource, ReturnType<typeof resourceMeter.store>>>;
}
const meter: Form<Meter | undefined, StoredMeter | undefined> = {
  store: (value) =>
    value && { at: instant.store(value.at), of: eachResource((resource) => resourceMeter.store(value.of[resource])) },
  restore: (stored) =>
    stored && {
      at: instant.restore(stored.at),
      of: eachResource((resource) => resourceMeter.restore(stored.of[resource])),
    },
};

/** The stored form of a project's events; the payload includes `at`. */
export const projectCodec = timedEventCodec<ProjectEvent>('a project')({
  ProjectOpened: AS_IS,
  GroupsPlaced: AS_IS,
  GroupChanged: AS_IS,
  GroupRelocated: AS_IS,
  GroupRemoved: AS_IS,
  LicensingClosed: AS_IS,
  BasicLicenseStarted: AS_IS,
  BasicLicenseEnded: AS_IS,
  LicenseGranted: fields<License>()({
    licenseId: AS_IS,
    type: AS_IS,
    units: AS_IS,
    features: AS_IS,
    ...term,
    source,
    externalId: AS_IS,
  }),
  LicenseExtended: fields<Payload<'LicenseExtended'>>()({ licenseId: AS_IS, validUntil: term.validUntil }),
  LicenseSuspended: fields<Payload<'LicenseSuspended'>>()({ licenseId: AS_IS, reason: AS_IS, place }),
  LicenseReinstated: AS_IS,
  LicenseRevoked: AS_IS,
  LicenseExternalIdChanged: AS_IS,
  RestrictionChanged: fields<Payload<'RestrictionChanged'>>()({
    groupId: AS_IS,
    enabled: AS_IS,
    poolMode: AS_IS,
    gracePeriodDays: AS_IS,
    allotments,
    reminder: AS_IS,
    place,
  }),
  AllotmentsClamped: fields<Payload<'AllotmentsClamped'>>()({ groupId: AS_IS, allotments, causedByGroupId: AS_IS }),
  AllotmentsTransferred: fields<Payload<'AllotmentsTransferred'>>()({
    fromGroupId: AS_IS,
    toGroupId: AS_IS,
    units: AS_IS,
    reason: AS_IS,
    fromAllotments: allotments,
    toAllotments: allotments,
    fromPlace: place,
    toPlace: place,
  }),
  AssignmentMade: AS_IS,
  AssignmentsMade: fields<Payload<'AssignmentsMade'>>()({ assignments: listOf(madeAssignment) }),
  AssignmentExternalIdChanged: AS_IS,
  AssignmentsReleased: AS_IS,
  MemberLimitsSet: fields<Payload<'MemberLimitsSet'>>()({
    groupId: AS_IS,
    userId: AS_IS,
    limits: AS_IS,
    featuresOff: AS_IS,
    place,
  }),
  BillingTermsSet: fields<Payload<'BillingTermsSet'>>()({
    interval: AS_IS,
    anchorMonth: AS_IS,
    anchorDay: AS_IS,
    timeZone: AS_IS,
    effectiveFrom: instant,
  }),
  UsagePeriodClosed: fields<Payload<'UsagePeriodClosed'>>()({
    periodId: AS_IS,
    index: AS_IS,
    from: instant,
    until: instant,
    terms: AS_IS,
    paymentModel: AS_IS,
    totals,
  }),
  ClockCorrected: fields<Payload<'ClockCorrected'>>()({ lastRecorded: instant, meter }),
  LicenseStarted: AS_IS,
  LicenseExpired: AS_IS,
  AllotmentsStarted: AS_IS,
  AllotmentsEnded: AS_IS,
  GracePeriodsEnded: AS_IS,
  AssignmentsSuspended: AS_IS,
  AssignmentsReinstated: AS_IS,
});

/** Every event type of a project's stream. */
export const PROJECT_EVENT_TYPES = projectCodec.types as readonly ProjectEventType[];
