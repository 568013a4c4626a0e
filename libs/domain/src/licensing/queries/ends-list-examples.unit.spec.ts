import { describe, expect, it } from '@jest/globals';
import { ProjectScenario, day, units } from '../project-scenario.harness.js';
import { projectAggregate } from '../project.aggregate.js';
import { EndsList, type EndsPage, type EndsQuery } from './ends-list.js';

const START = day('2026-01-01');
const SPRING = day('2026-04-01');
const AUTUMN = day('2026-10-01');
const WINTER = day('2026-12-01');
const NEW_YEAR = day('2027-01-01');

const pageOf = ({ state }: ProjectScenario, question: Partial<EndsQuery> & Pick<EndsQuery, 'at'>): EndsPage =>
  new EndsList(state, START).at({ within: null, seen: null, from: '', atMost: 10, ...question });

const groupsOf = ({ ends, looked, until }: EndsPage) => [ends.map(({ groupId }) => groupId), looked, until];
const NOTHING: EndsPage = { ends: [], looked: 0, until: null };

/** Building a ends in autumn, with limits at u1 and at u2 behind x, which has none; building b in winter; c is switched off. */
function buildings(): ProjectScenario {
  const s = new ProjectScenario(START).open().place('a', 'b', 'c', 'u1 under a', 'x under a', 'u2 under x');
  s.plus(units(100), null, { licenseId: 'stays' });
  s.restrict('a', units(50), AUTUMN, { newIds: ['of-a'] });
  s.restrict('u1', units(40)).restrict('u2', units(30));
  s.restrict('b', units(10), WINTER);
  s.restrict('c', units(10), AUTUMN, { enabled: false });
  return s;
}

const ofGroup = (groupId: string, what: number) => ({
  groupId,
  groupName: groupId.toUpperCase(),
  what: 'group',
  id: groupId,
  type: 'plus',
  units: units(what),
  remaining: units(0),
  ownUntil: null,
  endsWith: { groupId: 'a', name: 'A' },
});

describe('the end of a building in a list (E5)', () => {
  const allotment = { ...ofGroup('a', 50), what: 'allotment', id: 'of-a', ownUntil: AUTUMN };

  it('is that of its allotment and of the groups with limits below it, and no other group is examined', () => {
    const ends = [allotment, ofGroup('u1', 40), ofGroup('u2', 30)];
    expect(pageOf(buildings(), { at: AUTUMN })).toStrictEqual({ ends, looked: 3, until: null });
  });

  it('is listed once where a unit ends with it by its own term', () => {
    const s = buildings();
    s.restrict('u1', units(40), AUTUMN, { newIds: ['of-u1'] });
    const unit = { ...ofGroup('u1', 40), what: 'allotment', id: 'of-u1', ownUntil: AUTUMN };
    const { ends } = pageOf(s, { at: AUTUMN, within: ['u1'] });
    expect(ends).toStrictEqual([{ ...unit, endsWith: { groupId: 'u1', name: 'U1' } }]);
    expect(groupsOf(pageOf(s, { at: AUTUMN }))).toEqual([['a', 'u1', 'u2'], 3, null]);
  });

  it('is that of every named group below it, with a limit or without', () => {
    const { ends } = pageOf(buildings(), { at: AUTUMN, within: ['x'] });
    expect(ends).toStrictEqual([ofGroup('u2', 30), ofGroup('x', 50)]);
    expect(groupsOf(pageOf(buildings(), { at: AUTUMN, within: ['a'] }))).toEqual([['a', 'u1', 'u2'], 3, null]);
    expect(groupsOf(pageOf(buildings(), { at: AUTUMN, within: ['p'] }))).toEqual([['a', 'u1', 'u2'], 3, null]);
  });

  it('is not that of a named group elsewhere, and no group is examined at an instant at which nothing ends', () => {
    const s = buildings();
    expect(pageOf(s, { at: AUTUMN, within: ['b', 'c'] })).toStrictEqual(NOTHING);
    expect(pageOf(s, { at: SPRING })).toStrictEqual(NOTHING);
    expect(pageOf(s, { at: SPRING, within: ['p', 'a', 'b'] })).toStrictEqual(NOTHING);
    s.plus(units(5), null, { validFrom: SPRING });
    s.do(s.restriction('b', [{ units: units(1), validFrom: SPRING }]));
    expect(pageOf(s, { at: SPRING })).toStrictEqual(NOTHING);
    const nothing = new EndsList(projectAggregate.initial(), START);
    expect(nothing.at({ at: SPRING, within: null, seen: null, from: '', atMost: 1 })).toStrictEqual(NOTHING);
  });

  it('is named to who sees the building', () => {
    const named = (seen: readonly string[]) =>
      pageOf(buildings(), { at: AUTUMN, within: ['u1'], seen }).ends.map(({ endsWith }) => endsWith);
    expect(named(['p'])).toEqual([{ groupId: 'a', name: 'A' }]);
    expect(named(['b', 'a'])).toEqual([{ groupId: 'a', name: 'A' }]);
    expect(named(['u1'])).toEqual([null]);
  });

  it('is found below a named group', () => {
    const s = buildings();
    s.restrict('u2', units(30), SPRING);
    expect(groupsOf(pageOf(s, { at: SPRING, within: ['a'] }))).toEqual([['u2'], 1, null]);
    expect(pageOf(s, { at: SPRING, within: ['u1', 'b'] })).toStrictEqual(NOTHING);
  });
});

