import { describe, expect, it } from '@jest/globals';
import { tenantRolesAggregate } from '../access/tenant-roles.aggregate.js';
import { partnerAggregate } from '../partners/partner.aggregate.js';
import { deviceAggregate, groupTreeAggregate } from './index.js';

/**
 * One stored event of each version. Never edit an entry, because stored events must stay readable
 * for good. A breaking change adds a `.v2`.
 */
const GROUP_TREE = [
  {
    type: 'ProjectCreated',
    data: {
      projectId: 'hafenblick',
      tenantId: 'nordlicht',
      partnerId: 'dealer',
      timeZone: 'Europe/Berlin',
      billingMode: 'prepaid',
      trial: true,
      name: 'Hafenblick',
    },
  },
  { type: 'GroupCreated', data: { groupId: 'a', parentId: 'hafenblick', type: 'building', name: 'Building A' } },
  {
    type: 'GroupsGenerated',
    data: {
      newId: 'g',
      parentId: 'a',
      levels: ['floor', 'apartment'],
      first: 0,
      level: [0, 1, 1],
      parents: [-1, 0, 0],
      names: ['Floor 1', 'Apartment 1', 'Apartment 2'],
    },
  },
  {
    type: 'SubtreeAdopted',
    data: {
      newId: 'h',
      parentId: 'a',
      levels: ['company', 'building', 'unit', 'floor', 'apartment', 'custom'],
      first: 0,
      level: [2],
      parents: [-1],
      names: ['Unit 9'],
      origin: { projectId: 'altbau', groupId: 'unit-9' },
    },
  },
  { type: 'GroupDetailsChanged', data: { groupId: 'a', type: 'building', name: 'Building A1' } },
  { type: 'GroupMoved', data: { groupId: 'h_0', parentId: 'hafenblick' } },
  {
    type: 'MemberAdded',
    data: { memberId: 'm', groupId: 'a', userId: 'u', email: 'kim@example.com', name: 'Kim', role: 'concierge' },
  },
  {
    type: 'MemberRemoved',
    data: { memberId: 'm', groupId: 'a', userId: 'u', email: 'kim@example.com', name: 'Kim', role: 'concierge' },
  },
  { type: 'DeviceAdded', data: { serialNumber: 'SN1', groupId: 'a', model: 'AA-12', claimId: 'c' } },
  { type: 'DeviceRemoved', data: { serialNumber: 'SN1', groupId: 'a', model: 'AA-12', claimId: 'c' } },
  { type: 'SubtreeRemoved', data: { groupId: 'a' } },
  {
    type: 'GroupCreated',
    data: { groupId: 'b', parentId: 'hafenblick', type: 'building', name: 'Building B', externalId: 'ERP 1' },
  },
  { type: 'GroupDetailsChanged', data: { groupId: 'b', type: 'building', name: 'Building B', externalId: null } },
  { type: 'GroupDetailsChanged', data: { groupId: 'b', type: 'building', name: 'Building B', externalId: 'ERP 2' } },
  {
    type: 'SubtreeAdopted',
    data: {
      newId: 'i',
      parentId: 'b',
      levels: ['company', 'building', 'unit', 'floor', 'apartment', 'custom'],
      first: 0,
      level: [2, 4],
      parents: [-1, 0],
      names: ['Unit 9', 'Apartment 1'],
      externalIds: [null, 'ERP 3'],
      origin: { projectId: 'altbau', groupId: 'unit-9' },
    },
  },
  {
    type: 'MemberAdded',
    data: {
      memberId: 'n',
      groupId: 'b',
      userId: 'u',
      email: 'kim@example.com',
      name: 'Kim',
      role: 'concierge',
      externalId: 'ERP 1',
    },
  },
  {
    type: 'DeviceAdded',
    data: { serialNumber: 'SN2', groupId: 'b', model: 'AA-12', claimId: 'd', externalId: 'ERP 1' },
  },
  { type: 'DeviceExternalIdChanged', data: { serialNumber: 'SN2', groupId: 'b', externalId: 'ERP 2' } },
  {
    type: 'DeviceRemoved',
    data: { serialNumber: 'SN2', groupId: 'b', model: 'AA-12', claimId: 'd', externalId: 'ERP 2' },
  },
  { type: 'ProjectClosed', data: { projectId: 'hafenblick', reason: 'The building was sold' } },
];

