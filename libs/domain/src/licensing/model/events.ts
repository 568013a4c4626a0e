import type { Instant } from '../../decision.js';
import type { BillingTerms } from '../../metering/billing-period.js';
import type { ResourceTotals } from '../../metering/resource-totals.js';
import type {
  BillingMode,
  Feature,
  FiniteUnits,
  GroupType,
  LicenseType,
  PoolMode,
  Reminder,
  Resource,
  Term,
  Units,
} from '../../words.js';

/** A group in the project's stream. The root has `parentId: null` and the id of the project. */
export interface PlacedGroup {
  readonly groupId: string;
  readonly parentId: string | null;
  readonly type: GroupType;
  readonly name: string;
}

/** One block of a restriction. Its `type` is a label; its numbers and features bind (R2). */
export interface Allotment extends Term {
  readonly allotmentId: string;
  readonly type: LicenseType;
  readonly units: Units;
  readonly features: readonly Feature[];
}

/** The place of a decision: the whole system (the vendor), a partner, or a group of the project (L4, R9). */
export type Place =
  | { readonly kind: 'vendor' }
  | { readonly kind: 'partner'; readonly partnerId: string }
  | { readonly kind: 'group'; readonly groupId: string };

/** Where a license came from. A license out of a package stays inside the term of that package (L3). */
export type LicenseSource =
  | { readonly kind: 'registration' }
  | { readonly kind: 'manual' }
  | {
      readonly kind: 'package';
      readonly partnerId: string;
      readonly packageId: string;
      readonly packageValidUntil: Instant | null;
    };

/** A license granted on the project. Basic licenses are not here: they come and go with devices. */
export interface License extends Term {
  readonly licenseId: string;
  readonly type: Exclude<LicenseType, 'basic'>;
  readonly units: Units;
  readonly features: readonly Feature[];
  readonly source: LicenseSource;
  /** Absent: none. */
  readonly externalId?: string;
}

export interface RestrictionSettings {
  readonly enabled: boolean;
  readonly poolMode: PoolMode;
  readonly gracePeriodDays: number;
  readonly allotments: readonly Allotment[];
  readonly reminder: Reminder | null;
}

export interface AllotmentRef {
  readonly groupId: string;
  readonly allotmentId: string;
}

export interface AssignmentRef {
  readonly assignmentId: string;
  readonly groupId: string;
  readonly resource: Resource;
  /** Absent: none, or recorded by an earlier version. */
  readonly externalId?: string;
}

export interface MadeAssignment extends AssignmentRef {
  readonly label: string | null;
  readonly holder: string | null;
  /** The number a `mobile_app` is paired with (U2); `null` for every other resource. */
  readonly sipAssignmentId: string | null;
}

export type ReleaseReason = 'released' | 'group_removed' | 'member_removed';

export interface ResourceMeter extends Omit<ResourceTotals, 'open' | 'close'> {
  /** `null`: nothing has been measured yet. */
  readonly open: number | null;
}

/** The use of the root since the start of a period, measured up to an instant. Values are replaced, never changed in place. */
export interface Meter {
  readonly at: Instant;
  readonly of: Readonly<Record<Resource, ResourceMeter>>;
}

/**
 * The events of a project's stream, in the order of its life. `at` is the instant the event is in force from;
 * it never decreases along the stream (U5), except at `ClockCorrected`.
 */
interface ProjectEvents {
  ProjectOpened: {
    projectId: string;
    tenantId: string;
    partnerId: string;
    name: string;
    timeZone: string;
    billingMode: BillingMode;
  };
  GroupsPlaced: { groups: readonly PlacedGroup[] };
  GroupChanged: { groupId: string; type: GroupType; name: string };
  GroupRelocated: { groupId: string; parentId: string };
  /** A group and everything below it left the tree. */
  GroupRemoved: { groupId: string };
  /** The project was closed: its licenses run out, and nothing else is decided on it. */
  LicensingClosed: { reason: string };
  /** A device of the project carries one Basic license (L2). */
  BasicLicenseStarted: { serialNumber: string; groupId: string };
  BasicLicenseEnded: { serialNumber: string };