describe('the end of a license in a list (E5)', () => {
  /** The license with Siri ends in autumn; what stays is enough for every group. */
  function siri(): ProjectScenario {
    const s = new ProjectScenario(START).open().place('a', 'b', 'c', 'd', 'e');
    s.plus(units(50), null, { licenseId: 'stays', features: [] });
    s.plus(units(50), AUTUMN, { licenseId: 'l', features: ['siri'] });
    const two = { units: units(2), features: ['siri'] as const };
    s.do(
      s.restriction('a', [
        { ...two, validUntil: WINTER },
        { ...two, validUntil: NEW_YEAR },
      ]),
    );
    s.do(s.restriction('b', [{ ...two, validUntil: WINTER }, two]));
    s.do(s.restriction('c', [two]));
    s.do(s.restriction('e', [two], { enabled: false }));
    return s;
  }

  it('is that of the main group and of groups with limits that lose something, each with the end of its own terms', () => {
    const endsWith = { licenseId: 'l', name: 'Hafenblick' };
    const of = (groupId: string, what: number, ownUntil: number | null) => {
      const worth = { type: 'plus', units: units(what), remaining: units(what), ownUntil, endsWith };
      return { groupId, groupName: groupId.toUpperCase(), what: 'group', id: groupId, ...worth };
    };
    const license = { ...of('p', 50, AUTUMN), groupName: 'Hafenblick', what: 'license', id: 'l' };
    const groups = [of('a', 4, NEW_YEAR), of('b', 4, null), of('c', 2, null)];
    expect(pageOf(siri(), { at: AUTUMN })).toStrictEqual({ ends: [...groups, license], looked: 4, until: null });
    const named = pageOf(siri(), { at: AUTUMN, within: ['d'] });
    expect(named).toStrictEqual({ ends: [{ ...of('d', 100, null), remaining: units(50) }], looked: 1, until: null });
  });

  it('is named to who sees the whole project, and is not of a group that is gone', () => {
    const named = (seen: readonly string[]) =>
      pageOf(siri(), { at: AUTUMN, within: ['c'], seen }).ends.map(({ endsWith }) => endsWith);
    expect(named(['p'])).toEqual([{ licenseId: 'l', name: 'Hafenblick' }]);
    expect(named(['a', 'c'])).toEqual([null]);
    expect(pageOf(siri(), { at: AUTUMN, within: ['gone'] })).toStrictEqual(NOTHING);
  });

  it('stands among the allotments of the main group in the order of their ids', () => {
    const s = siri();
    const until = { units: units(1), validUntil: AUTUMN };
    s.do(
      s.restriction('p', [until, until, until, { units: units(20), features: ['siri'] }], {
        newIds: ['z', 'k', 'm', 'a'],
      }),
    );
    const { ends } = pageOf(s, { at: AUTUMN, from: 'p' });
    expect(ends.map(({ id }) => id)).toEqual(['k', 'l', 'm', 'z']);
  });
});

describe('pages of a list of ends', () => {
  const ORDERS = [
    [1, 2, 3, 4, 5, 6, 7, 8, 9],
    [9, 8, 7, 6, 5, 4, 3, 2, 1],
    [8, 3, 9, 5, 1, 7, 2, 6, 4],
  ];
  /** Groups g1 to g9 end with a license. */
  function groups(order: readonly number[]): ProjectScenario {
    const s = new ProjectScenario(START).open().place(...order.map((n) => `g${n}`));
    s.plus(units(100), AUTUMN);
    for (const n of order) s.restrict(`g${n}`, units(n));
    return s;
  }
  const ALL = [...[1, 2, 3, 4, 5, 6, 7, 8, 9].map((n) => `g${n}`), 'p'];

  it.each(ORDERS.map((order) => ({ order })))('are in the order of ids, whatever their size ($order)', ({ order }) => {
    const s = groups(order);
    for (let atMost = 1; atMost <= ALL.length + 1; atMost += 1)
      for (let start = 0; start < ALL.length; start += 1) {
        const page = pageOf(s, { at: AUTUMN, from: ALL[start]!, atMost });
        const here = ALL.slice(start, start + atMost);
        expect(groupsOf(page)).toEqual([here, here.length, start + atMost < ALL.length ? here.at(-1) : null]);
      }
  });

  it('contain a group once that was named often, and what comes after it', () => {
    const within = ['g1', 'g1', 'g1', 'g2'];
    const s = groups(ORDERS[0]!);
    expect(groupsOf(pageOf(s, { at: AUTUMN, within, atMost: 1 }))).toEqual([['g1'], 1, 'g1']);
    expect(groupsOf(pageOf(s, { at: AUTUMN, within, atMost: 1, from: 'g1-' }))).toEqual([['g2'], 1, null]);
  });
});
