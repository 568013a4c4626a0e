import { describe, expect, it } from '@jest/globals';
import { given } from '@allotree/testing/given';
import { departureOf, generatedId, groupOf, groupTreeAggregate, type TreeCommand, type TreeEvent } from './index.js';

const project = (projectId: string): TreeEvent => ({
  type: 'ProjectCreated',
  data: {
    projectId,
    tenantId: 't',
    partnerId: 't',
    timeZone: 'UTC',
    billingMode: 'prepaid',
    trial: false,
    name: projectId,
  },
});
const placed = (groupId: string, parentId: string, name: string): TreeEvent => ({
  type: 'GroupCreated',
  data: { groupId, parentId, type: 'unit', name },
});
const kim = { userId: 'u', email: 'kim@example.com', name: 'Kim', role: 'user' } as const;
const source = given(groupTreeAggregate, [
  project('old'),
  placed('a', 'old', 'A'),
  placed('a1', 'a', 'One'),
  placed('a11', 'a1', 'Deep'),
  { type: 'MemberAdded', data: { memberId: 'm', groupId: 'a1', ...kim } },
]);
const target = given(groupTreeAggregate, [project('new'), placed('b', 'new', 'B')]);

const arrival = (parentId = 'b'): TreeCommand => {
  const departure = departureOf(source.state(), 'a');
  if (!departure.ok) throw new Error(departure.refusal.code);
  return { type: 'AdoptSubtree', projectId: 'new', newId: 'n', parentId, ...departure.departure };
};

describe('a subtree that moves to another project (G3)', () => {
  it('arrives with its shape, names and types, under new ids and without its members (P4), once', () => {
    const { decision } = target.when(arrival());
    expect(decision).toMatchObject({
      ok: true,
      events: [
        {
          type: 'SubtreeAdopted',
          data: {
            first: 0,
            parents: [-1, 0, 1],
            names: ['A', 'One', 'Deep'],
            origin: { projectId: 'old', groupId: 'a' },
          },
        },
      ],
    });
    target.when(arrival()).thenState((state) => {
      expect(groupOf(state, generatedId('n', 2))?.path.map((step) => step.name)).toEqual([
        'new',
        'B',
        'A',
        'One',
        'Deep',
      ]);
      expect(groupOf(state, 'n_0')?.type).toBe('unit');
    });
    if (decision.ok)
      given(groupTreeAggregate, [...target.events, ...decision.events])
        .when(arrival())
        .then([]);
  });

  it('is refused by a project of another tenant (P4)', () => {
    const foreign = project('new') as Extract<TreeEvent, { type: 'ProjectCreated' }>;
    given(groupTreeAggregate, [{ ...foreign, data: { ...foreign.data, tenantId: 'another' } }])
      .when(arrival('new'))
      .then({
        code: 'NOT_TRANSFERABLE',
        groupId: 'a',
        reason: 'groups do not move to a project of another tenant',
      });
  });

  it('needs a free name and a parent there', () => {
    given(groupTreeAggregate, [...target.events, placed('b1', 'b', 'a')])
      .when(arrival())
      .then({ code: 'NAME_TAKEN', parentId: 'b', names: ['a'], count: 1 });
    target.when(arrival('nowhere')).then({ code: 'NOT_FOUND', what: 'group', id: 'nowhere' });
  });

  it('keeps within 32 levels', () => {
    const chain = Array.from({ length: 29 }, (_, i) => placed(`g${i}`, i === 0 ? 'b' : `g${i - 1}`, 'x'));
    const deep = given(groupTreeAggregate, [...target.events, ...chain]);
    deep
      .when(arrival('g27'))
      .then({ code: 'VALIDATION', field: 'parentId', message: 'groups go at most 32 levels deep' });
    expect(deep.when(arrival('g26')).decision.ok).toBe(true);
  });

  it('stays while devices are in it, and must be a group of the project', () => {
    const device: TreeEvent = {
      type: 'DeviceAdded',
      data: { serialNumber: 'S', groupId: 'a11', model: 'm', claimId: 'c' },
    };
    const withDevice = given(groupTreeAggregate, [...source.events, device]).state();
    expect(departureOf(withDevice, 'a')).toMatchObject({
      ok: false,
      refusal: { code: 'NOT_TRANSFERABLE', groupId: 'a' },
    });
    expect(departureOf(withDevice, 'x')).toEqual({ ok: false, refusal: { code: 'NOT_FOUND', what: 'group', id: 'x' } });
  });
});
