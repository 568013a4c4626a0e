import type { Instant } from '../../decision.js';
import type { FeatureSet } from '../../feature-set.js';
import type { Counts } from '../../limits.js';
import type { BillingMode, GroupType, PoolMode, Reminder, Resource, Units } from '../../words.js';
import type { BillingTerms } from '../../metering/billing-period.js';
import type { Allotment, License, Place } from './events.js';

export interface Project {
  readonly projectId: string;
  readonly tenantId: string;
  readonly partnerId: string;
  readonly name: string;
  readonly timeZone: string;
  readonly billingMode: BillingMode;
}

export interface Group {
  groupId: string;
  /** To move a group, put it again: its row refers to that of its parent. */
  readonly parentId: string | null;
  type: GroupType;
  name: string;
  /** `null` for a leaf: most groups are one. */
  children: Set<string> | null;
}

export type Phase = 'scheduled' | 'active' | 'grace' | 'ended';

export interface AllotmentState extends Allotment {
  /** Order of creation in the project: "newest first" (R6, R8). */
  readonly sequence: number;
  phase: Phase;
}

export interface Restriction {
  enabled: boolean;
  poolMode: PoolMode;
  gracePeriodDays: number;
  reminder: Reminder | null;
  allotments: AllotmentState[];
  /** The place it was set from (R9); `null`: not recorded. */
  place: Place | null;
  /** The own limit now (R2). */
  own: Units;
  /** The limit on existing use now: `own` and the allotments in grace (E1). */
  keeping: Units;
  /** The features on now (R5). */
  features: FeatureSet;
}

/** The use of a group and everything below it, kept up to date along the path of every change. */
export interface Usage {
  inForce: Counts;
  suspended: Counts;
  /** Restricted groups strictly below. */
  restrictedBelow: number;
  /** Own limits of the nearest restricted groups below: the finite ones added up, and how many are unlimited. */
  allotted: Counts;
  allottedUnlimited: Counts;
  /** Use in force inside the nearest restricted groups below. */
  inRestricted: Counts;
}

export interface LicenseState extends Omit<License, 'externalId'> {
  readonly externalId: string | null;
  phase: Exclude<Phase, 'grace'>;
  suspendedReason: string | null;
  /** The place it was suspended from (L4); `null`: not suspended, or not recorded. */
  suspendedFrom: Place | null;
  revokedReason: string | null;
}

export interface Assignment {
  readonly assignmentId: string;
  readonly groupId: string;
  readonly resource: Resource;
  readonly label: string | null;
  readonly holder: string | null;
  readonly sipAssignmentId: string | null;
  externalId: string | null;
  readonly assignedAt: Instant;
  readonly sequence: number;
  inForce: boolean;
  /** The app paired with this number, in force or suspended (U2). */
  pairedWith: string | null;
}

/** The limits of a person in a group and below it, besides those of the group. */
export interface MemberLimits {
  /** `null`: unlimited. */
  readonly limits: Units;
  readonly featuresOff: FeatureSet;
  /** The place they were set from (R9); `null`: not recorded. */
  readonly place: Place | null;
}

/** A billing period `[from, until)`. The first one under some terms may start later than the calendar has it. */
export interface UsagePeriod {
  /** Counted from the anchor of its terms. */
  readonly index: number;
  readonly from: Instant;
  readonly until: Instant;
}

/** How a project is billed. Values are replaced, never changed in place. */
export interface Billing {
  readonly terms: BillingTerms;
  /** The terms from the end of the current period on; `null`: they stay. */
  readonly pending: BillingTerms | null;
  /** `null`: the last period of a closed project is over. */
  readonly period: UsagePeriod | null;
}
