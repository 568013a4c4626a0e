import type { Instant } from '../../decision.js';
import type { BillingInterval } from '../../metering/billing-period.js';
import type {
  BillingMode,
  Feature,
  FiniteUnits,
  GroupType,
  LicenseType,
  PoolMode,
  Reminder,
  Resource,
  Units,
} from '../../words.js';
import type { LicenseSource, Meter, Place, PlacedGroup } from './events.js';

/**
 * An allotment as a caller puts it. `allotmentId: null` is a new one and takes the id at its place in
 * `SetRestriction.newIds`. `validFrom: null` is now for a new one and unchanged for a known one.
 */
export interface AllotmentInput {
  readonly allotmentId: string | null;
  readonly type: LicenseType;
  readonly units: Units;
  readonly features: readonly Feature[];
  readonly validFrom: Instant | null;
  readonly validUntil: Instant | null;
}

/** A group's restriction as a caller puts it. */
export interface RestrictionInput {
  readonly groupId: string;
  readonly enabled: boolean;
  readonly poolMode: PoolMode;
  readonly gracePeriodDays: number;
  readonly allotments: readonly AllotmentInput[];
  readonly reminder: Reminder | null;
  /** As many fresh ids as there are allotments. */
  readonly newIds: readonly string[];
}

/** Units of one resource for one group, as many as there are ids. Each has the label and the holder. */
export interface AssignmentInput {
  readonly groupId: string;
  readonly resource: Resource;
  readonly label: string | null;
  readonly holder: string | null;
  /** Of a single unit. */
  readonly externalId?: string | null;
  readonly assignmentIds: readonly string[];
}

interface ProjectCommands {
  /** Facts of the group service. */
  OpenProject: {
    projectId: string;
    tenantId: string;
    partnerId: string;
    name: string;
    timeZone: string;
    billingMode: BillingMode;
  };
  PlaceGroups: { groups: readonly PlacedGroup[] };
  ChangeGroup: { groupId: string; groupType: GroupType; name: string };
  RelocateGroup: { groupId: string; parentId: string };
  RemoveGroup: { groupId: string };
  AddDevice: { serialNumber: string; groupId: string };
  RemoveDevice: { serialNumber: string };
  CloseProject: { reason: string };
  /** `groupId`: the group it was a member of. */
  RemoveMember: { memberId: string; userId: string; groupId: string };

  /**
   * Licenses. `authority` is the highest place from which the caller holds the permission at the project (L4).
   * A trial by hand needs it, and `usualUntil`, the end of a trial for which no term is named (L1).
   * `isDebited`: the units have left their stock, so the license reaches even a project that was closed since (L3).
   */
  GrantLicense: {
    licenseId: string;
    licenseType: 'trial' | 'plus';
    units: Units;
    features: readonly Feature[];
    validFrom: Instant | null;
    validUntil: Instant | null;
    source: LicenseSource;
    externalId?: string | null;
    authority?: Place;
    usualUntil?: Instant;
    isDebited?: boolean;
  };
  ExtendLicense: { licenseId: string; validUntil: Instant | null; authority: Place };
  SuspendLicense: { licenseId: string; reason: string; authority: Place };
  ReinstateLicense: { licenseId: string; authority: Place };
  RevokeLicense: { licenseId: string; reason: string; authority: Place };
  /** `null` removes it. A license can be named from any place that manages licenses of the project. */
  SetLicenseExternalId: { licenseId: string; externalId: string | null };

  SetRestriction: RestrictionInput & {
    cascade: boolean;
    /** The highest place from which the caller holds the permission at this group (R9). */
    authority: Place;
  };
  /**
   * Restrictions of many groups, decided on the state after all of them: their order changes nothing. `cascade` clamps
   * groups that the batch does not name. `authorities`: every place from which the caller holds the permission; a group
   * below none of them counts as missing.
   */
  SetRestrictions: {
    restrictions: readonly RestrictionInput[];
    cascade: boolean;
    authorities: readonly Place[];
  };
  TransferAllotments: {
    fromGroupId: string;
    toGroupId: string;
    units: FiniteUnits;
    reason: string;
    /** Prefix of the ids of the allotments the target receives: `<newId>_<index>`. */
    newId: string;
    cascade: boolean;
    /** The highest places from which the caller holds the permission at the two groups (R9). */
    authority: Place;
    toAuthority: Place;
  };

  AssignUnit: {
    assignmentId: string;
    groupId: string;
    resource: Resource;
    label: string | null;
    holder: string | null;
    /** `null`: the oldest free number in force at the group (U2). */
    sipAssignmentId: string | null;
    externalId?: string | null;
  };
  /** `null` removes it. */
  SetAssignmentExternalId: { assignmentId: string; groupId: string; externalId: string | null };
  /**
   * Units for many groups. `all`: decided on the state after all of them, so their order changes nothing. `each`: one after
   * the other in the order of the list; what is refused is named beside the events. `authorities` as in `SetRestrictions`.
   */
  AssignUnits: { items: readonly AssignmentInput[]; mode: 'all' | 'each'; authorities: readonly Place[] };
  ReleaseAssignment: { assignmentId: string; groupId: string };
  /** Decided on the state after all of them: a number goes together with the app that is paired with it. */
  ReleaseAssignments: { assignmentIds: readonly string[]; authorities: readonly Place[] };

  /** Replaces the limits of a person in a group and below it; unlimited with every feature removes them (docs/domain/rules.md#use). */
  SetMemberLimits: {
    groupId: string;
    userId: string;
    limits: Units;
    featuresOff: readonly Feature[];
    authority: Place;
  };

  /** How the project is billed from the next period on, or from now where it has no terms yet. */
  SetBillingTerms: { interval: BillingInterval; anchorDay: number };
  /** Closes a billing period whose end has come. Any other decision does so as well (U5), and so does the passing of time. */
  CloseUsagePeriod: { periodId: string };

  /**
   * Takes a project back to `now` after a clock that was ahead has dated its last decision later. `meter`: of the project as it was
   * with what is dated until then; the project is taken back to its instant. Absent: the project has no billing period.
   */
  CorrectClock: { meter?: Meter };

  /** Records everything that became due up to `now`, nothing else (U5, E1). */
  TakeEffect: Record<never, never>;
}

export type ProjectCommandType = keyof ProjectCommands;
/**
 * Every command carries the instant of its decision. `maxClockLag`: the most milliseconds by which it can lie before the
 * last recorded instant. Absent: no limit, for facts of other streams that must be recorded however wrong a clock is.
 */
export type ProjectCommand = {
  [Type in ProjectCommandType]: {
    readonly type: Type;
    readonly now: Instant;
    readonly maxClockLag?: number;
  } & Readonly<ProjectCommands[Type]>;
}[ProjectCommandType];
export type ProjectCommandOf<Type extends ProjectCommandType> = Extract<ProjectCommand, { type: Type }>;
