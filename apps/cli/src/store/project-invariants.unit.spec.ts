import { projectAggregate, type ProjectState } from '@allotree/domain';
import { describe, expect, it } from '@jest/globals';
import { projectFaults } from './project-invariants.js';

const AT = Date.parse('2026-06-01T00:00:00Z');
const UNTIL = Date.parse('2026-07-01T00:00:00Z');
const UNITS = { sip_number: 2, mobile_app: 1, ukey2: 0 };

/** A project with a building that is limited to two numbers and uses both, one with an app. */
function project(): ProjectState {
  const state = projectAggregate.initial();
  state.totals.project = {
    projectId: 'p',
    tenantId: 't',
    partnerId: 't',
    name: 'Hafenblick',
    timeZone: 'Europe/Berlin',
    billingMode: 'prepaid',
  };
  state.totals.now = AT;
  state.groups.put('p', {
    groupId: 'p',
    parentId: null,
    type: 'company',
    name: 'Hafenblick',
    children: new Set(['b']),
  });
  state.groups.put('b', { groupId: 'b', parentId: 'p', type: 'building', name: 'Building', children: null });
  state.devices.put('S1', { groupId: 'b' });
  const term = { type: 'basic' as const, units: UNITS, features: [], validFrom: 0, validUntil: UNTIL };
  state.restrictions.put('b', {
    enabled: true,
    poolMode: 'shared',
    gracePeriodDays: 0,
    reminder: null,
    allotments: [{ ...term, allotmentId: 'a', sequence: 1, phase: 'active' }],
    place: null,
    own: UNITS,
    keeping: UNITS,
    features: 0,
  });
  const unit = {
    groupId: 'b',
    label: null,
    holder: null,
    externalId: null,
    assignedAt: 0,
    inForce: true,
    pairedWith: null,
  };
  state.assignments.put('n1', {
    ...unit,
    assignmentId: 'n1',
    resource: 'sip_number',
    sipAssignmentId: null,
    sequence: 2,
  });
  state.assignments.put('n2', {
    ...unit,
    assignmentId: 'n2',
    resource: 'sip_number',
    sipAssignmentId: null,
    sequence: 3,
  });
  state.assignments.put('m1', {
    ...unit,
    assignmentId: 'm1',
    resource: 'mobile_app',
    sipAssignmentId: 'n1',
    sequence: 4,
  });
  return state;
}

/** The faults of the project after a change. */
function faultsAfter(change: (state: ProjectState) => void): readonly string[] {
  const state = project();
  change(state);
  return projectFaults(state);
}

describe('the invariants of a project', () => {
  it('hold for one that keeps the rules', () => {
    expect(projectFaults(project())).toEqual([]);
    expect(projectFaults(projectAggregate.initial())).toEqual([]);
  });

  it('name use beyond the limit of a group and of the project', () => {
    const third = (state: ProjectState): void =>
      state.assignments.put('n3', { ...state.assignments.get('n2')!, assignmentId: 'n3', sequence: 5 });
    expect(faultsAfter(third)).toEqual([
      '3 sip_number are in force, and the project has 2 (U3)',
      '3 sip_number are in force in group b, and its limit is 2 (U3)',
    ]);
    const postpaid = (state: ProjectState): void => {
      third(state);
      state.totals.project = { ...state.totals.project!, billingMode: 'postpaid' };
    };
    expect(faultsAfter(postpaid)).toEqual(['3 sip_number are in force in group b, and its limit is 2 (U3)']);
  });

  it('name what is in force after the end of its term, unless it is in grace', () => {
    const ended = (state: ProjectState): void => void (state.totals.now = UNTIL);
    expect(faultsAfter(ended)).toEqual([
      '2 sip_number are in force in group b, and its limit is 0 (U3)',
      '1 mobile_app are in force in group b, and its limit is 0 (U3)',
    ]);
    const inGrace = (state: ProjectState): void => {
      ended(state);
      state.restrictions.get('b')!.gracePeriodDays = 1;
    };
    expect(faultsAfter(inGrace)).toEqual([]);
    const off = (state: ProjectState): void => {
      ended(state);
      state.restrictions.get('b')!.enabled = false;
    };
    expect(faultsAfter(off)).toEqual([]);
  });

  it('name apps without a number of their own, terms the wrong way round and groups outside the tree', () => {
    expect(faultsAfter((state) => void (state.assignments.get('n1')!.inForce = false))).toEqual([
      'app m1 is in force without its number (U2)',
    ]);
    expect(
      faultsAfter((state) =>
        state.restrictions.get('b')!.allotments.push({
          ...state.restrictions.get('b')!.allotments[0]!,
          allotmentId: 'w',
          units: { sip_number: 0, mobile_app: 1, ukey2: 0 },
          validFrom: UNTIL,
          validUntil: AT,
        }),
      ),
    ).toEqual([
      'allotment w of group b has fewer sip_number than mobile_app (R1)',
      'allotment w of group b ends before it starts',
    ]);
    const orphan = { groupId: 'o', parentId: 'gone', type: 'building', name: 'Orphan', children: null } as const;
    expect(faultsAfter((state) => state.groups.put('o', { ...orphan }))).toEqual([
      'group o is not below the root (G1)',
    ]);
  });
});
