import type { Instant } from '../../decision.js';
import { ALL_FEATURES, NO_FEATURES, featureSet, type FeatureSet } from '../../feature-set.js';
import { NO_UNITS, UNLIMITED, basicUnitsOf, exceeds, leastUnits, sameUnits, sumUnits } from '../../limits.js';
import { RESOURCES, type Feature, type Resource, type Units } from '../../words.js';
import { licensesIn } from '../model/capacity.js';
import type { Allotment } from '../model/events.js';
import { graceEndOf } from '../model/phases.js';
import type { Restriction } from '../model/facts.js';
import type { Level, LevelProject, LevelRestriction } from '../model/levels.js';
import { parentOf, restrictionAt, type CurrentState } from '../model/state.js';
import { nearestRestricted, nearestRestrictedBelow } from '../model/tree.js';
import { usageOf, usedOutside } from '../model/usage.js';

/**
 * Limits over time. They are piecewise constant, so a list of the instants at which they change is exact (R2: check where
 * something changes, not by sampling).
 */
export interface Segment {
  /** Holds until the `from` of the next segment; the first segment has no beginning, the last no end. */
  readonly from: Instant;
  readonly units: Units;
  readonly features: FeatureSet;
}
export type LimitTimeline = readonly Segment[];

/** A window `[from, until)`; `until: null` is the one instant `from`. */
export interface Window {
  readonly from: Instant;
  readonly until: Instant | null;
}

interface TimedUnits {
  readonly validFrom: Instant;
  readonly validUntil: Instant | null;
  readonly units: Units;
  readonly features: FeatureSet;
}

const EVER = Number.NEGATIVE_INFINITY;
const always = (units: Units, features: FeatureSet): LimitTimeline => [{ from: EVER, units, features }];

/** Terms added up: units summed, features joined (R2, L5). */
export function sumOfTerms(terms: readonly TimedUnits[]): LimitTimeline {
  const instants = new Set<Instant>([EVER]);
  for (const { validFrom, validUntil } of terms) {
    instants.add(validFrom);
    if (validUntil !== null) instants.add(validUntil);
  }
  return merged(
    [...instants].sort((a, b) => a - b),
    (at) => {
      let units = NO_UNITS;
      let features = NO_FEATURES;
      for (const term of terms) {
        if (at < term.validFrom || (term.validUntil !== null && at >= term.validUntil)) continue;
        units = sumUnits(units, term.units);
        features |= term.features;
      }
      return { from: at, units, features };
    },
  );
}

/** Two limits combined: the least units, the common features (R3, R5). */
export const meet = (a: LimitTimeline, b: LimitTimeline): LimitTimeline =>
  combine(a, b, (x, y) => ({ units: leastUnits(x.units, y.units), features: x.features & y.features }));

const join = (a: LimitTimeline, b: LimitTimeline): LimitTimeline =>
  combine(a, b, (x, y) => ({ units: sumUnits(x.units, y.units), features: x.features | y.features }));

function combine(
  a: LimitTimeline,
  b: LimitTimeline,
  of: (x: Segment, y: Segment) => Omit<Segment, 'from'>,
): LimitTimeline {
  const segments: Segment[] = [];
  let i = 0;
  let j = 0;
  let at = EVER;
  for (;;) {
    push(segments, { from: at, ...of(a[i]!, b[j]!) });
    const nextA = a[i + 1]?.from ?? Infinity;
    const nextB = b[j + 1]?.from ?? Infinity;
    at = Math.min(nextA, nextB);
    if (at === Infinity) return segments;
    if (nextA === at) i++;
    if (nextB === at) j++;
  }
}

function merged(instants: readonly Instant[], segmentAt: (at: Instant) => Segment): LimitTimeline {
  const segments: Segment[] = [];
  for (const at of instants) push(segments, segmentAt(at));
  return segments;
}

/** Equal neighbors are merged. */
function push(segments: Segment[], segment: Segment): void {
  const last = segments.at(-1);
  if (last && last.features === segment.features && sameUnits(last.units, segment.units)) return;
  segments.push(segment);
}

export function indexAt(timeline: LimitTimeline, at: Instant): number {
  let low = 0;
  let high = timeline.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (timeline[middle]!.from <= at) low = middle;
    else high = middle - 1;
  }
  return low;
}

export const segmentAt = (timeline: LimitTimeline, at: Instant): Segment => timeline[indexAt(timeline, at)]!;

/** When the segment in force at `at` ends; `null`: never. */
export const endOfSegment = (timeline: LimitTimeline, at: Instant): Instant | null =>
  timeline[indexAt(timeline, at) + 1]?.from ?? null;

export interface Excess {
  readonly at: Instant;
  readonly resource: Resource;
}

/** The first instant of the window, and the resource, at which `own` is more than `above`. */
export function firstExcess(own: LimitTimeline, above: LimitTimeline, window: Window): Excess | null {
  for (const at of instantsIn(window, own, above)) {
    const mine = segmentAt(own, at).units;
    const theirs = segmentAt(above, at).units;
    const resource = RESOURCES.find((candidate) => exceeds(mine[candidate], theirs[candidate]));
    if (resource) return { at, resource };
  }
  return null;
}

/** The start of a window and the instants within it at which one of the timelines changes, in order. */
export function instantsIn({ from, until }: Window, ...timelines: readonly LimitTimeline[]): Instant[] {
  if (until === null) return [from];
  const instants = new Set([from]);
  for (const timeline of timelines) {
    for (let index = indexAt(timeline, from) + 1; index < timeline.length && timeline[index]!.from < until; index++) {
      instants.add(timeline[index]!.from);
    }
  }
  return [...instants].sort((a, b) => a - b);
}

