import { describe, expect, it } from '@jest/globals';
import {
  deviceOf,
  groupsOf,
  groupTreeAggregate,
  knownDeviceOf,
  type DeviceFacts,
  type GroupTreeState,
  type TreeEvent,
} from './index.js';
import { created, placed, projectId } from './tree.fixture.js';

const { snapshot } = groupTreeAggregate;
const building = (groupId: string, externalId?: string) => placed(groupId, projectId, groupId, externalId);
const generated = (newId: string, ...names: string[]): TreeEvent => ({
  type: 'GroupsGenerated',
  data: {
    newId,
    parentId: projectId,
    levels: ['floor'],
    first: 0,
    level: names.map(() => 0),
    parents: names.map(() => -1),
    names,
  },
});
const joined = (memberId: string, externalId?: string): TreeEvent => ({
  type: 'MemberAdded',
  data: {
    memberId,
    groupId: projectId,
    userId: 'u',
    email: `${memberId}@example.com`,
    name: 'Kim',
    role: 'user',
    ...(externalId !== undefined && { externalId }),
  },
});
const device = (serialNumber: string, claimId: string): DeviceFacts => ({
  serialNumber,
  groupId: 'a',
  model: 'AA-12',
  claimId,
});
const arrived = (serialNumber: string, claimId: string): TreeEvent => ({
  type: 'DeviceAdded',
  data: device(serialNumber, claimId),
});
const left = (serialNumber: string, claimId: string): TreeEvent => ({
  type: 'DeviceRemoved',
  data: device(serialNumber, claimId),
});
const stateOf = (...events: TreeEvent[]): GroupTreeState =>
  [created, ...events].reduce(groupTreeAggregate.evolve, groupTreeAggregate.initial());
const restored = (state: GroupTreeState): GroupTreeState =>
  snapshot.decode(JSON.parse(JSON.stringify(snapshot.encode(state))));

describe('the snapshot of a group tree', () => {
  it('of a project that does not exist is one of no project', () => {
    const initial = groupTreeAggregate.initial();
    expect(restored(initial)).toStrictEqual(initial);
  });

  it('brings every group back, whether its id was generated or not', () => {
    const state = stateOf(generated('x', 'One', 'Two', 'Three'), building('a', 'E1'), generated('y', 'Four', 'Five'));
    expect(snapshot.encode(state).ids).toStrictEqual([projectId, 'x_0', '_1', '_2', 'a', 'y_0', '_1']);
    expect(groupsOf(restored(state))).toStrictEqual(groupsOf(state));
  });

  it('finds a device by every spelling of its number, also of one that came and went under another', () => {
    const state = restored(
      stateOf(
        building('a'),
        arrived('SN1', 'c1'),
        left('SN1', 'c1'),
        arrived('SN-1', 'c2'),
        left('SN-1', 'c2'),
        arrived('SN1', 'c3'),
      ),
    );
    expect(deviceOf(state, 'sn 1')).toStrictEqual({
      serialNumber: 'SN1',
      groupId: 'a',
      model: 'AA-12',
      externalId: null,
    });
    expect(knownDeviceOf(state, 'SN1')).toStrictEqual({ claimId: 'c3', groupId: 'a', model: 'AA-12' });
  });

  it('keeps the claim of the last stay of a device that has left', () => {
    const state = restored(stateOf(building('a'), arrived('SN1', 'c1'), left('SN1', 'c1')));
    expect(deviceOf(state, 'SN1')).toBeNull();
    expect(knownDeviceOf(state, 'SN1')).toStrictEqual({ claimId: 'c1', groupId: null, model: 'AA-12' });
  });
});

describe('the size of a group tree in memory', () => {
  it.each([
    ['a group', 300, building('b')],
    ['a group with an external id', 800, building('b', 'E1')],
    ['a member', 600, joined('m')],
    ['a member with an external id', 1_100, joined('m', 'E1')],
    ['a device', 400, arrived('SN1', 'c1')],
  ])('grows with %s by about %i bytes', (_, bytes, event) => {
    const before = snapshot.sizeOf(stateOf(building('a')));
    expect(snapshot.sizeOf(stateOf(building('a'), event)) - before).toBe(bytes);
  });

  it('is about 2,000 bytes without a project', () => {
    expect(snapshot.sizeOf(groupTreeAggregate.initial())).toBe(2_000);
  });
});