  LicenseGranted: License;
  LicenseExtended: { licenseId: string; validUntil: Instant | null };
  /** `place`: from where it was suspended; `null`: not recorded. */
  LicenseSuspended: { licenseId: string; reason: string; place: Place | null };
  LicenseReinstated: { licenseId: string };
  /** Gives up its external id. */
  LicenseRevoked: { licenseId: string; reason: string };
  /** `null`: the license has none any more. */
  LicenseExternalIdChanged: { licenseId: string; externalId: string | null };

  /** `place`: the highest place from which the caller held the permission (R9); `null`: not recorded. */
  RestrictionChanged: RestrictionSettings & { groupId: string; place: Place | null };
  /** A change above reduced a group below, with the caller's consent (R6 `cascade`). */
  AllotmentsClamped: { groupId: string; allotments: readonly Allotment[]; causedByGroupId: string };
  /** Units moved between two restricted groups (R8); both lists are the groups' allotments afterwards. */
  AllotmentsTransferred: {
    fromGroupId: string;
    toGroupId: string;
    units: FiniteUnits;
    reason: string;
    fromAllotments: readonly Allotment[];
    toAllotments: readonly Allotment[];
    /** From where each group's limit is set now (R9); `null`: not recorded. */
    fromPlace: Place | null;
    toPlace: Place | null;
  };

  AssignmentMade: MadeAssignment;
  /** Units assigned by one command; a number comes before the app that is paired with it. */
  AssignmentsMade: { assignments: readonly MadeAssignment[] };
  /** `null`: the assignment has none any more. */
  /** `previousExternalId`: absent in events of earlier versions. */
  AssignmentExternalIdChanged: Omit<AssignmentRef, 'externalId'> & {
    externalId: string | null;
    previousExternalId?: string | null;
  };
  AssignmentsReleased: { assignments: readonly AssignmentRef[]; reason: ReleaseReason };
  /** The limits of a person in a group and below it, besides those of the group; `null`: unlimited. */
  MemberLimitsSet: {
    groupId: string;
    userId: string;
    limits: Units;
    featuresOff: readonly Feature[];
    place: Place | null;
  };

  /**
   * Billing terms of the project. The first ones are in force at once, later ones from the start of the next period:
   * `effectiveFrom`.
   */
  BillingTermsSet: BillingTerms & { readonly effectiveFrom: Instant };
  /**
   * A billing period is over; `at` is `until`. Nothing earlier is recorded after it, so its totals are final (U5). `index`
   * counts the periods of `terms` from their anchor.
   */
  UsagePeriodClosed: {
    periodId: string;
    index: number;
    from: Instant;
    until: Instant;
    terms: BillingTerms;
    paymentModel: BillingMode;
    totals: Readonly<Record<Resource, ResourceTotals>>;
  };

  /**
   * Time continues from `at`, which is before `lastRecorded`, because a clock was ahead. Events so far with a later
   * instant count from `at` on; `meter` has the measures up to `at`. Absent: the project has no billing period, or recorded by an earlier version.
   */
  ClockCorrected: { lastRecorded: Instant; meter?: Meter };

  /** Effects of time (E1). Changes of one instant have the same `at`. */
  LicenseStarted: { licenseId: string };
  LicenseExpired: { licenseId: string };
  AllotmentsStarted: { allotments: readonly AllotmentRef[] };
  AllotmentsEnded: { allotments: readonly AllotmentRef[] };
  GracePeriodsEnded: { allotments: readonly AllotmentRef[] };
  /** Effects of a limit that fell or rose (U3). */
  AssignmentsSuspended: { assignments: readonly AssignmentRef[] };
  AssignmentsReinstated: { assignments: readonly AssignmentRef[] };
}

export type ProjectEventType = keyof ProjectEvents;
export type ProjectEvent = {
  [Type in ProjectEventType]: {
    readonly type: Type;
    readonly at: Instant;
    readonly data: Readonly<ProjectEvents[Type]>;
  };
}[ProjectEventType];
export type ProjectEventOf<Type extends ProjectEventType> = Extract<ProjectEvent, { type: Type }>;
