import { describe, expect, it } from '@jest/globals';
import { given } from '@allotree/testing/given';
import {
  departureOf,
  deviceOf,
  groupOf,
  groupTreeAggregate,
  type DeviceFacts,
  type MemberFacts,
  type TreeCommand,
  type TreeEvent,
} from './index.js';

const projectId = 'hafenblick';
const created = (id: string): TreeEvent => ({
  type: 'ProjectCreated',
  data: {
    projectId: id,
    tenantId: 'nordlicht',
    partnerId: 'dealer',
    timeZone: 'UTC',
    billingMode: 'prepaid',
    trial: false,
    name: id,
  },
});
const building = (groupId: string, externalId?: string, parentId = projectId): TreeEvent => ({
  type: 'GroupCreated',
  data: { groupId, parentId, type: 'building', name: groupId, ...(externalId !== undefined && { externalId }) },
});
const create = (groupId: string, externalId?: string | null): TreeCommand => ({
  type: 'CreateGroup',
  projectId,
  groupId,
  parentId: projectId,
  groupType: 'building',
  name: groupId,
  ...(typeof externalId === 'string' && { externalId }),
});
const change = (groupId: string, externalId?: string | null, name: string | null = null): TreeCommand => ({
  type: 'ChangeGroupDetails',
  projectId,
  groupId,
  groupType: null,
  name,
  ...(externalId !== undefined && { externalId }),
});
const changed = (groupId: string, externalId?: string | null, name = groupId): TreeEvent => ({
  type: 'GroupDetailsChanged',
  data: { groupId, type: 'building', name, ...(externalId !== undefined && { externalId }) },
});
const member = (memberId: string, externalId?: string, groupId = 'a'): MemberFacts => ({
  memberId,
  groupId,
  userId: `u-${memberId}`,
  email: `${memberId}@example.com`,
  name: memberId,
  role: 'user',
  ...(externalId !== undefined && { externalId }),
});
const added = (facts: MemberFacts): TreeEvent => ({ type: 'MemberAdded', data: facts });
const add = (facts: Omit<MemberFacts, 'externalId'> & { externalId?: string | null }): TreeCommand => ({
  type: 'AddMember',
  projectId,
  ...facts,
});
const device = (serialNumber: string, externalId?: string, groupId = 'a'): DeviceFacts => ({
  serialNumber,
  groupId,
  model: 'AA-12',
  claimId: `c-${serialNumber}`,
  ...(externalId !== undefined && { externalId }),
});
const arrived = (facts: DeviceFacts): TreeEvent => ({ type: 'DeviceAdded', data: facts });
const register = (facts: DeviceFacts): TreeCommand => ({ type: 'AddDevice', projectId, ...facts });
const identify = (serialNumber: string, externalId: string | null, groupId = 'a'): TreeCommand => ({
  type: 'SetDeviceExternalId',
  projectId,
  groupId,
  serialNumber,
  externalId,
});
const identified = (serialNumber: string, externalId: string | null): TreeEvent => ({
  type: 'DeviceExternalIdChanged',
  data: { serialNumber, groupId: 'a', externalId },
});
const taken = (kind: 'group' | 'member' | 'device', holderId: string, groupId: string, externalId = 'E1') =>
  ({ code: 'EXTERNAL_ID_TAKEN', kind, externalId, holderId, groupId }) as const;
const tree = (...events: TreeEvent[]) => given(groupTreeAggregate, [created(projectId), ...events]);

