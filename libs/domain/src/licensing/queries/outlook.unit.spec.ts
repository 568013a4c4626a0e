import { describe, expect, it } from '@jest/globals';
import { noCounts } from '../../limits.js';
import type { AssignmentRef } from '../model/events.js';
import { countsBelow, fallbacksAt, suspendedAt } from './outlook.js';
import { ProjectScenario, day, units } from '../project-scenario.harness.js';

const START = day('2026-06-01');
const END = day('2026-12-01');
const LATER = day('2027-01-01');

function scenario(options: { billingMode?: 'prepaid' | 'postpaid' } = {}): ProjectScenario {
  const one = new ProjectScenario(START).open(options);
  one.place('a', 'b', 'unit1 under a', 'unit2 under a');
  return one;
}
const license = (one: ProjectScenario, validUntil: number | null) =>
  one.do(one.grant({ licenseId: 'license', units: units(100, 50, 5), validUntil }));
const device = (one: ProjectScenario) => one.do({ type: 'AddDevice', now: one.now, serialNumber: 'd1', groupId: 'a' });

const at = (one: ProjectScenario, instant: number, ...groups: string[]) =>
  Object.fromEntries(fallbacksAt(one.state, groups, instant));

describe('what takes over at an end to come', () => {
  it('is what the group is allotted next, and nothing below a group that has nothing', () => {
    const one = scenario();
    license(one, LATER);
    one.do(
      one.restriction('a', [
        { units: units(10), validUntil: END },
        { type: 'basic', units: units(2), validFrom: END, validUntil: LATER },
      ]),
    );
    one.do(one.restriction('unit1', [{ units: units(5), validUntil: END }]));
    expect(at(one, START, 'a', 'unit1', 'unit2', 'b')).toEqual({ a: 'plus', unit1: 'plus', unit2: 'plus', b: 'plus' });
    expect(at(one, END, 'a', 'unit1', 'unit2', 'b')).toEqual({ a: 'basic', unit1: null, unit2: 'basic', b: 'plus' });
    expect(at(one, LATER, 'a', 'unit1', 'unit2', 'b')).toEqual({ a: null, unit1: null, unit2: null, b: null });
  });

  it('is Basic where only devices are left, whatever the allotments are called', () => {
    const one = scenario();
    license(one, END);
    device(one);
    one.do(one.restriction('a', [{ units: units(10) }]));
    expect(at(one, END - 1, 'p', 'a')).toEqual({ p: 'plus', a: 'plus' });
    expect(at(one, END, 'p', 'a')).toEqual({ p: 'basic', a: 'basic' });
  });

  it('is not Basic while any license is in force, and nothing for a group that has nothing of it', () => {
    const one = scenario();
    license(one, END);
    device(one);
    one.plus(units(3), LATER);
    one.restrict('a', units(10), END);
    expect(at(one, END, 'p', 'a', 'unit1')).toEqual({ p: 'plus', a: null, unit1: null });
    expect(at(one, LATER, 'p', 'a', 'unit1')).toEqual({ p: 'basic', a: null, unit1: null });
  });

  it('is Basic where there never was a license', () => {
    const one = scenario();
    device(one);
    expect(at(one, END, 'p', 'a')).toEqual({ p: 'basic', a: 'basic' });
    expect(at(scenario(), END, 'p', 'a')).toEqual({ p: null, a: null });
  });

  it('is what a postpaid project has anyway', () => {
    const one = scenario({ billingMode: 'postpaid' });
    device(one);
    one.do(one.restriction('a', [{ units: units(10), validUntil: END }]));
    expect(at(one, END - 1, 'a')).toEqual({ a: 'plus' });
    expect(at(one, END, 'a')).toEqual({ a: null });
  });

  it('says nothing of groups that are not there, and leaves the state as it is', () => {
    const one = scenario();
    license(one, END);
    const before = JSON.stringify(one.quota('a'));
    expect(at(one, END, 'nowhere', 'a')).toEqual({ a: null });
    expect(JSON.stringify(one.quota('a'))).toBe(before);
  });
});

describe('what is suspended at an end to come', () => {
  it('is what is suspended at that instant, not before it, and not what stays', () => {
    const one = scenario();
    one.plus(units(3), END);
    one.plus(units(1), LATER);
    const [first, ...others] = one.assign('b', 'sip_number', 2);
    one.restrict('a', units(1), day('2026-11-01'));
    const early = one.assign('unit1');
    const refs = (groupId: string, ids: readonly string[]) =>
      ids.map((assignmentId) => ({ assignmentId, groupId, resource: 'sip_number' }));
    expect(suspendedAt(one.state, day('2026-11-01'))).toStrictEqual(refs('unit1', early));
    expect(suspendedAt(one.state, day('2026-11-15'))).toStrictEqual([]);
    expect(suspendedAt(one.state, END)).toStrictEqual(refs('b', others));
    expect(suspendedAt(one.state, LATER)).toStrictEqual(refs('b', [first!]));
  });
});

describe('how many of some assignments are in groups and below them', () => {
  it('counts each at its group and at every group above that is asked for', () => {
    const one = scenario();
    const ref = (groupId: string, resource: AssignmentRef['resource']): AssignmentRef => ({
      assignmentId: `${groupId} ${resource}`,
      groupId,
      resource,
    });
    const some = [
      ref('unit1', 'sip_number'),
      ref('unit1', 'mobile_app'),
      ref('unit2', 'sip_number'),
      ref('a', 'ukey2'),
      ref('b', 'sip_number'),
      ref('gone', 'sip_number'),
    ];
    expect(Object.fromEntries(countsBelow(one.state, ['p', 'a', 'unit2', 'nowhere'], some))).toEqual({
      p: { sip_number: 3, mobile_app: 1, ukey2: 1 },
      a: { sip_number: 2, mobile_app: 1, ukey2: 1 },
      unit2: { sip_number: 1, mobile_app: 0, ukey2: 0 },
      nowhere: noCounts(),
    });
  });
});
