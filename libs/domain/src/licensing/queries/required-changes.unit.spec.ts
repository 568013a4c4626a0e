import { describe, expect, it } from '@jest/globals';
import type { Resource, Units } from '../../words.js';
import { VENDOR } from '../limits/authority.js';
import { day, ProjectScenario, units } from '../project-scenario.harness.js';
import { quotaLevelsOf, restrictionOf } from './quota.js';
import { requiredChanges, type RequiredChange } from './required-changes.js';

const START = day('2026-06-01');
const END = day('2026-09-01');
const RESERVED = { poolMode: 'reserved' } as const;

const changes = (scenario: ProjectScenario, groupId: string, resource: Resource = 'sip_number') =>
  requiredChanges(quotaLevelsOf(scenario.state, groupId, scenario.now), resource);

const raise = (groupId: string, what: Units): RequiredChange => ({
  kind: 'raise',
  groupId,
  name: groupId.toUpperCase(),
  units: what,
});

/** The extension of an allotment, named by its place in the section. */
const extend = (scenario: ProjectScenario, groupId: string, place: number): RequiredChange => {
  const { allotmentId, units: what } = restrictionOf(scenario.state, groupId, scenario.now)!.allotments[place]!;
  return { kind: 'extend', groupId, name: groupId.toUpperCase(), allotmentId, units: what };
};

/** Units 1 and 2 in building A, which is in quarter B. The project has 100/100/100 without an end. */
const project = (): ProjectScenario => {
  const scenario = new ProjectScenario(START).open().place('b', 'a under b', 'u1 under a', 'u2 under a');
  scenario.plus(units(100, 100, 100));
  return scenario;
};

describe('the limits that have to change', () => {
  it('given units suspended in another group, when the limit above has room for what is in force, then it stays', () => {
    const scenario = project().restrict('a', units(10)).restrict('u1', units(5)).restrict('u2', units(4), END);
    scenario.assign('u2', 'sip_number', 4);
    scenario.assign('u1', 'sip_number', 4);
    scenario.assign('a', 'sip_number', 2);
    scenario.on(END);
    expect(changes(scenario, 'u1')).toStrictEqual([]);
    scenario.assign('u1', 'sip_number');
    expect(changes(scenario, 'u1')).toStrictEqual([raise('u1', units(1))]);
  });

  it('given groups with more than the project has together, when one of them rises, then the project stays', () => {
    const scenario = project().place('c').restrict('b', units(80)).restrict('c', units(80));
    scenario.assign('b', 'sip_number', 80);
    expect(changes(scenario, 'b')).toStrictEqual([raise('b', units(1))]);
  });

  it('given a reserved pool that is promised away, when a group in it has room, then nothing changes', () => {
    const scenario = project().restrict('a', units(80), null, RESERVED);
    scenario.restrict('u1', units(50)).restrict('u2', units(30));
    expect(changes(scenario, 'u1')).toStrictEqual([]);
  });

  it('given a reserved pool that is promised away, when a limit rises below the one it keeps, then the pool stays', () => {
    const scenario = project().restrict('b', units(10), null, RESERVED).restrict('a', units(10));
    scenario.restrict('u1', units(5)).assign('u1', 'sip_number', 5);
    expect(changes(scenario, 'u1')).toStrictEqual([raise('u1', units(1))]);
  });

  it('given a reserved pool that has lost keys it promised, when numbers are wanted, then the keys play no part', () => {
    const scenario = project();
    const allotments = [{ units: units(10) }, { units: units(0, 0, 3), validUntil: END }];
    scenario.do(scenario.restriction('a', allotments, RESERVED));
    scenario.restrict('u1', units(3), END).restrict('u2', units(0, 0, 3));
    scenario.on(END);
    expect(changes(scenario, 'a')).toStrictEqual([]);
    expect(changes(scenario, 'u1')).toStrictEqual([raise('u1', units(1)), extend(scenario, 'u1', 0)]);
    expect(changes(scenario, 'a', 'ukey2')).toStrictEqual([raise('a', units(0, 0, 4))]);
  });

  it('given units suspended in a reserved pool outside its groups, when one is raised, then they have room as well', () => {
    const scenario = project();
    scenario.do(scenario.restriction('a', [{ units: units(8) }, { units: units(4), validUntil: END }], RESERVED));
    scenario.restrict('u1', units(4)).restrict('u2', units(2));
    scenario.assign('u1', 'sip_number', 4);
    scenario.assign('a', 'sip_number', 6);
    scenario.on(END);
    // Kept for the groups: 6; in force outside them: 4; suspended: 2.
    expect(changes(scenario, 'u1')).toStrictEqual([raise('a', units(5)), raise('u1', units(1))]);
  });

  it('given a shared pool with more allotted than it has, when units are wanted outside, then nothing changes', () => {
    const scenario = project().restrict('a', units(8)).restrict('u1', units(6)).restrict('u2', units(6));
    expect(changes(scenario, 'a')).toStrictEqual([]);
  });

  it('given a capacity used up by all groups together, when a unit is wanted anywhere, then one is bought', () => {
    const scenario = new ProjectScenario(START).open().place('a', 'u1 under a', 'b');
    scenario.plus(units(10));
    scenario.assign('u1', 'sip_number', 4);
    scenario.assign('b', 'sip_number', 6);
    for (const groupId of ['u1', 'a', 'b', 'p'])
      expect(changes(scenario, groupId)).toStrictEqual([{ kind: 'buy', units: units(1) }]);
  });

  it('given a number that an app brings (R1), when the limit above lacks it, then it is raised though unused (R2)', () => {
    const scenario = project().restrict('a', units(4, 4)).restrict('u1', units(4));
    scenario.assign('u1', 'sip_number');
    expect(changes(scenario, 'u1', 'mobile_app')).toStrictEqual([raise('a', units(1)), raise('u1', units(1, 1))]);
  });

  it('given grace that keeps numbers and apps, when a number is wanted, then numbers alone are raised', () => {
    const scenario = project().restrict('u1', units(4, 2), END, { gracePeriodDays: 10 });
    scenario.assign('u1', 'sip_number', 3);
    scenario.assign('u1', 'mobile_app', 2);
    scenario.on(END);
    expect(changes(scenario, 'u1')).toStrictEqual([raise('u1', units(4)), extend(scenario, 'u1', 0)]);
  });
});

