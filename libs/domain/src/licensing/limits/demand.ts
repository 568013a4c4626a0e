import { exceeds, minus, noCounts, type Counts } from '../../limits.js';
import type { Limit, Resource } from '../../words.js';
import type { CurrentState } from '../model/state.js';
import type { Level } from '../model/levels.js';
import { levelsOf } from '../model/tree.js';
import { unreserved } from './availability.js';
import { memberAvailability } from './member-limits.js';

/** Units asked for together, for one group. */
export interface Demanded {
  readonly groupId: string;
  readonly resource: Resource;
  readonly count: number;
  readonly holder: string | null;
}

/** A limit that has fewer units left than are asked for below it. */
export interface Shortage {
  readonly requested: number;
  readonly available: number;
  /** The group whose limit it is; `null`: the project's capacity. */
  readonly by: string | null;
}

const lack = ({ requested, available }: Pick<Shortage, 'requested' | 'available'>): number => requested - available;

/** A person's limit that has fewer units left than are asked for at its group and below. */
export interface MemberShortage {
  readonly requested: number;
  readonly available: number;
  readonly limit: number;
  readonly level: Level;
}

/**
 * Units asked for at many groups at once. Every limit is compared with all that is asked for below it, so the order of the
 * units changes nothing (U1). Costs the depth of the groups, and what persons with limits hold.
 */
export class Demand {
  private readonly levels = new Map<string, readonly Level[]>();
  /** By group: for it and everything below. */
  private readonly below = new Map<string, Counts>();
  /** By nearest restricted group: outside the restricted groups below it. */
  private readonly outside = new Map<string, Counts>();
  /** By person and group. */
  private readonly held = new Map<string, Counts>();

  constructor(
    private readonly state: CurrentState,
    demanded: readonly Demanded[],
  ) {
    for (const one of demanded) this.add(one);
  }

  /** The limit on the path of a group that lacks the most units; the nearest of equal ones. `null`: none lacks any. */
  shortageAt(groupId: string, resource: Resource): Shortage | null {
    let shortage: Shortage | null = null;
    const offer = (available: Limit, requested: number, by: string | null): void => {
      if (!exceeds(requested, available)) return;
      const offered = { requested, available: available!, by };
      if (!shortage || lack(offered) > lack(shortage)) shortage = offered;
    };
    const levels = this.levelsOf(groupId);
    let isNearest = true;
    for (const level of levels) {
      const { restriction, usage } = level;
      if (!restriction) continue;
      const by = level.groupId;
      offer(minus(restriction.own[resource], usage.inForce[resource]), this.below.get(by)![resource], by);
      if (isNearest) offer(unreserved(restriction, usage, resource), this.outside.get(by)![resource], by);
      isNearest = false;
    }
    const root = levels.at(-1)!;
    const total = this.state.totals.capacity[resource];
    offer(minus(total, root.usage.inForce[resource]), this.below.get(root.groupId)![resource], null);
    return shortage;
  }

  /** The person's limit on the path of a group that lacks the most units; the nearest of equal ones. */
  memberShortageAt(groupId: string, userId: string, resource: Resource): MemberShortage | null {
    let shortage: MemberShortage | null = null;
    for (const level of this.levelsOf(groupId)) {
      const own = memberAvailability(this.state, [level], userId, resource);
      const requested = this.held.get(heldKey(userId, level.groupId))![resource];
      if (!own || !exceeds(requested, own.available)) continue;
      const offered = { requested, ...own };
      if (!shortage || lack(offered) > lack(shortage)) shortage = offered;
    }
    return shortage;
  }

  private add({ groupId, resource, count, holder }: Demanded): void {
    const levels = this.levelsOf(groupId);
    for (const { groupId: id } of levels) {
      countsAt(this.below, id)[resource] += count;
      if (holder !== null) countsAt(this.held, heldKey(holder, id))[resource] += count;
    }
    const nearest = levels.find(({ restriction }) => restriction);
    if (nearest) countsAt(this.outside, nearest.groupId)[resource] += count;
  }

  private levelsOf(groupId: string): readonly Level[] {
    let levels = this.levels.get(groupId);
    if (!levels) {
      levels = levelsOf(this.state, groupId);
      this.levels.set(groupId, levels);
    }
    return levels;
  }
}

const heldKey = (userId: string, groupId: string): string => `${userId} ${groupId}`;

function countsAt(table: Map<string, Counts>, key: string): Counts {
  let counts = table.get(key);
  if (!counts) {
    counts = noCounts();
    table.set(key, counts);
  }
  return counts;
}
