import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { UsageAnswer, UsageMeasures } from '@allotree/contracts';
import { ProjectsUsageQuery, UsageQuery, UsageTopQuery } from '@allotree/contracts';
import fc from 'fast-check';
import { Past } from '../quotas/past.harness.js';
import { projectsIn } from './over-projects/projects.js';
import { useOverProjects } from './over-projects/use-over-projects.js';
import { topOf } from './top/top.js';
import { useOfGroup } from './use-of-group.js';
import {
  above,
  changes,
  GROUP_NAMES,
  lasting,
  lookedAt,
  PARTNERS,
  tick,
  TICKS,
  UsedProject,
  type Change,
} from './used-projects.fixture.js';

let past: Past;
beforeAll(async () => {
  past = await Past.open();
  await past.record(PARTNERS);
});
afterAll(() => past.close());

const periods = fc
  .tuple(fc.nat({ max: TICKS - 2 }), fc.integer({ min: 1, max: TICKS }))
  .map(([from, length]) => ({ from: tick(from), until: tick(Math.min(TICKS - 1, from + length)) }));

const asked = ({ from, until }: { from: number; until: number }) => ({
  resource: 'sip_number',
  from: new Date(from).toISOString(),
  to: new Date(until).toISOString(),
});

const windowOf = ({ from, until }: UsageMeasures) => ({ from: Date.parse(from), until: Date.parse(until) });
const numbers = ({ open, close, peak, peakAt, low, unitMs }: UsageMeasures) => ({
  open,
  close,
  peak,
  peakAt,
  low,
  unitMs,
});

/** Compares measures with those of every tick. */
function expectMeasures(measured: Pick<UsageAnswer, 'total' | 'windows'>, units: readonly number[]): void {
  for (const each of [measured.total, ...measured.windows])
    expect(numbers(each)).toEqual(lookedAt(units, windowOf(each)));
}

let histories = 0;

/** Two projects of two partners, in the tables. */
async function recorded([first, second]: readonly [readonly Change[], readonly Change[]]) {
  histories += 1;
  const projects = [
    new UsedProject(`one-${histories}`, { partnerId: 'nordlicht', timeZone: 'Europe/Berlin' }, first),
    new UsedProject(`two-${histories}`, { partnerId: 'dealer', timeZone: 'Asia/Kathmandu' }, second),
  ] as const;
  await past.record(...projects.map(({ events }) => events));
  const roots = projects.map(({ id }) => ({ projectId: id, groupId: id }));
  return { projects, inReach: { tenantIds: [], partnerIds: [], groups: roots } };
}

const sum = (...all: readonly (readonly number[])[]): number[] =>
  all[0]!.map((_, index) => all.reduce((total, units) => total + units[index]!, 0));

const window = fc.constantFrom('none' as const, 'PT1H' as const, 'P1D' as const, 'P1W' as const);