describe('an allotment that has ended', () => {
  it('is offered for extension if the pool above has not promised its units to others (R4)', () => {
    const scenario = project().restrict('a', units(10), null, RESERVED);
    scenario.restrict('u1', units(5), END).restrict('u2', units(5));
    scenario.on(END);
    expect(changes(scenario, 'u1')).toStrictEqual([raise('u1', units(1)), extend(scenario, 'u1', 0)]);
    scenario.restrict('u2', units(8));
    expect(changes(scenario, 'u1')).toStrictEqual([raise('u1', units(1))]);
  });

  it('is offered whatever a shared pool has promised', () => {
    const scenario = project().restrict('a', units(10)).restrict('u1', units(5), END).restrict('u2', units(8));
    scenario.on(END);
    expect(changes(scenario, 'u1')).toStrictEqual([raise('u1', units(1)), extend(scenario, 'u1', 0)]);
  });

  it.each<[string, number, (scenario: ProjectScenario) => unknown]>([
    ['the group above', 20, (scenario) => scenario.restrict('a', units(10))],
    [
      'the capacity',
      100,
      (scenario) => {
        scenario.plus(units(10));
        scenario.do({
          type: 'RevokeLicense',
          now: scenario.now,
          licenseId: 'license-1',
          reason: 'Returned',
          authority: VENDOR,
        });
      },
    ],
  ])('is not offered if, with what is in force beside it, it exceeds %s (R2)', (_above, ofA, lower) => {
    const scenario = project().restrict('a', units(ofA));
    scenario.do(scenario.restriction('u1', [{ units: units(4) }, { units: units(8), validUntil: END }]));
    scenario.assign('u1', 'sip_number', 4);
    scenario.on(END);
    expect(changes(scenario, 'u1')).toStrictEqual([raise('u1', units(1)), extend(scenario, 'u1', 1)]);
    lower(scenario);
    expect(changes(scenario, 'u1')).toStrictEqual([raise('u1', units(1))]);
  });
});

describe('licenses beside the one to buy', () => {
  it('are those that suffice: one that has ended to extend, one that is suspended to reinstate', () => {
    const scenario = new ProjectScenario(START).open();
    const license = (licenseId: string, sipNumbers: number, until: number | null) =>
      scenario.plus(units(sipNumbers), until, { licenseId });
    license('ended', 10, END);
    license('ended-too-small', 4, END);
    license('ended-and-revoked', 10, END);
    license('suspended', 10, null);
    license('suspended-too-small', 4, null);
    license('suspended-and-ended', 10, END);
    scenario.assign('p', 'sip_number', 4);
    for (const licenseId of ['suspended', 'suspended-too-small', 'suspended-and-ended'])
      scenario.do({ type: 'SuspendLicense', now: START, licenseId, reason: 'Unpaid', authority: VENDOR });
    scenario.on(END);
    const revoked = { licenseId: 'ended-and-revoked', reason: 'Returned', authority: VENDOR };
    scenario.do({ type: 'RevokeLicense', now: END, ...revoked });
    expect(changes(scenario, 'p')).toStrictEqual([
      { kind: 'buy', units: units(5) },
      { kind: 'extend', licenseId: 'ended', units: units(10) },
      { kind: 'reinstate', licenseId: 'suspended', units: units(10) },
    ]);
  });
});
