import { eachUnit, exceeds, minus, NO_UNITS, plus, sumUnits } from '../../limits.js';
import { RESOURCES, type Limit, type Resource, type Units } from '../../words.js';
import type { Level, LevelAllotment, LevelLicense, LevelUsage } from '../model/levels.js';
import { allottedBelow, usedOutside } from '../model/usage.js';
import type { QuotaFacts } from './quota-rules.js';

/**
 * A change without which no further units fit. `buy` and `raise` name the units that are missing: a license, or an allotment of
 * the group, that starts now and has at least these units is accepted once the changes before it in the list are made. `extend`
 * and `reinstate` name an existing term that has enough units, as an alternative to the `buy` or `raise` before it.
 */
export type RequiredChange =
  | { readonly kind: 'buy'; readonly units: Units }
  | { readonly kind: 'extend' | 'reinstate'; readonly licenseId: string; readonly units: Units }
  | { readonly kind: 'raise'; readonly groupId: string; readonly name: string; readonly units: Units }
  | {
      readonly kind: 'extend';
      readonly groupId: string;
      readonly name: string;
      readonly allotmentId: string;
      readonly units: Units;
    };

/** A limit on the way up: of a restricted group, or the project's capacity (`level: null`). */
interface Bound {
  readonly level: Level | null;
  readonly own: Units;
  readonly usage: LevelUsage;
  /** Whether it is a reserved pool (R4). */
  readonly isReserved: boolean;
}

/** An own limit that rises: all of it has to fit under the limits above (R2), for every resource. */
interface Raised {
  readonly own: Units;
  readonly added: Units;
}

/** What changes below a bound. */
interface Below {
  /** The highest own limit that rises. */
  readonly raised: Raised | null;
  /** Whether it is that of the nearest restricted group below, for which a reserved pool keeps its limit (R4). */
  readonly isNext: boolean;
  /** Whether no restricted group is below: the units are used here. */
  readonly isNearest: boolean;
}

/**
 * The changes after which `count` more units fit at the group (R1, R2, R4, U1, U3), from the project down; empty if they fit now.
 * Terms that start now and have no end are meant; the features of allotments change nothing here.
 */
export function requiredChanges(facts: QuotaFacts, resource: Resource, count = 1): readonly RequiredChange[] {
  const bounds = boundsOf(facts);
  let highest = -1;
  // Suspended units return to the room that a change makes, and may fill another limit: then that one changes too.
  for (;;) {
    const steps = stepsOf(bounds, { resource, count, highest });
    const found = steps.findLastIndex(({ missing }) => missing !== null);
    if (found <= highest) return fromTheProjectDown(facts, steps.reverse());
    highest = found;
  }
}

/** The bounds from the group up, with the units each lacks if that at the index `highest` is the highest that changes. */
function stepsOf(bounds: readonly Bound[], { resource, count, highest }: Wanted & Highest): Step[] {
  const suspended = (index: number): number => bounds[index]!.usage.suspended[resource];
  let below: Below = { raised: null, isNext: false, isNearest: true };
  return bounds.map((bound, index) => {
    // Below the highest change everything suspended may return; above it, no more than is suspended there.
    const returning = highest < 0 ? 0 : suspended(Math.min(index, highest));
    const missing = missingAt(bound, below, { resource, count: returning + count });
    const raised = missing ? { own: sumUnits(bound.own, missing), added: missing } : below.raised;
    below = { raised, isNext: missing !== null, isNearest: false };
    return { bound, missing };
  });
}

interface Wanted {
  readonly resource: Resource;
  readonly count: number;
}

interface Highest {
  /** -1: no limit changes. */
  readonly highest: number;
}

/** A bound, and the units it lacks. */
interface Step {
  readonly bound: Bound;
  readonly missing: Units | null;
}

/** The changes of the steps, with the alternatives that are accepted under the limits above after their own changes. */
function fromTheProjectDown(facts: QuotaFacts, steps: readonly Step[]): readonly RequiredChange[] {
  const changes: RequiredChange[] = [];
  let room: Room = () => true;
  for (const { bound, missing } of steps) {
    if (missing) changes.push(...changesAt(facts, bound, missing, room));
    room = roomBelow(bound, missing ? sumUnits(bound.own, missing) : bound.own, room);
  }
  return changes;
}

/** Whether the own limit of a group below can be `own` by adding `added` to it (R2, R4). */
type Room = (own: Units, added: Units) => boolean;

