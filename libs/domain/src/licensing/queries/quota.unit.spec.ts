import { describe, expect, it } from '@jest/globals';
import { PAUSE_EVERY } from '../../slices.js';
import { day, ProjectScenario, units } from '../project-scenario.harness.js';
import {
  ancestryOf,
  assignmentsOf,
  licensesOf,
  licensingInSlices,
  licensingOf,
  quotaOf,
  quotasOf,
  restrictionOf,
} from './quota.js';

const START = day('2026-06-01');
const END = day('2026-12-01');

/** Building A with 2/0/0 until December, in which apartment 1 has no limit of its own. */
const project = (): ProjectScenario => {
  const scenario = new ProjectScenario(START).open().place('a', 'a1 under a', 'b');
  scenario.plus(units(10));
  return scenario.restrict('a', units(2), END);
};

const unrestricted = { enabled: false, poolMode: 'shared', gracePeriodDays: 0, reminder: null, allotments: [] };

describe('questions about a project', () => {
  it('the path of a group goes from it up to the root', () => {
    const { state } = project();
    expect(ancestryOf(state, 'a1')).toStrictEqual(['a1', 'a', 'p']);
    expect(ancestryOf(state, 'nobody')).toBeNull();
  });

  it('an instant before the last recorded one counts as the last recorded one (U5)', () => {
    const scenario = project();
    scenario.on(END);
    const { state } = scenario;
    const quota = quotaOf(state, 'a', END);
    expect(quota!.effectivePeriod).toStrictEqual({ validFrom: END, validUntil: null });
    expect(quotaOf(state, 'a', START)).toStrictEqual(quota);
    expect(quotasOf(state, ['a'], START)).toStrictEqual([quota]);
  });

  it('the quotas of many groups are those of each, in their order', () => {
    const { state } = project();
    const quotas = quotasOf(state, ['b', 'nobody', 'a1'], END);
    expect(quotas).toStrictEqual([quotaOf(state, 'b', END), null, quotaOf(state, 'a1', END)]);
    expect(quotas[2]!.resources.sip_number.effectiveLimit).toBe(0);
  });

  it('a group that was never restricted has a Licenses section that is off', () => {
    expect(restrictionOf(project().state, 'a1', START)).toStrictEqual({ groupId: 'a1', ...unrestricted });
  });

  it('the licenses of devices are one that is active, in front of the others', () => {
    const scenario = project();
    scenario.do({ type: 'AddDevice', now: START, serialNumber: 'SN-1', groupId: 'a' });
    expect(licensesOf(scenario.state, START).map(({ type, status }) => [type, status])).toStrictEqual([
      ['basic', 'active'],
      ['plus', 'active'],
    ]);
  });

  it('an assignment is in force or suspended', () => {
    const scenario = project();
    const [first] = scenario.assign('a1');
    const shown = {
      assignmentId: first,
      groupId: 'a1',
      resource: 'sip_number',
      label: null,
      holder: null,
      sipAssignmentId: null,
      externalId: null,
      assignedAt: START,
    };
    expect(assignmentsOf(scenario.state, 'a1', START)).toStrictEqual([{ ...shown, status: 'in_force' }]);
    expect(assignmentsOf(scenario.state, 'a1', END)).toStrictEqual([{ ...shown, status: 'suspended' }]);
  });
});

describe('the licensing of a whole project', () => {
  it('has every section and every assignment of the groups that are left', () => {
    const scenario = project().restrict('b', units(1));
    scenario.assign('a1', 'sip_number', 2);
    scenario.assign('b');
    expect(licensingOf(scenario.state, START)).toStrictEqual({
      groups: 4,
      restrictions: ['a', 'b'].map((groupId) => restrictionOf(scenario.state, groupId, START)),
      assignments: ['a1', 'b'].flatMap((groupId) => assignmentsOf(scenario.state, groupId, START)),
    });
    scenario.do({ type: 'RemoveGroup', now: START, groupId: 'a' });
    expect(licensingOf(scenario.state, START)).toStrictEqual({
      groups: 2,
      restrictions: [restrictionOf(scenario.state, 'b', START)],
      assignments: assignmentsOf(scenario.state, 'b', START),
    });
  });

  it('pauses before the first section and the first assignments, and regularly from there', () => {
    const scenario = new ProjectScenario(START).open({ billingMode: 'postpaid' });
    const ids = Array.from({ length: PAUSE_EVERY + 1 }, (_, index) => `g${index}`);
    const groups = ids.map((groupId) => ({ groupId, parentId: 'p', type: 'custom' as const, name: groupId }));
    scenario.do({ type: 'PlaceGroups', now: START, groups });
    const pauses = (): number => [...licensingInSlices(scenario.state, START)].length;
    expect(pauses()).toBe(0);
    for (const groupId of ids) scenario.restrict(groupId, units(1));
    expect(pauses()).toBe(2);
    for (const groupId of ids) scenario.assign(groupId);
    expect(pauses()).toBe(4);
  });
});
