import { describe, expect, it } from '@jest/globals';
import {
  deviceGroupOf,
  deviceOf,
  devicesOf,
  groupOf,
  groupsOf,
  groupTreeAggregate,
  knownDeviceOf,
  memberById,
  memberOf,
  rolesBelow,
  type TreeEvent,
} from './index.js';
import { created, projectId } from './tree.fixture.js';

const member = (memberId: string, groupId: string, role: string) => ({
  memberId,
  groupId,
  userId: `u-${memberId}`,
  email: `${memberId}@example.com`,
  name: memberId,
  role,
});
const device = (serialNumber: string, groupId: string, externalId?: string) => ({
  serialNumber,
  groupId,
  model: 'AA-12',
  claimId: `c-${serialNumber}`,
  ...(externalId !== undefined && { externalId }),
});
const kim = member('kim', 'a', 'concierge');
const lee = member('lee', 'a1', 'user');
const ada = member('ada', projectId, 'site_administrator');
const events: readonly TreeEvent[] = [
  created,
  { type: 'GroupCreated', data: { groupId: 'a', parentId: projectId, type: 'building', name: 'A' } },
  { type: 'GroupCreated', data: { groupId: 'a1', parentId: 'a', type: 'unit', name: 'One', externalId: 'E1' } },
  { type: 'GroupCreated', data: { groupId: 'b', parentId: projectId, type: 'building', name: 'B' } },
  ...[kim, lee, ada].map((data): TreeEvent => ({ type: 'MemberAdded', data })),
  ...[device('SN-1', 'a1', 'E2'), device('SN2', 'b'), device('SN3', 'a')].map((data): TreeEvent => ({
    type: 'DeviceAdded',
    data,
  })),
  { type: 'DeviceRemoved', data: device('SN3', 'a') },
];
const state = events.reduce(groupTreeAggregate.evolve, groupTreeAggregate.initial());
const empty = groupTreeAggregate.initial();

describe('the groups of a project', () => {
  it('are listed from the root down, each with its parent', () => {
    const listed = groupsOf(state);
    expect(listed[0]).toStrictEqual({
      groupId: projectId,
      parentId: null,
      type: 'company',
      name: 'Hafenblick',
      externalId: null,
    });
    expect(new Map(listed.slice(1).map((group) => [group.groupId, group]))).toStrictEqual(
      new Map([
        ['a', { groupId: 'a', parentId: projectId, type: 'building', name: 'A', externalId: null }],
        ['a1', { groupId: 'a1', parentId: 'a', type: 'unit', name: 'One', externalId: 'E1' }],
        ['b', { groupId: 'b', parentId: projectId, type: 'building', name: 'B', externalId: null }],
      ]),
    );
  });

  it('are none where there is no project', () => {
    expect(groupsOf(empty)).toStrictEqual([]);
  });

  it('say whether there are groups below', () => {
    expect([projectId, 'a', 'a1', 'b'].map((groupId) => groupOf(state, groupId)?.hasChildren)).toStrictEqual([
      true,
      true,
      false,
      false,
    ]);
  });
});

describe('the members of a project', () => {
  it('are found by their e-mail address, in any spelling, at their own group', () => {
    expect(memberOf(state, 'a', 'kim@example.com')).toStrictEqual(kim);
    expect(memberOf(state, 'a', 'KIM@EXAMPLE.COM')).toStrictEqual(kim);
    expect(memberOf(state, 'a', 'lee@example.com')).toBeNull();
    expect(memberOf(state, 'b', 'kim@example.com')).toBeNull();
  });

  it('are found by their id', () => {
    expect(memberById(state, 'kim')).toStrictEqual(kim);
    expect(memberById(state, 'nobody')).toBeNull();
  });

  it('have these roles at a group and below it', () => {
    expect(rolesBelow(state, projectId)).toStrictEqual(['concierge', 'user', 'site_administrator']);
    expect(rolesBelow(state, 'a')).toStrictEqual(['concierge', 'user']);
    expect(rolesBelow(state, 'a1')).toStrictEqual(['user']);
    expect(rolesBelow(state, 'b')).toStrictEqual([]);
    expect(rolesBelow(state, 'nowhere')).toStrictEqual([]);
  });
});

describe('the devices of a project', () => {
  const first = { serialNumber: 'SN-1', groupId: 'a1', model: 'AA-12', externalId: 'E2' };
  const second = { serialNumber: 'SN2', groupId: 'b', model: 'AA-12', externalId: null };

  it('are those that have not left', () => {
    expect(devicesOf(state)).toStrictEqual([first, second]);
    expect(devicesOf(empty)).toStrictEqual([]);
  });

  it('are found by every spelling of their serial number', () => {
    expect(['SN-1', 'sn1', 'SN 1'].map((typed) => deviceOf(state, typed))).toStrictEqual([first, first, first]);
    expect(['SN-1', 'sn1'].map((typed) => deviceGroupOf(state, typed))).toStrictEqual(['a1', 'a1']);
    expect(knownDeviceOf(state, 'sn1')).toStrictEqual({ claimId: 'c-SN-1', groupId: 'a1', model: 'AA-12' });
  });

  it('are in no group once they have left, and their last claim is remembered', () => {
    expect(deviceOf(state, 'SN3')).toBeNull();
    expect(deviceGroupOf(state, 'SN3')).toBeNull();
    expect(knownDeviceOf(state, 'SN3')).toStrictEqual({ claimId: 'c-SN3', groupId: null, model: 'AA-12' });
  });

  it('do not include what has never been in the project', () => {
    expect(deviceOf(state, 'SN9')).toBeNull();
    expect(deviceGroupOf(state, 'SN9')).toBeNull();
    expect(knownDeviceOf(state, 'SN9')).toBeNull();
  });
});