describe('G5: the external id of a group', () => {
  it('is set at its creation, in NFC and trimmed', () => {
    tree()
      .when(create('a', ' Cafe\u0301  1 '))
      .then([building('a', 'Caf\u00e9  1')]);
  });

  it('is changed, kept and removed', () => {
    const renamed = tree(building('a', 'E1'))
      .when(change('a', 'E1'))
      .then([])
      .when(change('a', undefined, 'A'))
      .then([changed('a', undefined, 'A')]);
    expect(groupOf(renamed.state(), 'a')?.externalId).toBe('E1');
    const removed = renamed
      .when(change('a', 'E2'))
      .then([changed('a', 'E2', 'A')])
      .when(change('a', null))
      .then([changed('a', null, 'A')])
      .when(change('a', null))
      .then([]);
    expect(groupOf(removed.state(), 'a')?.externalId).toBeNull();
  });

  it('belongs to one group; another case, and a thing of another kind, is another id', () => {
    const start = tree(building('a', 'E1'));
    start.when(create('b', 'E1')).then(taken('group', 'a', 'a'));
    start.when(create('b', ' E1 ')).then(taken('group', 'a', 'a'));
    start.when(change(projectId, 'E1')).then(taken('group', 'a', 'a'));
    start.when(create('b', 'e1')).then([building('b', 'e1')]);
    start.when(add(member('m', 'E1'))).then([added(member('m', 'E1'))]);
    start.when(register(device('SN1', 'E1'))).then([arrived(device('SN1', 'E1'))]);
  });

  it('is free again when the group gives it up or is removed, alone or with a group above', () => {
    const other = create('b', 'E1');
    tree(building('a', 'E1'), changed('a', 'E2'))
      .when(other)
      .then([building('b', 'E1')]);
    tree(building('a', 'E1'), changed('a', null))
      .when(other)
      .then([building('b', 'E1')]);
    tree(building('a'), building('a1', 'E1', 'a'), { type: 'SubtreeRemoved', data: { groupId: 'a' } })
      .when(other)
      .then([building('b', 'E1')]);
  });

  it('can be named again, unchanged, in a change of many groups', () => {
    const named = (groupId: string): TreeCommand => ({
      type: 'ReshapeTree',
      projectId,
      added: [],
      moved: [],
      changed: [{ groupId, groupType: null, name: 'New', externalId: 'E1' }],
      removed: [],
    });
    const start = tree(building('a', 'E1'), building('b'));
    start.when(named('a')).then([changed('a', undefined, 'New')]);
    start
      .when(named('b'))
      .then({ code: 'BATCH_REFUSED', items: [{ groupId: 'b', refusal: taken('group', 'a', 'a') }] });
  });

  it('survives events of an earlier version, which do not name it', () => {
    tree(building('a', 'E1'), changed('a', undefined, 'A'))
      .when(create('b', 'E1'))
      .then(taken('group', 'a', 'a'));
  });

  it.each(['', '  ', 'x'.repeat(129), 'a\u0000b', 'a\nb', 'a\u202eb', '\ud800'])('is not %j', (externalId) => {
    const refused = { code: 'VALIDATION', field: 'externalId', message: expect.any(String) };
    expect(tree().when(create('a', externalId)).decision).toEqual({ ok: false, refusal: refused });
    expect(tree(building('a')).when(change('a', externalId)).decision).toEqual({ ok: false, refusal: refused });
  });

  it('has up to 128 characters', () => {
    tree()
      .when(create('a', 'x'.repeat(128)))
      .then([building('a', 'x'.repeat(128))]);
  });

  it('moves to another project with its group, unless a group there has it', () => {
    const source = tree(building('a'), building('a1', 'E1', 'a'), building('a2', undefined, 'a'));
    const left = departureOf(source.state(), 'a');
    if (!left.ok) throw new Error(left.refusal.code);
    const arrival = { type: 'AdoptSubtree', projectId: 'new', newId: 'n', parentId: 'new', ...left.departure } as const;
    given(groupTreeAggregate, [created('new')])
      .when(arrival)
      .thenState((state) => {
        const ids = ['n_0', 'n_1', 'n_2'].map((id) => [groupOf(state, id)?.name, groupOf(state, id)?.externalId]);
        expect(new Map(ids as [string, string | null][])).toEqual(
          new Map([
            ['a', null],
            ['a1', 'E1'],
            ['a2', null],
          ]),
        );
      });
    given(groupTreeAggregate, [created('new'), building('b', 'E1', 'new')])
      .when(arrival)
      .then(taken('group', 'b', 'b'));
  });
});

