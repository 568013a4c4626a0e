import type { Instant } from '../../decision.js';
import type { Feature, Limit, Resource } from '../../words.js';
import type { Place } from './events.js';

/** What binds: a restricted group, a person's own limit there, or the project's capacity (`groupId: null`, the project's name). */
export interface Binding {
  readonly groupId: string | null;
  readonly name: string;
  /** Whose own limit it is; not there: that of the group itself. */
  readonly userId?: string;
  /** Its limit at the instant of the refusal. */
  readonly limit: Limit;
  /** Where a start is what binds: from when that limit holds. */
  readonly validFrom?: Instant;
  /** Until when that limit holds; `null`: for good. */
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

/** What is used in a group and below it, and what a place has left for it. */
export interface Shortage {
  readonly resource: Resource;
  readonly requested: number;
  readonly available: number;
  readonly limitedBy: Binding;
}

/** Why a command on a project was refused, with the facts. Nothing was recorded. */
export type ProjectRefusal =
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
      /** Which end of the term lies outside. */
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
      /** Of a group that moves: what its use does not fit into at the new place. */
      readonly shortage?: Shortage;
    }
  | { readonly code: 'NO_SIP_NUMBER'; readonly groupId: string }
  | { readonly code: 'SIP_NUMBER_IN_USE'; readonly assignmentId: string; readonly pairedWith: string }
  | {
      readonly code: 'LICENSE_EXPIRED';
      readonly groupId: string;
      readonly resource: Resource;
      readonly limitedBy: Binding;
    }
  /** The clock here is behind the one that decided last, by more than is tolerated (U5). */
  | { readonly code: 'CLOCK_BEHIND'; readonly now: Instant; readonly lastRecorded: Instant }
  | { readonly code: 'LICENSE_REVOKED'; readonly licenseId: string }
  | { readonly code: 'NOT_TRANSFERABLE'; readonly groupId: string; readonly reason: string }
  | { readonly code: 'TRIAL_ALREADY_USED'; readonly licenseId: string }
  /** A term of its own, from somebody who is no server administrator (L1). `validUntil`: the end it would have. */
  | { readonly code: 'TRIAL_TERM_FIXED'; readonly validUntil: Instant | null }
  /** The license was issued from a place the caller is not at or above (L4). */
  | { readonly code: 'ISSUED_FROM_ABOVE'; readonly licenseId: string; readonly place: NamedPlace }
  /** The license was suspended from a place the caller is not at or above (L4). */
  | { readonly code: 'SUSPENDED_FROM_ABOVE'; readonly licenseId: string; readonly place: NamedPlace }
  /** Would loosen what was set from a place the caller is not at or above (R9). */
  | { readonly code: 'SET_FROM_ABOVE'; readonly groupId: string; readonly place: NamedPlace }
  /** A closed project can be read; nothing about it changes any more. */
  | { readonly code: 'PROJECT_CLOSED'; readonly projectId: string; readonly reason: string }
  | {
      readonly code: 'NOT_FOUND';
      readonly what: 'project' | 'group' | 'license' | 'allotment' | 'assignment' | 'device';
      readonly id: string;
    }
  | { readonly code: 'VALIDATION'; readonly field: string; readonly message: string };