function roomBelow({ usage, isReserved }: Bound, limit: Units, above: Room): Room {
  const promised = (resource: Resource): Limit =>
    isReserved ? plus(promisedBy(usage, resource), usage.suspended[resource]) : 0;
  // A pool keeps the limits of the next restricted groups below it only, so further down its promises play no part.
  const isUnder = (own: Units): boolean =>
    RESOURCES.every((one) => !exceeds(own[one], limit[one])) && above(own, NO_UNITS);
  return (own, added) =>
    isUnder(own) && RESOURCES.every((one) => added[one] === 0 || !exceeds(plus(promised(one), added[one]), limit[one]));
}

/** The bounds of a group, at least one level, from the group up. */
function boundsOf({ levels, capacity }: QuotaFacts): readonly Bound[] {
  const bounds: Bound[] = [];
  for (const level of levels) {
    const { restriction, usage } = level;
    if (!restriction) continue;
    bounds.push({ level, own: restriction.own, usage, isReserved: restriction.poolMode === 'reserved' });
  }
  return [...bounds, { level: null, own: capacity, usage: levels.at(-1)!.usage, isReserved: false }];
}

/** The units that a limit lacks; `null`: none. */
function missingAt({ own, usage, isReserved }: Bound, below: Below, { resource, count }: Wanted): Units | null {
  const missing = eachLacking((one) => {
    const units = one === resource ? count : 0;
    const needs = [
      ownNeed(below, one),
      useNeed(usage, one, units),
      isReserved ? poolNeed(usage, one, units, below) : 0,
    ];
    return needs.reduce((most, need) => (exceeds(need, most) ? need : most));
  }, own);
  return RESOURCES.some((one) => missing[one] !== 0) ? missing : null;
}

const ownNeed = ({ raised }: Below, resource: Resource): Limit => (raised ? raised.own[resource] : 0);

const useNeed = (usage: LevelUsage, resource: Resource, units: number): number =>
  units > 0 ? usage.inForce[resource] + units : 0;

/** The units that a reserved pool keeps for the groups below and those used outside them (R4). */
const promisedBy = (usage: LevelUsage, resource: Resource): Limit =>
  plus(allottedBelow(usage, resource), usedOutside(usage, resource));

/** What a reserved pool needs to keep its promises: to the groups below, and for use outside them (R4). */
function poolNeed(usage: LevelUsage, resource: Resource, units: number, { raised, isNext, isNearest }: Below): Limit {
  const promised = promisedBy(usage, resource);
  if (isNearest) return units > 0 ? plus(promised, units) : 0;
  if (!raised || !isNext || raised.own[resource] === 0) return 0;
  // Suspended units outside these groups return first, so the pool must have room for them as well.
  return plus(plus(promised, usage.suspended[resource]), raised.added[resource]);
}

/** The needs beyond a limit. R1 holds in every allotment and license, so a missing app brings a number. */
function eachLacking(needed: (resource: Resource) => Limit, own: Units): Units {
  const lacking = eachUnit((resource) => {
    const need = needed(resource);
    return exceeds(need, own[resource]) ? minus(need, own[resource] ?? 0) : 0;
  });
  const { sip_number, mobile_app } = lacking;
  return { ...lacking, sip_number: exceeds(mobile_app, sip_number) ? mobile_app : sip_number };
}

const suffices = ({ units }: { readonly units: Units }, missing: Units): boolean =>
  RESOURCES.every((resource) => !exceeds(missing[resource], units[resource]));

function changesAt({ licenses }: QuotaFacts, { level, own }: Bound, missing: Units, room: Room): RequiredChange[] {
  if (!level) return [{ kind: 'buy', units: missing }, ...licenses.flatMap((license) => alternative(license, missing))];
  const { groupId, name, restriction } = level;
  const extendable = restriction!.allotments.filter(
    (allotment) =>
      hasEnded(allotment) && suffices(allotment, missing) && room(sumUnits(own, allotment.units), allotment.units),
  );
  return [
    { kind: 'raise', groupId, name, units: missing },
    ...extendable.map(({ allotmentId, units }): RequiredChange => ({
      kind: 'extend',
      groupId,
      name,
      allotmentId,
      units,
    })),
  ];
}

const hasEnded = ({ phase }: LevelAllotment): boolean => phase === 'ended' || phase === 'grace';

function alternative(license: LevelLicense, missing: Units): RequiredChange[] {
  const { licenseId, phase, suspendedReason, revokedReason, units } = license;
  if (revokedReason !== null || !suffices(license, missing)) return [];
  if (phase === 'ended' && suspendedReason === null) return [{ kind: 'extend', licenseId, units }];
  return phase === 'active' && suspendedReason !== null ? [{ kind: 'reinstate', licenseId, units }] : [];
}
