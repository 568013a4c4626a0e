import {
  joined,
  measure,
  overage,
  sustained as mostSustained,
  type Curve,
  type Measures,
  type Period,
  type Step,
} from '@allotree/domain';
import type { EntityManager } from 'typeorm';
import { inTurns } from '../in-turns.js';
import type { Cut, More } from './asked.js';
import { curvesIn, keyOf, useIn, type PlaceOfUse, type UseOf } from './recorded-use.js';
import type { ChildGroup } from './used-group.js';
import { partsOf, UseReader, type Parts } from './series.js';

/** After this many windows, other requests get their turn. */
const AT_A_TIME = 50;

/** The measures of a period. Those that nobody asked for are `undefined`. */
export interface AllMeasures extends Measures {
  readonly sustained?: number | null;
  readonly overageMs?: bigint;
}

/** The measures of a period and of its windows. */
export interface MeasuredUse {
  readonly total: AllMeasures;
  readonly windows: readonly AllMeasures[];
}

/** Windows, and what is measured in them. @param timeZone that of the project, in which whole days are measured */
export interface Measured extends Cut {
  readonly timeZone: string;
  readonly more: More;
}

const wantsMore = ({ sustained, committed }: More): boolean => sustained !== undefined || committed !== undefined;

/** Measures the use of groups in adjoining windows, by place (`keyOf`). */
export async function measuredUse(
  tx: EntityManager,
  of: UseOf,
  measured: Measured,
): Promise<ReadonlyMap<string, MeasuredUse>> {
  if (of.places.length === 0) return new Map();
  if (wantsMore(measured.more)) return inEach(await curvesIn(tx, of, measured.period), measured);
  const { windows, timeZone } = measured;
  const parts = await inTurns(windows, AT_A_TIME, (window) => partsOf(window, timeZone));
  const use = await useIn(tx, of, parts);
  const all = new Map<string, MeasuredUse>();
  for (const [key, recorded] of use) {
    const reader = new UseReader(recorded, timeZone);
    const each = await inTurns(parts, AT_A_TIME, (part: Parts) => reader.measure(part));
    all.set(key, { total: each.reduce(joined), windows: each });
  }
  return all;
}

async function inEach(
  curves: ReadonlyMap<string, Curve>,
  measured: Measured,
): Promise<ReadonlyMap<string, MeasuredUse>> {
  const all = new Map<string, MeasuredUse>();
  for (const [key, curve] of curves) all.set(key, await measuredCurve(curve, measured));
  return all;
}

/** Measures a curve of units in adjoining windows. */
export async function measuredCurve(
  curve: Curve,
  { period, windows, more }: Cut & { readonly more: More },
): Promise<MeasuredUse> {
  const within = (one: Period): AllMeasures => ({
    ...measure(curve, one),
    ...(more.sustained !== undefined && { sustained: mostSustained(curve, one, more.sustained) }),
    ...(more.committed !== undefined && { overageMs: overage(curve, more.committed, one) }),
  });
  return { total: within(period), windows: await inTurns(windows, AT_A_TIME, within) };
}

/** Measures the use of each group directly below another one, for as long as it was there. */
export async function measuredChildren(
  tx: EntityManager,
  of: Omit<UseOf, 'places'> & Pick<PlaceOfUse, 'projectId'>,
  children: readonly ChildGroup[],
  measured: Measured,
): Promise<ReadonlyMap<string, MeasuredUse>> {
  const { projectId, resource } = of;
  const placesOf = (groups: readonly ChildGroup[]): UseOf => ({
    resource,
    places: groups.map(({ groupId }) => ({ projectId, groupId })),
  });
  const moved = children.filter(({ wasElsewhere }) => wasElsewhere);
  const stayed = children.filter(({ wasElsewhere }) => !wasElsewhere);
  const all = new Map(await measuredUse(tx, placesOf(stayed), measured));
  const curves = await curvesIn(tx, placesOf(moved), measured.period);
  for (const { groupId, periods } of moved) {
    const key = keyOf({ projectId, groupId });
    all.set(key, await measuredCurve(whileThere(curves.get(key)!, periods), measured));
  }
  return all;
}

/** The use of a group while it was there; its use elsewhere counts as nothing. @param periods in which it was there; they ascend */
function whileThere({ open, steps }: Curve, periods: readonly Period[]): Curve {
  const there: Step[] = [];
  let next = 0;
  let units = open;
  for (const { from, until } of periods) {
    while (next < steps.length && steps[next]!.at <= from) units = steps[next++]!.units;
    if (there.at(-1)?.at === from) there.pop();
    there.push({ at: from, units });
    while (next < steps.length && steps[next]!.at < until) there.push(steps[next++]!);
    units = there.at(-1)!.units;
    there.push({ at: until, units: 0 });
  }
  return { open: 0, steps: there };
}