const DEVICE = [
  {
    type: 'DeviceClaimed',
    data: { serialNumber: 'SN1', claimId: 'c', projectId: 'p', tenantId: 't', groupId: 'a', model: 'AA-12' },
  },
  {
    type: 'DeviceClaimed',
    data: {
      serialNumber: 'SN1',
      claimId: 'd',
      projectId: 'p',
      tenantId: 't',
      groupId: 'a',
      model: 'AA-12',
      externalId: 'ERP 1',
    },
  },
  { type: 'DeviceReleased', data: { serialNumber: 'SN1', projectId: 'p', claimId: 'c' } },
  { type: 'DeviceCatalogued', data: { serialNumber: 'SN1', claimCodeHash: 'e3b0c442' } },
];

const PARTNER = [
  {
    type: 'PartnerRegistered',
    data: {
      partnerId: 'nordlicht',
      kind: 'distributor',
      name: 'Nordlicht',
      parentPartnerId: null,
      tenantId: 'nordlicht',
      administrator: { administratorId: 'u', name: 'Ada', email: 'ada@nordlicht.example' },
      project: { projectId: 'showroom', name: 'Showroom', timeZone: 'UTC' },
    },
  },
  {
    type: 'PartnerAdministratorAdded',
    data: {
      partnerId: 'nordlicht',
      tenantId: 'nordlicht',
      userId: 'u2',
      email: 'kim@nordlicht.example',
      name: 'Kim',
      role: 'company_administrator',
    },
  },
  { type: 'PartnerAdministratorRemoved', data: { partnerId: 'nordlicht', userId: 'u2' } },
  {
    type: 'PartnerClosed',
    data: {
      partnerId: 'nordlicht',
      tenantId: 'nordlicht',
      reason: 'The contract ended',
      memberships: [{ projectId: 'showroom', userIds: ['u'] }],
    },
  },
];

const ROLES = [
  {
    type: 'RoleDefined',
    data: { tenantId: 'nordlicht', roleId: 'r1', name: 'Technician', permissions: ['groups:read', 'devices:manage'] },
  },
  { type: 'RoleChanged', data: { roleId: 'r1', name: 'Technician', permissions: ['groups:read'] } },
  { type: 'RoleRemoved', data: { roleId: 'r1' } },
];

describe('stored events', () => {
  it('of a group tree are read and written unchanged, and make a tree together', () => {
    const events = GROUP_TREE.map(({ type, data }) => groupTreeAggregate.decode(type, data));
    expect(events.map(groupTreeAggregate.encode)).toEqual(GROUP_TREE);
    const state = events.reduce(groupTreeAggregate.evolve, groupTreeAggregate.initial());
    expect([...state.tree.slots.keys()]).toEqual(['hafenblick', 'h_0', 'b', 'i_0', 'i_1']);
    expect([...state.externalIds.group.ids]).toEqual([
      ['b', 'ERP 2'],
      ['i_1', 'ERP 3'],
    ]);
  });

  it('of a device', () => {
    expect(DEVICE.map(({ type, data }) => deviceAggregate.encode(deviceAggregate.decode(type, data)))).toEqual(DEVICE);
  });

  it('of a partner', () => {
    expect(PARTNER.map(({ type, data }) => partnerAggregate.encode(partnerAggregate.decode(type, data)))).toEqual(
      PARTNER,
    );
  });

  it('of the roles of a tenant', () => {
    const read = ROLES.map(({ type, data }) => tenantRolesAggregate.decode(type, data));
    expect(read.map(tenantRolesAggregate.encode)).toEqual(ROLES);
  });

  it('of an unknown type are refused', () => {
    expect(() => groupTreeAggregate.decode('GroupVanished', {})).toThrow('unknown event type');
  });
});