/** Whether `a` allows everything that `b` allows, from `since` on. */
export const covers = (a: LimitTimeline, b: LimitTimeline, since: Instant): boolean =>
  instantsIn({ from: since, until: Infinity }, a, b).every((at) => {
    const more = segmentAt(a, at);
    const less = segmentAt(b, at);
    return (less.features & ~more.features) === 0 && RESOURCES.every((r) => !exceeds(less.units[r], more.units[r]));
  });

/**
 * The limits of a state over time, each computed once. Costs the restricted groups asked for, times the instants at
 * which they change.
 */
export class LimitTimelines {
  private readonly owns = new Map<string, LimitTimeline>();
  private readonly effectives = new Map<string, LimitTimeline>();
  private readonly pools = new Map<string, LimitTimeline>();
  private capacityTimeline: LimitTimeline | null = null;

  constructor(readonly state: CurrentState) {}

  /** The project's capacity (L5): licenses neither suspended nor revoked, and Basic. */
  capacity(): LimitTimeline {
    this.capacityTimeline ??= capacityOf({ ...this.state.totals, licenses: licensesIn(this.state) });
    return this.capacityTimeline;
  }

  /** The own limit of a restricted group (R2). */
  own(groupId: string): LimitTimeline {
    let own = this.owns.get(groupId);
    if (!own) {
      own = ownTimeline(restrictionAt(this.state, groupId)!);
      this.owns.set(groupId, own);
    }
    return own;
  }

  /** The effective limit of a group (R3). */
  effective(groupId: string | null): LimitTimeline {
    const nearest = nearestRestricted(this.state, groupId);
    if (nearest === null) return this.capacity();
    let effective = this.effectives.get(nearest);
    if (!effective) {
      effective = meet(this.own(nearest), this.effective(parentOf(this.state, nearest)));
      this.effectives.set(nearest, effective);
    }
    return effective;
  }

  /** The effective limit above a group. */
  above(groupId: string): LimitTimeline {
    return this.effective(parentOf(this.state, groupId));
  }

  /**
   * The units promised by a reserved pool (R4): the own limits of the nearest restricted groups below, and today's use
   * outside them. Costs the number of those groups.
   */
  reserved(groupId: string): LimitTimeline {
    let reserved = this.pools.get(groupId);
    if (!reserved) {
      reserved = this.promisedBy(groupId);
      this.pools.set(groupId, reserved);
    }
    return reserved;
  }

  private promisedBy(groupId: string): LimitTimeline {
    const usage = usageOf(this.state, groupId);
    const outside: Units = {
      sip_number: usedOutside(usage, 'sip_number'),
      mobile_app: usedOutside(usage, 'mobile_app'),
      ukey2: usedOutside(usage, 'ukey2'),
    };
    const below = [...nearestRestrictedBelow(this.state, groupId)].map((id) => this.own(id));
    return sumAll([always(outside, NO_FEATURES), ...below]);
  }

  /** Replaces the allotments of a group in these timelines only: for computing a change before it is recorded. */
  suppose(groupId: string, allotments: readonly Allotment[]): void {
    this.owns.set(groupId, sumOfTerms(allotments.map(timed)));
    this.effectives.delete(groupId);
    const pool = nearestRestricted(this.state, parentOf(this.state, groupId));
    if (pool !== null) this.pools.delete(pool);
  }
}

/** The limit on existing use over time: the allotments with their days of grace (E1). */
export const keepingTimeline = ({ allotments, gracePeriodDays }: Restriction, timeZone: string): LimitTimeline =>
  sumOfTerms(
    allotments.map((allotment) => {
      const { validUntil } = allotment;
      const graceEnd = validUntil === null ? null : graceEndOf(validUntil, gracePeriodDays, timeZone);
      return timed({ ...allotment, validUntil: graceEnd });
    }),
  );

const ownTimeline = ({ allotments }: Pick<LevelRestriction, 'allotments'>): LimitTimeline =>
  sumOfTerms(allotments.map(timed));

type Licensed = Pick<LevelProject, 'project' | 'devices' | 'licenses'>;

/** The effective limit of a path (R3): its restrictions and the capacity combined. */
export const effectiveOf = (project: Licensed, levels: readonly Level[]): LimitTimeline =>
  levels.reduce(
    (effective, { restriction }) => (restriction ? meet(effective, ownTimeline(restriction)) : effective),
    capacityOf(project),
  );

/** Pairwise, so that many timelines with few instants stay cheap. */
function sumAll(timelines: readonly LimitTimeline[]): LimitTimeline {
  if (timelines.length <= 2) return join(timelines[0]!, timelines[1] ?? always(NO_UNITS, NO_FEATURES));
  const middle = timelines.length >> 1;
  return join(sumAll(timelines.slice(0, middle)), sumAll(timelines.slice(middle)));
}

function capacityOf({ project, devices, licenses }: Licensed): LimitTimeline {
  if (project?.billingMode === 'postpaid') return always(UNLIMITED, ALL_FEATURES);
  const basic = { validFrom: EVER, validUntil: null, units: basicUnitsOf(devices), features: NO_FEATURES };
  const terms: TimedUnits[] = [basic];
  for (const license of licenses) {
    if (license.suspendedReason === null && license.revokedReason === null) terms.push(timed(license));
  }
  return sumOfTerms(terms);
}

const timed = (term: {
  validFrom: Instant;
  validUntil: Instant | null;
  units: Units;
  features: readonly Feature[];
}): TimedUnits => ({
  validFrom: term.validFrom,
  validUntil: term.validUntil,
  units: term.units,
  features: featureSet(term.features),
});
