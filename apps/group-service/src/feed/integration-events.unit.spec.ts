import { describe, expect, it } from '@jest/globals';
import { cloudEvent, GROUPS_EVENTS, groupsEventSchema, type GroupsEventType } from '@allotree/contracts';
import { groupTreeAggregate, partnerAggregate, type PartnerEvent, type TreeEvent } from '@allotree/domain';
import type { RecordedEvent } from '@allotree/event-sourcing';
import { integrationEventOf } from './integration-events.js';

const recorded = (streamName: string, { type, data }: { type: string; data: unknown }): RecordedEvent => ({
  type,
  data: JSON.parse(JSON.stringify(data)) as unknown,
  streamName,
  revision: 3,
  position: 7n,
  metadata: {
    eventId: '5a3c7a10-0000-5000-8000-000000000001',
    correlationId: 'corr-1',
    causationId: null,
    commandId: 'command-1',
    actor: 'user:ada',
    tenantId: 'nordlicht',
    recordedAt: '2026-06-01T08:00:00.000Z',
  },
});
const published = (event: TreeEvent) =>
  integrationEventOf(recorded('group_tree-hafen-blick', groupTreeAggregate.encode(event)));

const member = {
  memberId: 'm',
  groupId: 'a',
  userId: 'u',
  email: 'kim@example.com',
  name: 'Kim',
  role: 'user',
} as const;
const device = { serialNumber: 'SN1', groupId: 'a', model: 'AA-12', claimId: 'c' };
const project = {
  projectId: 'hafen-blick',
  tenantId: 'nordlicht',
  partnerId: 'dealer',
  timeZone: 'UTC',
  billingMode: 'prepaid',
  trial: true,
  name: 'H',
} as const;

const CASES: readonly [TreeEvent, GroupsEventType, object][] = [
  [{ type: 'ProjectCreated', data: project }, 'allotree.project-created.v1', project],
  [
    { type: 'ProjectClosed', data: { projectId: 'hafen-blick', reason: 'Sold' } },
    'allotree.project-closed.v1',
    { projectId: 'hafen-blick', reason: 'Sold' },
  ],
  [
    { type: 'GroupCreated', data: { groupId: 'a', parentId: 'hafen-blick', type: 'building', name: 'A' } },
    'allotree.groups-placed.v1',
    { projectId: 'hafen-blick', groups: [{ groupId: 'a', parentId: 'hafen-blick', type: 'building', name: 'A' }] },
  ],
  [
    {
      type: 'GroupsGenerated',
      data: {
        newId: 'n',
        parentId: 'a',
        levels: ['floor', 'apartment'],
        first: 35,
        level: [0, 1],
        parents: [-1, 35],
        names: ['Floor 1', '1'],
      },
    },
    'allotree.groups-placed.v1',
    {
      projectId: 'hafen-blick',
      groups: [
        { groupId: 'n_z', parentId: 'a', type: 'floor', name: 'Floor 1' },
        { groupId: 'n_10', parentId: 'n_z', type: 'apartment', name: '1' },
      ],
    },
  ],
  [
    { type: 'GroupDetailsChanged', data: { groupId: 'a', type: 'unit', name: 'B' } },
    'allotree.group-changed.v1',
    { projectId: 'hafen-blick', groupId: 'a', type: 'unit', name: 'B' },
  ],
  [
    { type: 'GroupMoved', data: { groupId: 'a', parentId: 'b' } },
    'allotree.group-moved.v1',
    { projectId: 'hafen-blick', groupId: 'a', parentId: 'b' },
  ],
  [
    { type: 'SubtreeRemoved', data: { groupId: 'a' } },
    'allotree.group-removed.v1',
    { projectId: 'hafen-blick', groupId: 'a' },
  ],
  [{ type: 'MemberAdded', data: member }, 'allotree.member-added.v1', { projectId: 'hafen-blick', ...member }],
  [{ type: 'MemberRemoved', data: member }, 'allotree.member-removed.v1', { projectId: 'hafen-blick', ...member }],
  [
    { type: 'DeviceAdded', data: device },
    'allotree.device-registered.v1',
    { projectId: 'hafen-blick', groupId: 'a', serialNumber: 'SN1', model: 'AA-12' },
  ],
  [
    {
      type: 'GroupCreated',
      data: { groupId: 'a', parentId: 'hafen-blick', type: 'building', name: 'A', externalId: 'E1' },
    },
    'allotree.groups-placed.v1',
    {
      projectId: 'hafen-blick',
      groups: [{ groupId: 'a', parentId: 'hafen-blick', type: 'building', name: 'A', externalId: 'E1' }],
    },
  ],
  [
    {
      type: 'SubtreeAdopted',
      data: {
        newId: 'n',
        parentId: 'a',
        levels: ['floor', 'apartment'],
        first: 0,
        level: [0, 1],
        parents: [-1, 0],
        names: ['Floor 1', '1'],
        externalIds: [null, 'E2'],
        origin: { projectId: 'altbau', groupId: 'f1' },
      },
    },
    'allotree.groups-placed.v1',
    {
      projectId: 'hafen-blick',
      groups: [
        { groupId: 'n_0', parentId: 'a', type: 'floor', name: 'Floor 1' },
        { groupId: 'n_1', parentId: 'n_0', type: 'apartment', name: '1', externalId: 'E2' },
      ],
    },
  ],
  [
    { type: 'GroupDetailsChanged', data: { groupId: 'a', type: 'unit', name: 'B', externalId: null } },
    'allotree.group-changed.v1',
    { projectId: 'hafen-blick', groupId: 'a', type: 'unit', name: 'B', externalId: null },
  ],
  [
    { type: 'MemberAdded', data: { ...member, externalId: 'E1' } },
    'allotree.member-added.v1',
    { projectId: 'hafen-blick', ...member, externalId: 'E1' },
  ],
  [
    { type: 'DeviceAdded', data: { ...device, externalId: 'E1' } },
    'allotree.device-registered.v1',
    { projectId: 'hafen-blick', groupId: 'a', serialNumber: 'SN1', model: 'AA-12', externalId: 'E1' },
  ],
  [
    { type: 'DeviceExternalIdChanged', data: { serialNumber: 'SN1', groupId: 'a', externalId: 'E2' } },
    'allotree.device-changed.v1',
    { projectId: 'hafen-blick', groupId: 'a', serialNumber: 'SN1', externalId: 'E2' },
  ],
  [
    { type: 'DeviceRemoved', data: device },
    'allotree.device-removed.v1',
    { projectId: 'hafen-blick', groupId: 'a', serialNumber: 'SN1', model: 'AA-12' },
  ],
];