describe('G5: the external id of a member', () => {
  const start = tree(building('a'), building('b'), added(member('m', 'E1')));

  it('is kept when the member is added again without one, and changed or removed with one', () => {
    start
      .when(add({ ...member('m'), name: 'Kim' }))
      .then([added({ ...member('m', 'E1'), name: 'Kim' })])
      .when(add({ ...member('m'), name: 'Kim', externalId: 'E2' }))
      .then([added({ ...member('m', 'E2'), name: 'Kim' })])
      .when(add({ ...member('m'), name: 'Kim', externalId: null }))
      .then([added({ ...member('m'), name: 'Kim' })])
      .when(add({ ...member('m'), name: 'Kim', externalId: null }))
      .then([]);
  });

  it('belongs to one member of the project, and is free again when that leaves', () => {
    start.when(add(member('n', 'E1', 'b'))).then(taken('member', 'm', 'a'));
    start
      .when({ type: 'RemoveMember', projectId, groupId: 'a', memberId: 'm' })
      .then([{ type: 'MemberRemoved', data: member('m', 'E1') }])
      .when(add(member('n', 'E1', 'b')))
      .then([added(member('n', 'E1', 'b'))]);
    start
      .when({ type: 'RemoveSubtree', projectId, groupId: 'a' })
      .then([
        { type: 'MemberRemoved', data: member('m', 'E1') },
        { type: 'SubtreeRemoved', data: { groupId: 'a' } },
      ])
      .when(add(member('n', 'E1', 'b')))
      .then([added(member('n', 'E1', 'b'))]);
  });

  it('is refused where it is malformed', () => {
    start.when(add({ ...member('m'), externalId: 'a\u0007' })).then({
      code: 'VALIDATION',
      field: 'externalId',
      message: 'must not contain characters that cannot be seen',
    });
  });
});

describe('G5: the external id of a device', () => {
  const start = tree(building('a'), building('b'), arrived(device('SN1', 'E1')), arrived(device('SN2')));

  it('is changed and removed, whatever the spelling of the serial number', () => {
    const other = start
      .when(identify('SN1', 'E1'))
      .then([])
      .when(identify('sn-1', 'E2'))
      .then([identified('SN1', 'E2')]);
    const shown = { serialNumber: 'SN1', groupId: 'a', model: 'AA-12', externalId: 'E2' };
    expect(deviceOf(other.state(), 'sn1')).toEqual(shown);
    other
      .when(identify('SN1', null))
      .then([identified('SN1', null)])
      .when(identify('SN1', null))
      .then([]);
  });

  it('belongs to one device of the project, and is free again when that leaves', () => {
    start.when(identify('SN2', 'E1')).then(taken('device', 'SN1', 'a'));
    start.when(register(device('SN3', 'E1', 'b'))).then(taken('device', 'SN1', 'a'));
    const left = start
      .when({ type: 'RemoveDevice', projectId, groupId: 'a', serialNumber: 'SN1' })
      .then([{ type: 'DeviceRemoved', data: device('SN1', 'E1') }])
      .when(identify('SN2', 'E1'))
      .then([identified('SN2', 'E1')]);
    expect(deviceOf(left.state(), 'SN1')).toBeNull();
  });

  it('stays as it is when the device is registered again', () => {
    start.when(register(device('SN1', 'E3'))).then([]);
  });

  it('needs a device in that group', () => {
    start.when(identify('SN1', 'E2', 'b')).then({ code: 'NOT_FOUND', what: 'device', id: 'SN1' });
    start.when(identify('SN9', 'E2')).then({ code: 'NOT_FOUND', what: 'device', id: 'SN9' });
  });
});
