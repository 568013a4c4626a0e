import type { Instant } from '../../decision.js';
import { NO_FEATURES, featureList, featureSet } from '../../feature-set.js';
import { exceeds } from '../../limits.js';
import { RESOURCES, type Feature, type Resource } from '../../words.js';
import { LimitTimelines, segmentAt, type Segment } from '../limits/limit-timeline.js';
import type { AllotmentState, LicenseState } from '../model/facts.js';
import { parentOf, restrictionAt, type CurrentState, type ProjectState } from '../model/state.js';
import { pathOf } from '../model/tree.js';
import { asOf } from '../time/catch-up.js';

/** The terms of a group that end at an instant: its own, or those above it and of the project's licenses. */
export interface EndingTerms {
  /** Allotments of the group itself. */
  readonly allotmentIds: readonly string[];
  /** Since when the earliest of them runs. */
  readonly validFrom: Instant;
}

/** The binding end: of the allotments of a group, or of a license of the project. */
export type EndsWith = { readonly groupId: string } | { readonly licenseId: string };

/**
 * Which ends count for a group (E5): those of its own terms while they still give something, and those above it at
 * which its effective limit (R3) falls or a feature goes. Every limit is computed once for all requested groups.
 */
export class EndsInEffect {
  private readonly timelines: LimitTimelines;
  /** With everything due up to now in effect. */
  readonly state: CurrentState;

  constructor(recorded: ProjectState, now: Instant) {
    this.state = asOf(recorded, now);
    this.timelines = new LimitTimelines(this.state);
  }

  /** The terms that end for a group at an instant; `null`: none that counts. */
  at(groupId: string, end: Instant): EndingTerms | null {
    if (!this.state.groups.has(groupId)) return null;
    const own = this.ending(groupId, end);
    const licenses = this.licensesEnding(end);
    const isRoot = parentOf(this.state, groupId) === null;
    const mine = isRoot ? [...own, ...licenses] : own;
    if (mine.length > 0 ? !this.givesBefore(groupId, end) : !this.fallsAt(groupId, end)) return null;
    const terms = mine.length > 0 ? mine : [...this.above(groupId, end), ...licenses];
    if (terms.length === 0) return null;
    return {
      allotmentIds: own.map(({ allotmentId }) => allotmentId),
      validFrom: Math.min(...terms.map(({ validFrom }) => validFrom)),
    };
  }

  /** Whether the effective limit of a group falls at an instant, or one of its features goes. */
  fallsAt(groupId: string, at: Instant): boolean {
    const { before, after } = this.around(groupId, at);
    return (before.features & ~after.features) !== NO_FEATURES || fallingResource(before, after) !== undefined;
  }

  /** The effective limit of a group right before an instant and from then on. */
  around(groupId: string, at: Instant): { readonly before: Segment; readonly after: Segment } {
    const effective = this.timelines.effective(groupId);
    return { before: segmentAt(effective, at - 1), after: segmentAt(effective, at) };
  }

  /**
   * The end that lowers a group's limit at an instant: of several ends the one that leaves the least, and of equal ones the
   * nearest (R3). `null`: it does not fall.
   */
  endsWith(groupId: string, at: Instant): EndsWith | null {
    if (!this.fallsAt(groupId, at)) return null;
    const { before, after } = this.around(groupId, at);
    const resource = fallingResource(before, after);
    const leaves = (own: Segment): boolean =>
      resource === undefined
        ? (before.features & ~after.features & ~own.features) !== NO_FEATURES
        : !exceeds(own.units[resource], after.units[resource]);
    for (const id of pathOf(this.state, groupId))
      if (this.ending(id, at).length > 0 && leaves(segmentAt(this.timelines.own(id), at))) return { groupId: id };
    // Of several licenses the first that the group loses something of.
    const gave = ({ units, features }: LicenseState): boolean =>
      resource === undefined
        ? (before.features & ~after.features & featureSet(features)) !== NO_FEATURES
        : exceeds(units[resource], 0);
    const license = this.licensesEnding(at).find((one) => one.suspendedReason === null && gave(one));
    return license ? { licenseId: license.licenseId } : null;
  }

  /** The features that a group loses at an instant. */
  featuresGoneAt(groupId: string, at: Instant): readonly Feature[] {
    const effective = this.timelines.effective(groupId);
    return featureList(segmentAt(effective, at - 1).features & ~segmentAt(effective, at).features);
  }

  /** The restricted groups with a reminder for which something ends at an instant. */
  *remindedAt(at: Instant): Generator<string> {
    for (const [groupId, { enabled, reminder }] of this.state.restrictions.entries())
      if (enabled && reminder !== null && this.fallsAt(groupId, at)) yield groupId;
  }

  private givesBefore(groupId: string, end: Instant): boolean {
    const { units, features } = segmentAt(this.timelines.effective(groupId), end - 1);
    return features !== NO_FEATURES || RESOURCES.some((resource) => exceeds(units[resource], 0));
  }

  private above(groupId: string, end: Instant): { readonly validFrom: Instant }[] {
    return [...pathOf(this.state, groupId)].flatMap((id) => this.ending(id, end));
  }

  /** The allotments of a group that end at an instant. */
  ending(groupId: string, end: Instant): readonly AllotmentState[] {
    return restrictionAt(this.state, groupId)?.allotments.filter(({ validUntil }) => validUntil === end) ?? [];
  }

  /** The licenses that end at an instant, suspended ones too. */
  licensesEnding(end: Instant): readonly LicenseState[] {
    return [...this.state.licenses.entries()]
      .map(([, license]) => license)
      .filter(({ validUntil, revokedReason }) => validUntil === end && revokedReason === null);
  }
}

const fallingResource = (before: Segment, after: Segment): Resource | undefined =>
  RESOURCES.find((resource) => exceeds(before.units[resource], after.units[resource]));
