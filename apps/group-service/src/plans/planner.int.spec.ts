import { describe, expect, it } from '@jest/globals';
import { devicesOf, generatedGroups, groupsOf, groupTreeAggregate, type TreeEvent } from '@allotree/domain';
import type { PermissionChecker } from '@allotree/identity';
import { given } from '@allotree/testing/given';
import type { CarryingAuthorities } from '../groups/carrying-authority.js';
import type { Trees } from '../groups/trees.js';
import type { CurrentProjects, ReadProject } from './current-projects.js';
import { PlanPlaces } from './plan-places.js';
import { Planner } from './planner.js';
import type { PlanServices } from './services.js';
import { Access } from './visible-project.js';

const projectId = 'hafenblick';
const created: TreeEvent = {
  type: 'ProjectCreated',
  data: {
    projectId,
    tenantId: 'nordlicht',
    partnerId: 'dealer',
    timeZone: 'UTC',
    billingMode: 'prepaid',
    trial: false,
    name: 'Hafenblick',
  },
};
const document = {
  project: { name: 'Hafenblick', groups: ['A', 'B', 'C'].map((name) => ({ name, type: 'building' })) },
};

/** The rest of a plan that is being applied, in a project with these events. */
function planAfter(events: readonly TreeEvent[]) {
  const state = given(groupTreeAggregate, events).state();
  const groups = groupsOf(state);
  const read: ReadProject = {
    project: {
      projectId,
      timeZone: 'UTC',
      createdAt: 0,
      groups,
      devices: devicesOf(state),
      restrictions: [],
      assignments: [],
    },
    access: new Access(groups, () => new Set(['groups:manage'] as const)),
    tenantId: 'nordlicht',
    revisions: { groups: events.length, licensing: 0 },
  };
  const planner = new Planner(
    { read: () => Promise.resolve(read) } as unknown as CurrentProjects,
    {} as Trees,
    {} as PlanServices,
    {} as CarryingAuthorities,
    {} as PermissionChecker,
    new PlanPlaces(),
  );
  const principal = { userId: 'ada' } as Parameters<Planner['plan']>[1]['principal'];
  return planner.plan({ projectId, planId: 'plan', document, prune: false, isBegun: true }, { principal });
}

/** The events after the groups of the plan are applied, and the new groups among them by name. */
async function applied(events: readonly TreeEvent[]) {
  const { tree } = await planAfter(events);
  const { decision } = given(groupTreeAggregate, events).when({ type: 'ReshapeTree', projectId, ...tree });
  if (!decision.ok) throw new Error(decision.refusal.code);
  const added = decision.events.flatMap((event) =>
    event.type === 'GroupsGenerated' ? generatedGroups(event.data) : [],
  );
  return { events: [...events, ...decision.events], added: new Map(added.map(({ name, groupId }) => [name, groupId])) };
}

describe('a plan that goes on after its groups were applied', () => {
  it('has no groups left to add', async () => {
    const first = await applied([created]);
    expect([...first.added.keys()]).toEqual(['A', 'B', 'C']);
    expect((await applied(first.events)).events).toEqual(first.events);
  });

  it('adds a removed group again under a new id', async () => {
    const first = await applied([created]);
    const removed: TreeEvent = { type: 'SubtreeRemoved', data: { groupId: first.added.get('B') as string } };
    const second = await applied([...first.events, removed]);
    expect([...second.added.keys()]).toEqual(['B']);
    expect([...first.added.values()]).not.toContain(second.added.get('B'));
  });
});
