import { describe, expect, it } from '@jest/globals';
import { given } from '@allotree/testing/given';
import { GROUP_TYPES } from '../words.js';
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
    const reason = 'devices are in the group or below it: remove them first, their Basic licenses stay in the project';
    expect(departureOf(withDevice, 'a')).toStrictEqual({
      ok: false,
      refusal: { code: 'NOT_TRANSFERABLE', groupId: 'a', reason },
    });
    expect(departureOf(withDevice, 'x')).toEqual({ ok: false, refusal: { code: 'NOT_FOUND', what: 'group', id: 'x' } });
  });

  it('can leave once the last of its devices has left', () => {
    const [one, other] = ['S1', 'S2'].map((serialNumber) => ({
      serialNumber,
      groupId: 'a11',
      model: 'm',
      claimId: `c-${serialNumber}`,
    }));
    const leave = (serialNumber: string): TreeCommand => ({
      type: 'RemoveDevice',
      projectId: 'old',
      groupId: 'a11',
      serialNumber,
    });
    const withOne = given(groupTreeAggregate, [
      ...source.events,
      { type: 'DeviceAdded', data: one! },
      { type: 'DeviceAdded', data: other! },
    ])
      .when(leave('S1'))
      .then([{ type: 'DeviceRemoved', data: one! }]);
    expect(departureOf(withOne.state(), 'a').ok).toBe(false);
    const without = withOne.when(leave('S2')).then([{ type: 'DeviceRemoved', data: other! }]);
    expect(departureOf(without.state(), 'a')).toStrictEqual(departureOf(source.state(), 'a'));
  });

  it('takes external ids along only where there are any', () => {
    const columns = {
      origin: { projectId: 'old', groupId: 'a' },
      tenantId: 't',
      levels: GROUP_TYPES,
      level: [2, 2, 2],
      parents: [-1, 0, 1],
      names: ['A', 'One', 'Deep'],
    };
    expect(departureOf(source.state(), 'a')).toStrictEqual({ ok: true, departure: columns });
    const named: TreeEvent = {
      type: 'GroupDetailsChanged',
      data: { groupId: 'a1', type: 'unit', name: 'One', externalId: 'E1' },
    };
    expect(departureOf(given(groupTreeAggregate, [...source.events, named]).state(), 'a')).toStrictEqual({
      ok: true,
      departure: { ...columns, externalIds: [null, 'E1', null] },
    });
  });

  it.each([
    [1_000, [1_000]],
    [1_001, [1_000, 1]],
  ])('of %i groups arrives in events of at most 1,000', (count, sizes) => {
    const columns = {
      level: Array.from({ length: count }, (_, i) => (i === 0 ? 1 : 2)),
      parents: Array.from({ length: count }, (_, i) => (i === 0 ? -1 : 0)),
      names: Array.from({ length: count }, (_, i) => `Group ${i}`),
    };
    const last = count - 1;
    const externalIds = columns.names.map((_, i) => (i === last ? 'E1' : null));
    const arrived = { newId: 'n', parentId: 'b', levels: GROUP_TYPES, origin: { projectId: 'old', groupId: 'a' } };
    target.when({ type: 'AdoptSubtree', projectId: 'new', tenantId: 't', ...arrived, ...columns, externalIds }).then(
      sizes.map((size, i): TreeEvent => {
        const [first, end] = [i * 1_000, i * 1_000 + size];
        const { level, parents, names } = columns;
        const run = {
          level: level.slice(first, end),
          parents: parents.slice(first, end),
          names: names.slice(first, end),
          ...(last < end && { externalIds: externalIds.slice(first, end) }),
        };
        return { type: 'SubtreeAdopted', data: { ...arrived, first, ...run } };
      }),
    );
  });
});
