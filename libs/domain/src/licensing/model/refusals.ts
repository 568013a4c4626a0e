import type { Declined, Instant } from '../../decision.js';
import type { ExternalIdTaken } from '../../external-ids.js';
import type { Feature, Limit, Resource } from '../../words.js';
import type { Place } from './events.js';

/** The limit that binds: a restricted group's, a person's there, or the project's capacity (`groupId: null`, the project's name). */
export interface Binding {
  readonly groupId: string | null;
  readonly name: string;
  /** The person whose limit it is; absent: the limit is the group's. */
  readonly userId?: string;
  /** Its limit at the instant of the refusal. */
  readonly limit: Limit;
  /** If the start binds: from when that limit holds. */
  readonly validFrom?: Instant;
  /** Until when that limit holds; `null`: it has no end. */
  readonly validUntil: Instant | null;
}

/** A place with its name, where the project knows it. */
export type NamedPlace =
  Exclude<Place, { kind: 'group' }> | (Extract<Place, { kind: 'group' }> & { readonly name: string });

export interface AffectedGroup {
  readonly groupId: string;
  readonly name: string;
}

export interface SuspendedUse {
  readonly groupId: string;
  readonly name: string;
  readonly resource: Resource;
  readonly count: number;
}

/** The use of a group and everything below it, and the units that a place has left for it. */
export interface Shortage {
  readonly resource: Resource;
  readonly requested: number;
  readonly available: number;
  readonly limitedBy: Binding;
}

export type RefusedItem = Declined<SingleRefusal>;

/** Why a command on a project was refused, with the facts. Nothing was recorded. */
export type ProjectRefusal = SingleRefusal | BatchRefusal;

/** Of a batch: every item that was refused, in the order of the list. */
export interface BatchRefusal {
  readonly code: 'BATCH_REFUSED';
  readonly items: readonly RefusedItem[];
}

/** Why one change was refused. */
export type SingleRefusal =
  | {
      readonly code: 'LIMIT_EXCEEDED';
      readonly resource: Resource;
      readonly requested: Limit;
      readonly available: Limit;
      readonly limitedBy: Binding;
      /** The first instant at which it does not fit. */
      readonly at: Instant;
    }
  | { readonly code: 'SIP_BELOW_MOBILE'; readonly sipNumber: number; readonly mobileApp: Limit }
  | {
      readonly code: 'PERIOD_OUTSIDE_PARENT';
      /** The end of the term that lies outside. */
      readonly side: 'start' | 'end';
      readonly requestedUntil: Instant | null;
      readonly limitedBy: Binding;
    }
  | {
      readonly code: 'FEATURE_NOT_AVAILABLE';
      readonly feature: Feature;
      readonly limitedBy: Pick<Binding, 'groupId' | 'name'>;
    }
  | {
      readonly code: 'DESCENDANTS_AFFECTED';
      readonly groups: readonly AffectedGroup[];
      readonly suspensions: readonly SuspendedUse[];
      /** Of a group that moves: the limit at the new place that its use exceeds. */
      readonly shortage?: Shortage;
    }
  | ExternalIdTaken
  | { readonly code: 'NO_SIP_NUMBER'; readonly groupId: string }
  | { readonly code: 'SIP_NUMBER_IN_USE'; readonly assignmentId: string; readonly pairedWith: string }
  | {
      readonly code: 'LICENSE_EXPIRED';
      readonly groupId: string;
      readonly resource: Resource;
      readonly limitedBy: Binding;
    }
  /** The clock of this decision is further behind the last recorded instant than is tolerated (U5). */
  | { readonly code: 'CLOCK_BEHIND'; readonly now: Instant; readonly lastRecorded: Instant }
  | { readonly code: 'LICENSE_REVOKED'; readonly licenseId: string }
  | { readonly code: 'NOT_TRANSFERABLE'; readonly groupId: string; readonly reason: string }
  | { readonly code: 'TRIAL_ALREADY_USED'; readonly licenseId: string }
  /** The caller named a term and is no server administrator (L1). `validUntil`: the end of the usual term. */
  | { readonly code: 'TRIAL_TERM_FIXED'; readonly validUntil: Instant | null }
  /** The license was issued from a place the caller is not at or above (L4). */
  | { readonly code: 'ISSUED_FROM_ABOVE'; readonly licenseId: string; readonly place: NamedPlace }
  /** The license was suspended from a place the caller is not at or above (L4). */
  | { readonly code: 'SUSPENDED_FROM_ABOVE'; readonly licenseId: string; readonly place: NamedPlace }
  /** The change would loosen a limit that was set from a place the caller is not at or above (R9). */
  | { readonly code: 'SET_FROM_ABOVE'; readonly groupId: string; readonly place: NamedPlace }
  /** The billing period ends at `until`, which is still to come. */
  | { readonly code: 'PERIOD_NOT_OVER'; readonly periodId: string; readonly until: Instant }
  /** A closed project can be read but not changed. */
  | { readonly code: 'PROJECT_CLOSED'; readonly projectId: string; readonly reason: string }
  | {
      readonly code: 'NOT_FOUND';
      readonly what: 'project' | 'group' | 'license' | 'allotment' | 'assignment' | 'device';
      readonly id: string;
    }
  | { readonly code: 'VALIDATION'; readonly field: string; readonly message: string };
