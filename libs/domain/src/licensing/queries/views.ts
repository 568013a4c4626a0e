import type { Instant } from '../../decision.js';
import type { Feature, LicenseType, Limit, Resource, Units } from '../../words.js';
import type { Allotment, License, RestrictionSettings } from '../model/events.js';

/** Derived from facts and a clock, never stored (docs/domain/words.md). */
export type Status = 'scheduled' | 'active' | 'grace' | 'expired' | 'suspended' | 'revoked';

/** The owner of the binding limit: a group, a person there (`userId`), or the project (`groupId: null`). */
export interface LimitedBy {
  readonly groupId: string | null;
  readonly name: string;
  readonly userId?: string;
}

export interface ResourceQuota {
  /** The group's own limit; `null`: none of its own, or unlimited. */
  readonly limit: Limit;
  readonly effectiveLimit: Limit;
  /** `null` where nothing limits (`effectiveLimit` is `null`). */
  readonly limitedBy: LimitedBy | null;
  /** The own limits of the nearest restricted groups below, added up. */
  readonly allotted: Limit;
  readonly consumed: number;
  readonly suspended: number;
  /** The units that could still be assigned at this group now (U1). */
  readonly available: Limit;
}

export interface GroupQuota {
  readonly groupId: string;
  readonly name: string;
  readonly status: Status;
  /** The type of the newest allotment or license in force for the group; `null`: none. */
  readonly type: LicenseType | null;
  readonly resources: Readonly<Record<Resource, ResourceQuota>>;
  readonly features: {
    readonly on: readonly Feature[];
    readonly off: readonly { readonly feature: Feature; readonly limitedBy: LimitedBy }[];
  };
  /** Since when and until when the effective limits are what they are now. */
  readonly effectivePeriod: { readonly validFrom: Instant | null; readonly validUntil: Instant | null };
}

/** The limits of a person in a group and below it, the use, and the units still available. */
export interface MemberQuota {
  readonly groupId: string;
  readonly userId: string;
  /** Its own limits at this group; `null`: none of its own. */
  readonly limits: Units;
  readonly featuresOff: readonly Feature[];
  readonly resources: Readonly<Record<Resource, Omit<ResourceQuota, 'allotted'>>>;
  readonly features: GroupQuota['features'];
}

export interface AllotmentView extends Allotment {
  readonly status: Status;
}

export interface RestrictionView extends Omit<RestrictionSettings, 'allotments'> {
  readonly groupId: string;
  readonly allotments: readonly AllotmentView[];
}

/** A license as a list shows it; `basic` stands for all devices' licenses together. */
export interface LicenseView extends Omit<License, 'type' | 'licenseId' | 'source' | 'externalId'> {
  /** `null` for the Basic licenses of the project's devices. */
  readonly licenseId: string | null;
  readonly type: LicenseType;
  readonly units: Units;
  readonly externalId: string | null;
  readonly source: License['source'] | { readonly kind: 'devices'; readonly count: number };
  readonly status: Status;
  readonly suspendedReason: string | null;
  readonly revokedReason: string | null;
}

export interface AssignmentView {
  readonly assignmentId: string;
  readonly groupId: string;
  readonly resource: Resource;
  readonly label: string | null;
  readonly holder: string | null;
  readonly sipAssignmentId: string | null;
  readonly externalId: string | null;
  readonly status: 'in_force' | 'suspended';
  readonly assignedAt: Instant;
}
