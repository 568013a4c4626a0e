import { describe, expect, it } from '@jest/globals';
import { given } from '@allotree/testing/given';
import { atOnce } from '../slices.js';
import {
  closedReasonOf,
  decideReshape,
  groupOf,
  groupTreeAggregate,
  type TreeCommand,
  type TreeCommandOf,
  type TreeCommandType,
  type TreeEvent,
} from './index.js';
import { created, projectFacts, projectId } from './tree.fixture.js';

const group: TreeEvent = {
  type: 'GroupCreated',
  data: { groupId: 'a', parentId: projectId, type: 'building', name: 'A' },
};
const member = { memberId: 'm', groupId: 'a', userId: 'u', email: 'kim@example.com', name: 'Kim', role: 'user' };
const device = { serialNumber: 'SN1', groupId: 'a', model: 'AA-12', claimId: 'c' };
const reason = 'The building was sold';
const close: TreeCommand = { type: 'CloseProject', projectId, reason };
const closed: TreeEvent = { type: 'ProjectClosed', data: { projectId, reason } };
const open = given(groupTreeAggregate, [
  created,
  group,
  { type: 'MemberAdded', data: member },
  { type: 'DeviceAdded', data: device },
]);

/** One of each kind that an open project accepts. */
const ACCEPTED: {
  readonly [Type in Exclude<TreeCommandType, 'CreateProject' | 'CloseProject' | 'EndMemberships'>]: TreeCommandOf<Type>;
} = {
  CreateGroup: {
    type: 'CreateGroup',
    projectId,
    groupId: 'b',
    parentId: projectId,
    groupType: 'building',
    name: 'B',
  },
  GenerateGroups: {
    type: 'GenerateGroups',
    projectId,
    parentId: 'a',
    newId: 'run',
    levels: { floor: { count: 2, firstNumber: 1, namePattern: 'Floor {n}' } },
    apartmentsRestart: 'unit',
  },
  ReshapeTree: {
    type: 'ReshapeTree',
    projectId,
    added: [],
    moved: [],
    changed: [{ groupId: 'a', groupType: null, name: 'B' }],
    removed: [],
  },
  AdoptSubtree: {
    type: 'AdoptSubtree',
    projectId,
    newId: 'adopted',
    parentId: 'a',
    origin: { projectId: 'other', groupId: 'x' },
    tenantId: 'nordlicht',
    levels: ['unit'],
    level: [0],
    parents: [-1],
    names: ['Unit 9'],
  },
  ChangeGroupDetails: { type: 'ChangeGroupDetails', projectId, groupId: projectId, groupType: null, name: 'West' },
  MoveGroup: { type: 'MoveGroup', projectId, groupId: 'a', parentId: projectId },
  RemoveSubtree: { type: 'RemoveSubtree', projectId, groupId: 'a' },
  AddMember: { type: 'AddMember', projectId, ...member, memberId: 'n', userId: 'v', email: 'lee@example.com' },
  RemoveMember: { type: 'RemoveMember', projectId, groupId: 'a', memberId: 'm' },
  AddDevice: { type: 'AddDevice', projectId, ...device, serialNumber: 'SN2' },
  SetDeviceExternalId: { type: 'SetDeviceExternalId', projectId, groupId: 'a', serialNumber: 'SN1', externalId: 'E1' },
  RemoveDevice: { type: 'RemoveDevice', projectId, groupId: 'a', serialNumber: 'SN1' },
};

describe('a project that is closed', () => {
  it('says why, and is closed once, whatever reason is given later', () => {
    open
      .when(close)
      .then([closed])
      .when({ ...close, reason: 'Another' })
      .then([]);
  });

  it('must exist', () => {
    given(groupTreeAggregate, []).when(close).then({ code: 'NOT_FOUND', what: 'project', id: projectId });
  });

  it.each(Object.entries(ACCEPTED))('refuses %s, with the reason it was closed for', (_type, command) => {
    expect(open.when(command).decision.ok).toBe(true);
    open.when(close).then([closed]).when(command).then({ code: 'PROJECT_CLOSED', projectId, reason });
  });

  it('refuses a change of many groups that is decided in slices', () => {
    const inSlices = (state: ReturnType<typeof open.state>) => atOnce(decideReshape(state, ACCEPTED.ReshapeTree));
    expect(inSlices(open.state())).toStrictEqual({
      ok: true,
      events: [{ type: 'GroupDetailsChanged', data: { groupId: 'a', type: 'building', name: 'B' } }],
    });
    expect(inSlices(open.when(close).then([closed]).state())).toStrictEqual({
      ok: false,
      refusal: { code: 'PROJECT_CLOSED', projectId, reason },
    });
    expect(inSlices(groupTreeAggregate.initial())).toStrictEqual({
      ok: false,
      refusal: { code: 'NOT_FOUND', what: 'project', id: projectId },
    });
  });

  it('ends the memberships of people of a closed partner, the last administrator included', () => {
    const ended = (data: typeof member): TreeEvent => ({ type: 'MemberRemoved', data });
    const root = { ...member, memberId: 'r', groupId: projectId, role: 'site_administrator' };
    const other = { ...member, memberId: 'o', userId: 'v', email: 'lee@example.com' };
    const end = { type: 'EndMemberships', projectId, userIds: ['u'] } as const;
    given(groupTreeAggregate, [
      created,
      group,
      ...[member, root, other].map((data): TreeEvent => ({ type: 'MemberAdded', data })),
      closed,
    ])
      .when(end)
      .then([ended(member), ended(root)])
      .when(end)
      .then([]);
  });

  it('can be read as before', () => {
    const state = open.when(close).then([closed]).state();
    expect([closedReasonOf(open.state()), closedReasonOf(state)]).toEqual([null, reason]);
    expect(groupOf(state, 'a')).toEqual(groupOf(open.state(), 'a'));
  });

  it('is not created anew by a repeated registration', () => {
    open
      .when(close)
      .then([closed])
      .when({ type: 'CreateProject', ...projectFacts, administrator: null, postpaidAllowed: false })
      .then([]);
  });

  it('stays closed in its snapshot; an older snapshot without that field is one of an open project', () => {
    const { encode, decode } = groupTreeAggregate.snapshot;
    const kept = (state: ReturnType<typeof open.state>) =>
      closedReasonOf(decode(JSON.parse(JSON.stringify(encode(state))) as unknown));
    expect(kept(open.when(close).then([closed]).state())).toBe(reason);
    expect(encode(open.state())).not.toHaveProperty('closedReason');
    expect(kept(open.state())).toBeNull();
  });

  it('changes the revision of its own details, and no other setting', () => {
    expect(groupTreeAggregate.settingsOf(closed)).toEqual([`group ${projectId}`]);
    expect(groupTreeAggregate.settingOf(close)).toBe(`group ${projectId}`);
  });
});