describe('the integration event', () => {
  it.each(CASES)('of %j', (event, type, data) => {
    const message = published(event);
    expect(message).toEqual({
      specversion: '1.0',
      id: '5a3c7a10-0000-5000-8000-000000000001',
      source: '/group-service',
      type,
      subject: 'hafen-blick',
      time: '2026-06-01T08:00:00.000Z',
      datacontenttype: 'application/json',
      dataschema: `urn:allotree:schema:${type}`,
      tenantid: 'nordlicht',
      correlationid: 'corr-1',
      causationid: '5a3c7a10-0000-5000-8000-000000000001',
      actor: 'user:ada',
      sequence: '0000000000000003',
      data,
    });
    expect(cloudEvent(type, GROUPS_EVENTS[type]).parse(message)).toEqual(message);
  });

  it('of a partner', () => {
    const event: PartnerEvent = {
      type: 'PartnerRegistered',
      data: {
        partnerId: 'dealer',
        kind: 'dealer',
        name: 'Dealer',
        parentPartnerId: 'nordlicht',
        tenantId: 'nordlicht',
        administrator: { administratorId: 'u', name: 'Ada', email: 'ada@example.com' },
        project: null,
      },
    };
    expect(integrationEventOf(recorded('partner-dealer', partnerAggregate.encode(event)))).toMatchObject({
      type: 'allotree.partner-registered.v1',
      subject: 'dealer',
      data: {
        partnerId: 'dealer',
        kind: 'dealer',
        name: 'Dealer',
        parentPartnerId: 'nordlicht',
        tenantId: 'nordlicht',
        administrator: { userId: 'u', name: 'Ada', email: 'ada@example.com' },
      },
    });
  });

  it('has a JSON Schema for each type', () => {
    for (const type of Object.keys(GROUPS_EVENTS) as GroupsEventType[]) {
      expect(groupsEventSchema(type)).toMatchObject({ $id: `urn:allotree:schema:${type}`, type: 'object' });
    }
  });
});
