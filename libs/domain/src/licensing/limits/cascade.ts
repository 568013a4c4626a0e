import type { Instant } from '../../decision.js';
import { featureList, featureSet } from '../../feature-set.js';
import { NO_UNITS, least, minus, sumUnits } from '../../limits.js';
import { RESOURCES, type Limit, type Resource, type Units } from '../../words.js';
import type { Allotment } from '../model/events.js';
import type { CurrentRecorder } from '../model/recorder.js';
import type { AllotmentState } from '../model/facts.js';
import { plainAllotment, restrictionAt } from '../model/state.js';
import { nearestRestrictedBelow, pathOf } from '../model/tree.js';
import { hasEnded, leftBeside, passes, poolAbove, poolExcess, windowOf } from './checks.js';
import {
  LimitTimelines,
  covers,
  firstExcess,
  instantsIn,
  segmentAt,
  type Excess,
  type Window,
} from './limit-timeline.js';

/** The limits of a project before and after a change, for comparing what it takes from the groups below (R6). */
export interface Change {
  readonly before: LimitTimelines;
  readonly after: LimitTimelines;
  readonly now: Instant;
}

/**
 * The groups below that would pass R2, R4 and R5 before the change and not after it, from the top down. Looks at the
 * nearest restricted groups below, and further down only where the effective limit has shrunk.
 * @param walked groups below which nothing is looked at again, for a change that begins at several groups
 */
export function* affectedBelow(change: Change, groupId: string, walked = new Set<string>()): Generator<string> {
  if (walked.has(groupId)) return;
  walked.add(groupId);
  for (const id of nearestRestrictedBelow(change.after.state, groupId)) {
    if (isAffected(change, id)) yield id;
    if (hasShrunk(change, id)) yield* affectedBelow(change, id, walked);
  }
}

const isAffected = ({ before, after, now }: Change, groupId: string): boolean =>
  passes(before, groupId, now) && !passes(after, groupId, now);

const hasShrunk = ({ before, after, now }: Change, groupId: string): boolean =>
  !covers(after.effective(groupId), before.effective(groupId), now);

export interface Clamping {
  /** Groups below which a change has lowered something, each with the group that was changed. */
  readonly causes: ReadonlyMap<string, string>;
  /** Groups whose allotments stay as the command names them. */
  readonly kept: ReadonlySet<string>;
  /** As in `affectedBelow`. */
  readonly walked: Set<string>;
}

const clampingBy = (groupId: string): Clamping => ({
  causes: new Map([[groupId, groupId]]),
  kept: new Set(),
  walked: new Set(),
});

/**
 * Clamps what `affectedBelow` finds, from the top down, one event a group (R6), which names the nearest change above it. Returns the
 * clamped groups.
 */
export function clampBelow(
  recorder: CurrentRecorder,
  change: Change,
  groupId: string,
  clamping: Clamping = clampingBy(groupId),
): string[] {
  const { causes, kept, walked } = clamping;
  if (walked.has(groupId)) return [];
  walked.add(groupId);
  const below = [...nearestRestrictedBelow(change.after.state, groupId)];
  const affected = below.filter((id) => !kept.has(id) && isAffected(change, id));
  const clamp = new Clamp(change);
  for (const id of affected) clamp.toLimitAbove(id);
  clamp.toPool(affected);
  for (const id of affected) {
    const allotments = clamp.allotments(id).map(plainAllotment);
    const causedByGroupId = nearestCause(change, groupId, causes);
    recorder.record('AllotmentsClamped', { groupId: id, allotments, causedByGroupId });
  }
  return below.reduce<string[]>(
    (all, id) => (hasShrunk(change, id) ? all.concat(clampBelow(recorder, change, id, clamping)) : all),
    affected,
  );
}

function nearestCause({ after }: Change, groupId: string, causes: Clamping['causes']): string {
  const scope = [...pathOf(after.state, groupId)].find((id) => causes.has(id))!;
  return causes.get(scope)!;
}

/** Works out the clamped allotments of groups; the state is unchanged. */
class Clamp {
  private readonly clamped = new Map<string, readonly AllotmentState[]>();

  constructor(private readonly change: Change) {}

  allotments(groupId: string): readonly AllotmentState[] {
    return this.clamped.get(groupId) ?? restrictionAt(this.change.after.state, groupId)!.allotments;
  }

  /** Ends first, then numbers, newest allotment first, then features. */
  toLimitAbove(groupId: string): void {
    this.replace(
      groupId,
      this.allotments(groupId).flatMap((allotment) => this.bringEndForward(groupId, allotment)),
    );
    for (let excess = this.excessOf(groupId); excess; excess = this.excessOf(groupId)) this.reduceOwn(groupId, excess);
    this.replace(
      groupId,
      this.allotments(groupId).map((allotment) => this.dropFeatures(groupId, allotment)),
    );
  }

