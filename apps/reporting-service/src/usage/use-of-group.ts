import type { UsageAnswer, UsageQuery } from '@allotree/contracts';
import type { Period } from '@allotree/domain';
import type { EntityManager } from 'typeorm';
import type { Cut, More } from './asked.js';
import { always, capacitiesIn } from './committed.js';
import { measuredChildren, measuredCurve, measuredUse, type Measured } from './measured-use.js';
import { measuresAnswer } from './measures-answer.js';
import { keyOf, type PlaceOfUse } from './recorded-use.js';
import { useByType } from './use-by-type.js';
import { childrenOf, usedGroup } from './used-group.js';
import { windowsIn } from './windows.js';

/** The use of a group that is asked for. */
export interface AskedOfGroup {
  readonly place: PlaceOfUse;
  readonly query: UsageQuery;
  readonly period: Period;
}

/**
 * The use of a group in a period.
 * @throws Problem where there was no such project or group, or the answer would have or look at too much
 */
export async function useOfGroup(tx: EntityManager, asked: AskedOfGroup): Promise<UsageAnswer> {
  const { place, query, period } = asked;
  const { groupId } = place;
  const { resource, window } = query;
  const { timeZone, recordedUntil } = await usedGroup(tx, place, period);
  const zone = query.timeZone ?? timeZone;
  const cutInto = (rows: number): Cut => ({ period, windows: windowsIn(period, { window, timeZone: zone }, rows) });
  const more = await moreOf(tx, asked);
  const { below, windows } = await rowsBelow(tx, asked, { cutInto, timeZone, more });
  const own = await measuredUse(tx, { resource, places: [place] }, { period, windows, timeZone, more });
  return {
    groupId,
    resource,
    timeZone: zone,
    final: period.until <= recordedUntil,
    ...measuresAnswer(own.get(keyOf(place))!, period, window === 'none' ? [] : windows),
    ...below,
  };
}

async function moreOf(tx: EntityManager, { place: { projectId }, query, period }: AskedOfGroup): Promise<More> {
  const { committed, sustained, resource } = query;
  if (committed !== 'capacity') return { sustained, committed: always(committed) };
  const capacities = await capacitiesIn(tx, { projectIds: [projectId], resource }, period);
  return { sustained, committed: capacities.get(projectId) };
}

interface HowToMeasure extends Omit<Measured, keyof Cut> {
  readonly cutInto: (rows: number) => Cut;
}

/** The rows of `groupBy`, and the windows of all rows of the answer. */
async function rowsBelow(
  tx: EntityManager,
  asked: AskedOfGroup,
  { cutInto, timeZone, more }: HowToMeasure,
): Promise<{ readonly below: Pick<UsageAnswer, 'children' | 'types'>; readonly windows: readonly Period[] }> {
  const { place, query, period } = asked;
  const { resource, groupBy } = query;
  const shown = (windows: readonly Period[]): readonly Period[] => (query.window === 'none' ? [] : windows);
  if (groupBy === 'type') {
    const curves = await useByType(tx, { ...place, resource }, period);
    const { windows } = cutInto(curves.size + 1);
    const types: NonNullable<UsageAnswer['types']> = [];
    for (const [type, curve] of curves) {
      const measured = await measuredCurve(curve, { period, windows, more });
      types.push({ type, ...measuresAnswer(measured, period, shown(windows)) });
    }
    return { below: { types }, windows };
  }
  if (groupBy === 'none') return { below: {}, windows: cutInto(1).windows };
  const children = await childrenOf(tx, place, period);
  const { windows } = cutInto(children.length + 1);
  const { projectId } = place;
  const all = await measuredChildren(tx, { projectId, resource }, children, { period, windows, timeZone, more });
  return {
    below: {
      children: children.map(({ groupId, name }) => {
        const measured = all.get(keyOf({ projectId, groupId }))!;
        return { groupId, name, ...measuresAnswer(measured, period, shown(windows)) };
      }),
    },
    windows,
  };
}
