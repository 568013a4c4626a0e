import { PAUSE_EVERY, type Slices } from '../../slices.js';
import { RESOURCES } from '../../words.js';
import { exceeds } from '../../limits.js';
import { affectedBelow, clampBelow, type Change } from '../limits/cascade.js';
import { nameOf, poolAbove } from '../limits/checks.js';
import { covers } from '../limits/limit-timeline.js';
import type { Place, RestrictionSettings } from '../model/events.js';
import type { CurrentRecorder } from '../model/recorder.js';
import type { AffectedGroup, RefusedItem, SuspendedUse } from '../model/refusals.js';
import type { Restriction } from '../model/facts.js';
import { restrictionAt, type ProjectState } from '../model/state.js';
import { pathOf } from '../model/tree.js';
import { usageOf } from '../model/usage.js';
import { settleUse } from '../time/use.js';
import { suspensionsSince } from './consequences.js';

/** The restriction of a group as it shall be. */
export interface RestrictionChange {
  /** Its place in the command. */
  readonly index: number;
  readonly groupId: string;
  readonly authority: Place;
  readonly known: Restriction | undefined;
  readonly settings: RestrictionSettings;
}

/** The restrictions of a command and the limits before and after them. */
export interface RestrictionChanges {
  readonly change: Change;
  /** The groups that the command names. */
  readonly items: readonly RestrictionChange[];
  /** Those whose restriction is not already so, from the top down. */
  readonly changed: readonly RestrictionChange[];
}

/** Clamps the groups below that the command does not name (R6 `cascade`), from the top down. Returns them. */
export function* clampAround(recorder: CurrentRecorder, changes: RestrictionChanges): Slices<string[]> {
  const kept = new Set(changes.items.map(({ groupId }) => groupId));
  const scopes = yield* scopesOf(changes);
  const causes = new Map(scopes.map(([scope, { groupId }]) => [scope, groupId]));
  const clamping = { causes, kept, walked: new Set<string>() };
  return scopes.flatMap(([scope]) => clampBelow(recorder, changes.change, scope, clamping));
}

/** The groups below which a changed restriction can affect others, each with the change, from the top down. */
function* scopesOf({ change, changed }: RestrictionChanges): Slices<(readonly [string, RestrictionChange])[]> {
  const scopes = new Map<string, RestrictionChange>();
  for (const [place, item] of changed.entries()) {
    if (place % PAUSE_EVERY === 0) yield;
    const scope = scopeOf(change, item.groupId);
    if (scope !== null && !scopes.has(scope)) scopes.set(scope, item);
  }
  yield;
  const depth = (groupId: string): number => [...pathOf(change.after.state, groupId)].length;
  return [...scopes]
    .map((scope) => ({ scope, depth: depth(scope[0]) }))
    .sort((a, b) => a.depth - b.depth)
    .map(({ scope }) => scope);
}

/**
 * The group below which a changed restriction can affect others. An enabled one binds the groups below it; a disabled one
 * leaves them to the reserved pool above, if there is one.
 */
function scopeOf({ before, after, now }: Change, groupId: string): string | null {
  const was = restrictionAt(before.state, groupId);
  const is = restrictionAt(after.state, groupId);
  if (!is) return was ? poolAbove(after.state, groupId) : null;
  if (!was) return groupId;
  const newlyReserved = is.poolMode === 'reserved' && was.poolMode === 'shared';
  return newlyReserved || !covers(after.own(groupId), before.own(groupId), now) ? groupId : null;
}

interface Loss {
  readonly groups: AffectedGroup[];
  readonly suspensions: SuspendedUse[];
}

/** The losses each change causes (R6): of groups below that the command does not name, and of use. */
export class Losses {
  private readonly named = new Set<string>();
  private readonly byItem = new Map<RestrictionChange, Loss>();

  private constructor(private readonly changes: RestrictionChanges) {}

  static *of(changes: RestrictionChanges): Slices<Losses> {
    const losses = new Losses(changes);
    const { change, items } = changes;
    const named = new Set(items.map(({ groupId }) => groupId));
    const walked = new Set<string>();
    // From the bottom up: a group is counted for the nearest change above it.
    for (const [place, [scope, item]] of (yield* scopesOf(changes)).reverse().entries()) {
      if (place % PAUSE_EVERY === 0) yield;
      for (const groupId of affectedBelow(change, scope, walked)) {
        if (named.has(groupId)) losses.named.add(groupId);
        else losses.lossOf(item).groups.push({ groupId, name: nameOf(change.after.state, groupId) });
      }
    }
    return losses;
  }

  /** The groups named by the command from which limits above them take something. */
  get affected(): ReadonlySet<string> {
    return this.named;
  }

  /** Records the effects on use and counts them. After it the limits before and after no longer compare. */
  settle(recorder: CurrentRecorder): void {
    const { changed } = this.changes;
    const { state } = recorder;
    const exceeded = new Map(
      changed.filter(({ groupId }) => isExceeded(state, groupId)).map((item) => [item.groupId, item]),
    );
    const recorded = recorder.events.length;
    settleUse(recorder, { groups: changed.map(({ groupId }) => groupId), capacity: false });
    for (const use of suspensionsSince(recorder, recorded)) {
      const nearest = [...pathOf(state, use.groupId)].find((id) => exceeded.has(id))!;
      this.lossOf(exceeded.get(nearest)!).suspensions.push(use);
    }
  }

  refusals(): RefusedItem[] {
    return [...this.byItem].map(([{ index }, loss]) => ({ index, refusal: { code: 'DESCENDANTS_AFFECTED', ...loss } }));
  }

  private lossOf(item: RestrictionChange): Loss {
    let loss = this.byItem.get(item);
    if (!loss) {
      loss = { groups: [], suspensions: [] };
      this.byItem.set(item, loss);
    }
    return loss;
  }
}

function isExceeded(state: ProjectState, groupId: string): boolean {
  const keeping = restrictionAt(state, groupId)?.keeping;
  const { inForce } = usageOf(state, groupId);
  return keeping !== undefined && RESOURCES.some((resource) => exceeds(inForce[resource], keeping[resource]));
}