  /** Units promised beyond a reserved pool are taken from the newest allotment of the affected groups. */
  toPool(groupIds: readonly string[]): void {
    for (const groupId of groupIds) {
      for (let excess = this.poolExcessOf(groupId); excess; excess = this.poolExcessOf(groupId)) {
        this.reducePool(groupIds, groupId, excess);
      }
    }
  }

  private replace(groupId: string, allotments: readonly AllotmentState[]): void {
    this.clamped.set(groupId, allotments);
    this.change.after.suppose(groupId, allotments);
  }

  private bringEndForward(groupId: string, allotment: AllotmentState): readonly AllotmentState[] {
    const { now, after } = this.change;
    if (allotment.validUntil === null || hasEnded(allotment, now)) return [allotment];
    const above = after.above(groupId);
    const counted = RESOURCES.filter((resource) => allotment.units[resource] !== 0);
    let end = allotment.validUntil;
    for (const at of instantsIn(windowOf(allotment, now), above).reverse()) {
      if (counted.length === 0 || counted.some((resource) => segmentAt(above, at).units[resource] !== 0)) break;
      end = at;
    }
    if (end > allotment.validFrom) return [{ ...allotment, validUntil: end }];
    return [];
  }

  private excessOf(groupId: string): Excess | null {
    const { after } = this.change;
    return this.firstOf(groupId, (window) => firstExcess(after.own(groupId), after.above(groupId), window));
  }

  private poolExcessOf(groupId: string): Excess | null {
    return this.firstOf(groupId, (window) => poolExcess(this.change.after, groupId, window));
  }

  /** The first excess in the windows of the allotments that have not ended. */
  private firstOf(groupId: string, excessIn: (window: Window) => Excess | null): Excess | null {
    const { now } = this.change;
    for (const allotment of this.allotments(groupId)) {
      const excess = hasEnded(allotment, now) ? null : excessIn(windowOf(allotment, now));
      if (excess) return excess;
    }
    return null;
  }

  private reduceOwn(groupId: string, excess: Excess): void {
    const available = segmentAt(this.change.after.above(groupId), excess.at).units[excess.resource];
    const newest = newestAt(this.allotments(groupId), excess);
    const others = this.allotments(groupId).filter(
      (allotment) => allotment !== newest && isActiveAt(allotment, excess.at),
    );
    this.reduce(groupId, newest, excess.resource, leftBeside(available, sumOf(others)[excess.resource]));
  }

  private reducePool(groupIds: readonly string[], groupId: string, excess: Excess): void {
    const { after } = this.change;
    const candidates = groupIds.flatMap((id) => this.allotments(id).map((allotment) => ({ id, allotment })));
    const newest = newestAt(
      candidates.map(({ allotment }) => allotment),
      excess,
    );
    const owner = candidates.find(({ allotment }) => allotment === newest)!.id;
    const pool = poolAbove(after.state, groupId)!;
    const has = segmentAt(after.own(pool), excess.at).units[excess.resource];
    const promised = segmentAt(after.reserved(pool), excess.at).units[excess.resource];
    const mine = newest.units[excess.resource];
    // What is promised to others shows only beside a finite share, so an unlimited one becomes finite first.
    const left = mine === null ? has : leftBeside(has, minus(promised, mine));
    this.reduce(owner, newest, excess.resource, left);
  }

  private reduce(groupId: string, reduced: AllotmentState, resource: Resource, to: Limit): void {
    const allotments = this.allotments(groupId).map((allotment) =>
      allotment === reduced ? { ...allotment, units: withUnit(allotment.units, resource, to) } : allotment,
    );
    this.replace(groupId, allotments);
  }

  private dropFeatures(groupId: string, allotment: AllotmentState): AllotmentState {
    const { now, after } = this.change;
    if (hasEnded(allotment, now)) return allotment;
    const available = segmentAt(after.above(groupId), windowOf(allotment, now).from).features;
    return { ...allotment, features: featureList(featureSet(allotment.features) & available) };
  }
}

const isActiveAt = (term: Pick<Allotment, 'validFrom' | 'validUntil'>, at: Instant): boolean =>
  term.validFrom <= at && (term.validUntil === null || at < term.validUntil);

const newestAt = (allotments: readonly AllotmentState[], { at, resource }: Excess): AllotmentState =>
  allotments
    .filter((allotment) => isActiveAt(allotment, at) && allotment.units[resource] !== 0)
    .reduce((newest, allotment) => (allotment.sequence > newest.sequence ? allotment : newest));

const sumOf = (allotments: readonly Allotment[]): Units =>
  allotments.reduce<Units>((sum, { units }) => sumUnits(sum, units), NO_UNITS);

/** Fewer numbers leave room for fewer apps (R1). */
function withUnit(units: Units, resource: Resource, to: Limit): Units {
  const reduced = { ...units, [resource]: to };
  return resource === 'sip_number' ? { ...reduced, mobile_app: least(reduced.mobile_app, to) } : reduced;
}
