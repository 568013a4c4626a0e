import type { Instant } from '../../decision.js';
import type { LicenseType, Units } from '../../words.js';
import { nameOf } from '../limits/checks.js';
import type { AllotmentState } from '../model/facts.js';
import { parentOf, restrictionAt, type CurrentState, type ProjectState } from '../model/state.js';
import { pathOf } from '../model/tree.js';
import { usageOf } from '../model/usage.js';
import { EndsInEffect, type EndsWith } from './ends.js';
import { typeOf } from './quota.js';

/** An end of a group as a list shows it (E5). */
export interface EndOfGroup {
  readonly groupId: string;
  readonly groupName: string;
  /** An allotment of the group that ends, a license (its group is the root), or the group that ends with something above it. */
  readonly what: 'allotment' | 'license' | 'group';
  /** Of the allotment, the license or the group. */
  readonly id: string;
  readonly type: LicenseType | null;
  /** Of the allotment or license; of a group its effective limit until then. */
  readonly units: Units;
  /** The effective limit of the group from then on. */
  readonly remaining: Units;
  /** The end of its own terms; `null`: they have none, or there are none. */
  readonly ownUntil: Instant | null;
  /** The license or group that ends; `null`: the caller cannot see it. */
  readonly endsWith: (EndsWith & { readonly name: string }) | null;
}

export interface EndsQuery {
  readonly at: Instant;
  /** These groups and what is below them; `null`: all. A named group is included even without a restriction. */
  readonly within: readonly string[] | null;
  /** The groups below which the caller sees everything; `null`: everywhere. */
  readonly seen: readonly string[] | null;
  /** Groups from this id on. */
  readonly from: string;
  /** The most groups to examine. */
  readonly atMost: number;
}

export interface EndsPage {
  /** In the order of the ids of the groups, then of `id`. */
  readonly ends: readonly EndOfGroup[];
  readonly looked: number;
  /** The id of the last examined group if there are more; `null`: there are none. */
  readonly until: string | null;
}

/**
 * For which groups something ends at an instant (E5): the restricted ones, and those named. Costs the restricted groups
 * below what ends then, and one limit for each examined group.
 */
export class EndsList {
  private readonly ends: EndsInEffect;
  private readonly state: CurrentState;

  constructor(recorded: ProjectState, now: Instant) {
    this.ends = new EndsInEffect(recorded, now);
    this.state = this.ends.state;
  }

  at(question: EndsQuery): EndsPage {
    const { at, within, seen, from, atMost } = question;
    const affected = new Smallest(from, atMost + 1);
    this.collectAffected(at, within, affected);
    const found = affected.ids();
    const looked = found.slice(0, atMost);
    const ends = looked.flatMap((groupId) => this.endsOf(groupId, at, seen));
    return { ends, looked: looked.length, until: found.length > atMost ? looked.at(-1)! : null };
  }

  private collectAffected(at: Instant, within: readonly string[] | null, into: Smallest): void {
    const named = within && new Set(within);
    for (const groupId of within ?? []) {
      if (!this.state.groups.has(groupId) || !this.endsAbove(groupId, at)) continue;
      into.add(groupId);
      this.collectRestricted(groupId, into);
    }
    for (const top of this.topsOf(at))
      if (named === null || isBelowAny(this.state, top, named)) this.collectRestricted(top, into);
  }

  /** The highest groups for which something ends at an instant. */
  private *topsOf(at: Instant): Generator<string> {
    const root = this.state.totals.project?.projectId;
    if (root !== undefined && this.ends.licensesEnding(at).length > 0) return void (yield root);
    for (const key of this.state.schedule.at(at)) {
      if (!('groupId' in key) || this.ends.ending(key.groupId, at).length === 0) continue;
      if (!this.endsAbove(parentOf(this.state, key.groupId), at)) yield key.groupId;
    }
  }

  /** Whether something ends at an instant for a group itself or above it. */
  private endsAbove(groupId: string | null, at: Instant): boolean {
    for (const id of pathOf(this.state, groupId)) if (this.ends.ending(id, at).length > 0) return true;
    return this.ends.licensesEnding(at).length > 0;
  }

