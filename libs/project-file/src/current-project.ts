import type { Feature, GroupType, Instant, LicenseType, PoolMode, Reminder, Resource, Units } from '@allotree/domain';

export interface CurrentGroup {
  readonly groupId: string;
  /** `null`: the main group. */
  readonly parentId: string | null;
  readonly type: GroupType;
  readonly name: string;
  readonly externalId: string | null;
}

export interface CurrentDevice {
  readonly serialNumber: string;
  readonly groupId: string;
  readonly model: string;
  readonly externalId: string | null;
}

export interface CurrentAllotment {
  readonly allotmentId: string;
  readonly type: LicenseType;
  readonly units: Units;
  readonly features: readonly Feature[];
  /** ISO 8601, like `validUntil`. */
  readonly validFrom: string;
  readonly validUntil: string | null;
}

/** A Licenses section as the API shows it. */
export interface CurrentSection {
  readonly enabled: boolean;
  readonly poolMode: PoolMode;
  readonly gracePeriodDays: number;
  readonly allotments: readonly CurrentAllotment[];
  readonly reminder: Reminder | null;
}

export interface CurrentRestriction extends CurrentSection {
  readonly groupId: string;
}

export interface CurrentAssignment {
  readonly assignmentId: string;
  readonly groupId: string;
  readonly resource: Resource;
  readonly label: string | null;
  readonly holder: string | null;
  readonly externalId: string | null;
}

/** A project as it is in the system, as far as a file describes it. */
export interface CurrentProject {
  readonly projectId: string;
  readonly timeZone: string;
  /** The durations of a file count from its day. */
  readonly createdAt: Instant;
  /** Parents before their children; the main group is the first. */
  readonly groups: readonly CurrentGroup[];
  readonly devices: readonly CurrentDevice[];
  readonly restrictions: readonly CurrentRestriction[];
  readonly assignments: readonly CurrentAssignment[];
}

export const UNRESTRICTED: CurrentSection = {
  enabled: false,
  poolMode: 'shared',
  gracePeriodDays: 0,
  allotments: [],
  reminder: null,
};
