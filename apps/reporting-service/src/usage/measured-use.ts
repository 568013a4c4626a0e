import { setImmediate } from 'node:timers/promises';
import { joined, measure, type Measures, type Period } from '@allotree/domain';
import type { EntityManager } from 'typeorm';
import { useIn, type UseOf } from './recorded-use.js';
import type { ChildGroup } from './used-group.js';
import { partsOf, UseReader, type Parts } from './series.js';

/** After this many windows, other requests get their turn. */
const AT_A_TIME = 50;

/** The measures of a period and of its windows. */
export interface MeasuredUse {
  readonly total: Measures;
  readonly windows: readonly Measures[];
}

/** Measures the use of groups in adjoining windows. @param timeZone that of the project, in which whole days are measured */
export async function measuredUse(
  tx: EntityManager,
  of: UseOf,
  { windows, timeZone }: Windows,
): Promise<ReadonlyMap<string, MeasuredUse>> {
  if (of.groupIds.length === 0) return new Map();
  const parts = await inTurns(windows, (window) => partsOf(window, timeZone));
  const use = await useIn(tx, of, parts);
  const measured = new Map<string, MeasuredUse>();
  for (const [groupId, recorded] of use) {
    const reader = new UseReader(recorded, timeZone);
    const all = await inTurns(parts, (part: Parts) => reader.measure(part));
    measured.set(groupId, { total: all.reduce(joined), windows: all });
  }
  return measured;
}

interface Windows {
  readonly windows: readonly Period[];
  readonly timeZone: string;
}

/** Measures the use of each group directly below another one, for as long as it was there. */
export async function measuredChildren(
  tx: EntityManager,
  of: Omit<UseOf, 'groupIds'>,
  children: readonly ChildGroup[],
  windows: Windows,
): Promise<ReadonlyMap<string, MeasuredUse>> {
  const stayed = children.filter(({ wasElsewhere }) => !wasElsewhere).map(({ groupId }) => groupId);
  const measured = new Map(await measuredUse(tx, { ...of, groupIds: stayed }, windows));
  for (const child of children)
    if (child.wasElsewhere) measured.set(child.groupId, await measuredWhileThere(tx, of, child, windows));
  return measured;
}

/** Windows are cut where the group came or left; what it used elsewhere counts as nothing. */
async function measuredWhileThere(
  tx: EntityManager,
  of: Omit<UseOf, 'groupIds'>,
  { groupId, periods }: ChildGroup,
  { windows, timeZone }: Windows,
): Promise<MeasuredUse> {
  const pieces = windows.map((window) => cutAt(window, periods));
  const all = await measuredUse(tx, { ...of, groupIds: [groupId] }, { windows: pieces.flat(), timeZone });
  const measured = all.get(groupId)!.windows.values();
  const isThere = ({ from }: Period): boolean => periods.some((there) => there.from <= from && from < there.until);
  const cut = pieces.map((ofWindow) =>
    ofWindow
      .map((piece) => {
        const { value } = measured.next();
        return isThere(piece) ? (value as Measures) : measure({ open: 0, steps: [] }, piece);
      })
      .reduce(joined),
  );
  return { total: cut.reduce(joined), windows: cut };
}

function cutAt({ from, until }: Period, periods: readonly Period[]): readonly Period[] {
  const inside = periods.flatMap((there) => [there.from, there.until]).filter((at) => from < at && at < until);
  const cuts = [from, ...[...new Set(inside)].sort((a, b) => a - b), until];
  return cuts.slice(1).map((end, index) => ({ from: cuts[index]!, until: end }));
}

async function inTurns<Item, Result>(items: readonly Item[], work: (item: Item) => Result): Promise<Result[]> {
  const results: Result[] = [];
  for (const item of items) {
    if (results.push(work(item)) % AT_A_TIME === 0) await setImmediate();
  }
  return results;
}