  /** The restricted groups from a group down, and the root. */
  private collectRestricted(top: string, into: Smallest): void {
    if (parentOf(this.state, top) === null) return this.collectAll(top, into);
    const waiting = [top];
    for (let groupId = waiting.pop(); groupId !== undefined; groupId = waiting.pop()) {
      if (into.takes(groupId) && restrictionAt(this.state, groupId)) into.add(groupId);
      const children = this.state.groups.get(groupId)?.children;
      if (children && usageOf(this.state, groupId).restrictedBelow > 0) waiting.push(...children);
    }
  }

  /** In the order of the table, which is much faster than walking the tree. */
  private collectAll(root: string, into: Smallest): void {
    into.add(root);
    for (const [groupId, { enabled }] of this.state.restrictions.entries()) if (enabled) into.add(groupId);
  }

  private endsOf(groupId: string, at: Instant, seen: readonly string[] | null): EndOfGroup[] {
    const own = this.ends.at(groupId, at) === null ? [] : this.ends.ending(groupId, at);
    const isRoot = parentOf(this.state, groupId) === null;
    const licenses = isRoot ? this.ends.licensesEnding(at) : [];
    const { before, after } = this.ends.around(groupId, at);
    const of = { groupId, groupName: nameOf(this.state, groupId), remaining: after.units };
    const terms = [
      ...own.map((allotment) => ({ ...of, ...endOfAllotment(allotment), endsWith: this.named({ groupId }, seen) })),
      ...licenses.map(({ licenseId, type, units }) => ({
        ...of,
        what: 'license' as const,
        id: licenseId,
        type,
        units,
        ownUntil: at,
        endsWith: this.named({ licenseId }, seen),
      })),
    ];
    if (terms.length > 0) return terms.sort((a, b) => (a.id < b.id ? -1 : 1));
    const endsWith = this.ends.endsWith(groupId, at);
    if (endsWith === null) return [];
    const type = typeOf(this.state, groupId);
    const group = { what: 'group' as const, id: groupId, type, units: before.units, ownUntil: this.ownUntil(groupId) };
    return [{ ...of, ...group, endsWith: this.named(endsWith, seen) }];
  }

  private ownUntil(groupId: string): Instant | null {
    const ends = restrictionAt(this.state, groupId)?.allotments.map(({ validUntil }) => validUntil) ?? [];
    const known = ends.filter((end) => end !== null);
    return known.length === ends.length && known.length > 0 ? Math.max(...known) : null;
  }

  /** A license is visible to callers who see the whole project. */
  private named(endsWith: EndsWith, seen: readonly string[] | null): EndOfGroup['endsWith'] {
    const place = 'groupId' in endsWith ? endsWith.groupId : this.state.totals.project!.projectId;
    if (seen !== null && !isBelowAny(this.state, place, new Set(seen))) return null;
    return { ...endsWith, name: nameOf(this.state, 'groupId' in endsWith ? place : null) };
  }
}

const endOfAllotment = ({ allotmentId, type, units, validUntil }: AllotmentState) => ({
  what: 'allotment' as const,
  id: allotmentId,
  type,
  units,
  ownUntil: validUntil,
});

/** Whether a group is one of these or below one. */
function isBelowAny(state: ProjectState, groupId: string, tops: ReadonlySet<string>): boolean {
  for (const id of pathOf(state, groupId)) if (tops.has(id)) return true;
  return false;
}

/** The first `count` of ids in their order, from one on, each once. Costs how many there are, not their order. */
class Smallest {
  private kept: string[] = [];
  private most = '';

  constructor(
    private readonly from: string,
    private readonly count: number,
  ) {}

  takes(id: string): boolean {
    return id >= this.from && (this.most === '' || id <= this.most);
  }

  add(id: string): void {
    if (!this.takes(id)) return;
    this.kept.push(id);
    if (this.kept.length >= 2 * this.count) this.cut();
  }

  ids(): readonly string[] {
    this.cut();
    return this.kept;
  }

  private cut(): void {
    const { count } = this;
    this.kept = [...new Set(this.kept)].sort((a, b) => (a < b ? -1 : 1)).slice(0, count);
    if (this.kept.length === count) this.most = this.kept.at(-1)!;
  }
}