describe('random use', () => {
  it('is measured as by looking at every instant: groups, children, types, the top', async () => {
    await fc.assert(
      fc.asyncProperty(
        changes,
        periods,
        window,
        fc.integer({ min: 1, max: 90 }),
        async (stories, period, cut, ticks) => {
          const [project] = (await recorded(stories)).projects;
          const committed = project.then.map(({ capacity }) => capacity);
          const of = (group: string, more: object) => {
            const query = UsageQuery.parse({ ...asked(period), window: cut, ...more });
            const place = { projectId: project.id, groupId: project.groupId(group) };
            return past.read((tx) => useOfGroup(tx, { place, query, period }));
          };
          for (const group of GROUP_NAMES) expectMeasures(await of(group, {}), project.units(group));

          const root = await of('root', { groupBy: 'type', committed: 'capacity', sustained: `PT${ticks * 15}M` });
          const units = project.units('root');
          for (const each of [root.total, ...root.windows]) {
            const { unitMs } = lookedAt(above(units, committed), windowOf(each));
            expect([each.overageMs, each.sustained]).toEqual([unitMs, lasting(units, windowOf(each), ticks)]);
          }
          for (const type of root.types!) expectMeasures(type, project.unitsOfType('root', type.type));
          const ofTypes = root.types!.reduce((total, type) => total + BigInt(type.total.unitMs), 0n);
          expect(ofTypes.toString()).toBe(root.total.unitMs);

          const building = await of('a', { groupBy: 'child', committed: '2' });
          for (const child of building.children!) {
            const name = GROUP_NAMES.find((each) => project.groupId(each) === child.groupId)!;
            const there = project.then.map(({ parents }, index) =>
              parents[name] === 'a' ? project.units(name)[index]! : 0,
            );
            expectMeasures(child, there);
            const over = above(
              there,
              there.map(() => 2),
            );
            expect(child.total.overageMs).toBe(lookedAt(over, period).unitMs);
          }

          for (const measure of ['peak', 'average', 'growth'] as const) {
            const query = UsageTopQuery.parse({ ...asked(period), measure });
            const top = await past.read((tx) => topOf(tx, { projectId: project.id, query, period, reach: null }));
            const all = GROUP_NAMES.map((name) => ({
              groupId: project.groupId(name),
              ...lookedAt(project.units(name), period),
            }));
            const by = (one: (typeof all)[number]): number => {
              return measure === 'growth' ? one.close - one.open : measure === 'peak' ? one.peak : Number(one.unitMs);
            };
            const used = all.filter(({ groupId }) => top.items.some((item) => item.groupId === groupId));
            used.sort((one, other) => by(other) - by(one) || (one.groupId < other.groupId ? -1 : 1));
            expect(top.items.map((item) => ({ groupId: item.groupId, ...numbers(item) }))).toEqual(used);
            // Those left out have used nothing.
            expect(all.filter((one) => !used.includes(one)).every(({ peak }) => peak === 0)).toBe(true);
          }
        },
      ),
      { numRuns: 8 },
    );
  });

  it('of several projects together is measured as by looking at every instant', async () => {
    await fc.assert(
      fc.asyncProperty(changes, periods, window, async (stories, period, cut) => {
        const { projects, inReach } = await recorded(stories);
        const [first, second] = projects;
        const over = (more: object) => {
          const query = ProjectsUsageQuery.parse({
            ...asked(period),
            window: cut,
            timeZone: 'Asia/Kathmandu',
            ...more,
          });
          return past.read(async (tx) =>
            useOverProjects(tx, { query, period, projects: await projectsIn(tx, inReach, { query, period }) }),
          );
        };
        const ofEach = await over({});
        expect(ofEach.items.map(({ projectId }) => projectId)).toEqual([first.id, second.id]);
        ofEach.items.forEach((item, index) => expectMeasures(item, projects[index]!.units('root')));
        expect((await over({ sustained: 'PT1S' })).items.map(({ total }) => numbers(total))).toEqual(
          ofEach.items.map(({ total }) => numbers(total)),
        );

        const ofPartners = await over({ groupBy: 'partner' });
        expect(ofPartners.items.map(({ partnerId }) => partnerId)).toEqual(['dealer', 'nordlicht']);
        expectMeasures(ofPartners.items[0]!, second.units('root'));
        const below = await over({ partnerId: 'dealer' });
        expect(below.items.map(({ projectId }) => projectId)).toEqual([second.id]);

        const { items } = await over({ groupBy: 'resource', committed: 'capacity' });
        expect(items.map(({ resource, projectCount }) => [resource, projectCount])).toEqual([['sip_number', 2]]);
        const [all] = items;
        const units = sum(first.units('root'), second.units('root'));
        expectMeasures(all!, units);
        const capacity = first.then.map((then, index) => {
          const other = second.then[index]!.capacity;
          return then.capacity === null || other === null ? null : then.capacity + other;
        });
        expect(all!.total.overageMs).toBe(lookedAt(above(units, capacity), period).unitMs);
      }),
      { numRuns: 8 },
    );
  });
});
