import { describe, expect, it } from '@jest/globals';
import { given } from '@allotree/testing/given';
import {
  groupOf,
  groupTreeAggregate,
  projectFactsOf,
  rolesBelow,
  type DeviceFacts,
  type MemberFacts,
  type TreeCommand,
  type TreeEvent,
} from './index.js';

const facts = {
  projectId: 'hafenblick',
  tenantId: 'nordlicht',
  partnerId: 'dealer',
  timeZone: 'Europe/Berlin',
  billingMode: 'prepaid',
  trial: false,
} as const;
const created: TreeEvent = { type: 'ProjectCreated', data: { ...facts, name: 'Hafenblick' } };
const placed = (groupId: string, parentId: string, name: string): TreeEvent => ({
  type: 'GroupCreated',
  data: { groupId, parentId, type: 'building', name },
});
const create = (groupId: string, parentId: string, name: string): TreeCommand => ({
  type: 'CreateGroup',
  projectId: 'hafenblick',
  groupId,
  parentId,
  groupType: 'building',
  name,
});
const move = (groupId: string, parentId: string): TreeCommand => ({
  type: 'MoveGroup',
  projectId: 'hafenblick',
  groupId,
  parentId,
});
const change = (groupId: string, name: string | null, groupType: 'unit' | 'company' | null = null): TreeCommand => ({
  type: 'ChangeGroupDetails',
  projectId: 'hafenblick',
  groupId,
  name,
  groupType,
});
const remove = (groupId: string): TreeCommand => ({ type: 'RemoveSubtree', projectId: 'hafenblick', groupId });
const tree = (...events: TreeEvent[]) => given(groupTreeAggregate, [created, ...events]);
const missing = (what: 'project' | 'group' | 'member' | 'device', id: string) =>
  ({ code: 'NOT_FOUND', what, id }) as const;

describe('a project', () => {
  const command: TreeCommand = {
    type: 'CreateProject',
    ...facts,
    name: ' Hafenblick ',
    administrator: null,
    postpaidAllowed: false,
  };

  it('L1: is postpaid only where that is allowed', () => {
    const postpaid = { ...command, billingMode: 'postpaid' } as const;
    given(groupTreeAggregate, [])
      .when(postpaid)
      .then({ code: 'POSTPAID_NOT_ALLOWED', partnerId: 'dealer' })
      .when({ ...postpaid, postpaidAllowed: true })
      .then([{ type: 'ProjectCreated', data: { ...facts, billingMode: 'postpaid', name: 'Hafenblick' } }]);
  });

  it('begins with one root, its company, which has its id and its name', () => {
    given(groupTreeAggregate, []).when(command).then([created]).when(command).then([]);
    expect(groupOf(tree().state(), 'hafenblick')).toEqual({
      groupId: 'hafenblick',
      parentId: null,
      type: 'company',
      name: 'Hafenblick',
      externalId: null,
      path: [{ groupId: 'hafenblick', name: 'Hafenblick' }],
      hasChildren: false,
    });
  });

  it('takes the administrator of the registration in as the first member of its root', () => {
    const administrator = {
      memberId: 'm1',
      userId: 'u1',
      email: 'a@b.example',
      name: 'Ada',
      role: 'site_administrator',
    } as const;
    given(groupTreeAggregate, [])
      .when({ ...command, administrator })
      .then([created, { type: 'MemberAdded', data: { ...administrator, groupId: 'hafenblick' } }]);
  });

  it('has the name of its root group', () => {
    tree()
      .when(change('hafenblick', 'Hafenblick West'))
      .thenState((state) => expect(projectFactsOf(state)).toEqual({ ...facts, name: 'Hafenblick West' }));
  });

  it('that does not exist takes no group', () => {
    given(groupTreeAggregate, [])
      .when(create('a', 'hafenblick', 'A'))
      .then(missing('project', 'hafenblick'));
  });
});

describe('a name (G1)', () => {
  const administrator = { memberId: 'm1', userId: 'u1', email: 'a@b.example', name: 'Ada', role: 'site_administrator' };
  const register = (name: string, administratorName: string): TreeCommand => ({
    type: 'CreateProject',
    ...facts,
    name,
    administrator: { ...administrator, name: administratorName },
    postpaidAllowed: false,
  });
  const join = (name: string): TreeCommand => ({
    type: 'AddMember',
    projectId: 'hafenblick',
    ...administrator,
    groupId: 'a',
    name,
  });
  const commands: readonly (readonly [what: string, field: string, command: (name: string) => TreeCommand])[] = [
    ['a project', 'name', (name) => register(name, 'Ada')],
    ['the administrator of a new project', 'administrator.name', (name) => register('Hafenblick', name)],
    ['a new group', 'name', (name) => create('b', 'hafenblick', name)],
    ['a group that is renamed', 'name', (name) => change('a', name)],
    ['a member', 'name', join],
  ];

  it.each(commands)('of %s is neither empty nor has invisible characters', (_what, field, command) => {
    const start = (type: string) =>
      type === 'CreateProject' ? given(groupTreeAggregate, []) : tree(placed('a', 'hafenblick', 'A'));
    for (const [name, message] of [
      ['  ', 'must not be empty'],
      ['A\u200b', 'must not contain characters that cannot be seen'],
    ] as const)
      start(command(name).type).when(command(name)).then({ code: 'VALIDATION', field, message });
    expect(start(command('New').type).when(command('New')).decision.ok).toBe(true);
  });
});

describe('a new group (G1)', () => {
  it('is below its parent, with its name trimmed and in Unicode NFC', () => {
    tree()
      .when(create('a', 'hafenblick', '  Cafe\u0301 '))
      .then([placed('a', 'hafenblick', 'Caf\u00e9')]);
  });

  it('is created once, however often the command is repeated', () => {
    tree(placed('a', 'hafenblick', 'A'))
      .when(create('a', 'hafenblick', 'A'))
      .then([]);
  });

  it('has a parent in the project', () => {
    tree()
      .when(create('a', 'elsewhere', 'A'))
      .then(missing('group', 'elsewhere'));
  });

  it.each(['Building A', 'building a', ' BUILDING A '])('does not take the name of a sibling: %j', (name) => {
    tree(placed('a', 'hafenblick', 'Building A'))
      .when(create('b', 'hafenblick', name))
      .then({ code: 'NAME_TAKEN', parentId: 'hafenblick', names: ['Building A'], count: 1 });
  });

  it('can have the name of a cousin, of its parent, and of a removed or renamed group', () => {
    const start = tree(placed('a', 'hafenblick', 'A'), placed('b', 'hafenblick', 'B'), placed('a1', 'a', 'One'));
    start.when(create('b1', 'b', 'One')).then([placed('b1', 'b', 'One')]);
    start.when(create('a2', 'a', 'A')).then([placed('a2', 'a', 'A')]);
    start
      .when(remove('a'))
      .then([{ type: 'SubtreeRemoved', data: { groupId: 'a' } }])
      .when(create('c', 'hafenblick', 'A'))
      .then([placed('c', 'hafenblick', 'A')]);
    start
      .when(change('b', 'C'))
      .then([{ type: 'GroupDetailsChanged', data: { groupId: 'b', type: 'building', name: 'C' } }])
      .when(create('d', 'hafenblick', 'B'))
      .then([placed('d', 'hafenblick', 'B')]);
  });

  it('is at most 32 levels deep, the root being the first', () => {
    const chain = Array.from({ length: 31 }, (_, i) => placed(`g${i + 2}`, i === 0 ? 'hafenblick' : `g${i + 1}`, 'x'));
    tree(...chain)
      .when(create('g33', 'g32', 'x'))
      .then({ code: 'VALIDATION', field: 'parentId', message: 'groups go at most 32 levels deep' });
    tree(...chain)
      .when(create('h32', 'g31', 'y'))
      .then([placed('h32', 'g31', 'y')]);
  });
});

describe('changing a group', () => {
  const start = tree(placed('a', 'hafenblick', 'A'), placed('b', 'hafenblick', 'B'));
  const changed = (name: string, type: 'unit' | 'building' = 'building'): TreeEvent => ({
    type: 'GroupDetailsChanged',
    data: { groupId: 'a', type, name },
  });

  it('changes what is named and leaves the rest', () => {
    start
      .when(change('a', 'A2'))
      .then([changed('A2')])
      .when(change('a', 'A2'))
      .then([]);
    start.when(change('a', null, 'unit')).then([changed('A', 'unit')]);
  });

  it('can change the spelling of its own name', () => {
    start.when(change('a', 'a')).then([changed('a')]);
  });

  it('does not take the name of a sibling', () => {
    start.when(change('a', 'b')).then({ code: 'NAME_TAKEN', parentId: 'hafenblick', names: ['B'], count: 1 });
  });

  it('leaves the root the company', () => {
    start
      .when(change('hafenblick', null, 'unit'))
      .then({ code: 'VALIDATION', field: 'type', message: 'the root of a project is its company' });
  });

  it('finds no group that is not there', () => {
    start.when(change('x', 'X')).then(missing('group', 'x'));
  });
});

describe('moving a group (G1, G3)', () => {
  const start = tree(
    placed('a', 'hafenblick', 'A'),
    placed('a1', 'a', 'One'),
    placed('a11', 'a1', 'Deep'),
    placed('b', 'hafenblick', 'B'),
  );
  const moved = (groupId: string, parentId: string): TreeEvent => ({ type: 'GroupMoved', data: { groupId, parentId } });

  it('takes everything below along', () => {
    start
      .when(move('a1', 'b'))
      .then([moved('a1', 'b')])
      .when(move('a1', 'b'))
      .then([])
      .when(move('b', 'hafenblick'))
      .then([]);
    start
      .when(move('a1', 'b'))
      .thenState((state) =>
        expect(groupOf(state, 'a11')?.path.map((step) => step.name)).toEqual(['Hafenblick', 'B', 'One', 'Deep']),
      );
  });

  it.each([
    ['a', 'a'],
    ['a', 'a11'],
    ['hafenblick', 'b'],
  ])('makes no cycle: %s below %s', (groupId, parentId) => {
    start.when(move(groupId, parentId)).then({ code: 'CYCLE', groupId, parentId });
  });

  it('makes no two siblings of one name', () => {
    tree(...start.events.slice(1), placed('b1', 'b', 'ONE'))
      .when(move('a1', 'b'))
      .then({ code: 'NAME_TAKEN', parentId: 'b', names: ['ONE'], count: 1 });
  });

  it('finds neither a group nor a parent that is not there', () => {
    start.when(move('x', 'a')).then(missing('group', 'x'));
    start.when(move('a', 'x')).then(missing('group', 'x'));
  });

  it('keeps the deepest group of the subtree within 32 levels, also after it grew and shrank', () => {
    const chain = Array.from({ length: 28 }, (_, i) => placed(`g${i + 2}`, i === 0 ? 'hafenblick' : `g${i + 1}`, 'x'));
    const deep = tree(
      ...chain,
      placed('a', 'hafenblick', 'A'),
      placed('a1', 'a', 'A1'),
      placed('a2', 'a1', 'A2'),
      placed('a3', 'a2', 'A3'),
    );
    deep
      .when(move('a', 'g29'))
      .then({ code: 'VALIDATION', field: 'parentId', message: 'groups go at most 32 levels deep' });
    deep
      .when(remove('a3'))
      .then([{ type: 'SubtreeRemoved', data: { groupId: 'a3' } }])
      .when(move('a', 'g29'))
      .then([moved('a', 'g29')])
      .when(create('a3', 'a2', 'A3'))
      .then({ code: 'VALIDATION', field: 'parentId', message: 'groups go at most 32 levels deep' });
  });
});

describe('removing a group (G4, U4)', () => {
  const device = (serialNumber: string, groupId: string): DeviceFacts => ({
    serialNumber,
    groupId,
    model: 'AA-12',
    claimId: `c-${serialNumber}`,
  });
  const member = (memberId: string, groupId: string): MemberFacts => ({
    memberId,
    groupId,
    userId: `u-${memberId}`,
    email: `${memberId}@example.com`,
    name: memberId,
    role: 'user',
  });
  const start = tree(
    placed('a', 'hafenblick', 'A'),
    placed('a1', 'a', 'One'),
    placed('b', 'hafenblick', 'B'),
    { type: 'DeviceAdded', data: device('SN1', 'a1') },
    { type: 'DeviceAdded', data: device('SN2', 'b') },
    { type: 'MemberAdded', data: member('m1', 'a1') },
  );

  it('takes everything below with its devices and members out of the project', () => {
    start.when(remove('a')).then([
      { type: 'DeviceRemoved', data: device('SN1', 'a1') },
      { type: 'MemberRemoved', data: member('m1', 'a1') },
      { type: 'SubtreeRemoved', data: { groupId: 'a' } },
    ]);
    start.when(remove('a')).thenState((state) => {
      expect(groupOf(state, 'a1')).toBeNull();
      expect([...state.members.keys()]).toEqual([]);
      expect(state.tree.slots.size).toBe(2);
    });
  });

  it('leaves nothing that could be used or removed again', () => {
    const after = start.when(remove('a')).then([
      { type: 'DeviceRemoved', data: device('SN1', 'a1') },
      { type: 'MemberRemoved', data: member('m1', 'a1') },
      { type: 'SubtreeRemoved', data: { groupId: 'a' } },
    ]);
    after.when(remove('a')).then(missing('group', 'a'));
    after.when(create('a2', 'a1', 'Two')).then(missing('group', 'a1'));
    after.when({ type: 'AddMember', projectId: 'hafenblick', ...member('m2', 'a') }).then(missing('group', 'a'));
  });

  it('neither removes nor moves members whose roles permit what the caller does not hold (P2)', () => {
    const refused = (missing: readonly string[]) =>
      ({ code: 'MEMBERS_HOLD_MORE', groupId: 'a', role: 'user', missing, count: 1 }) as const;
    for (const command of [remove('a'), move('a', 'b')]) {
      start.when({ ...command, authority: { user: ['quotas:read'] } } as TreeCommand).then(refused(['quotas:read']));
      // The role was given after the caller's permissions were determined.
      start.when({ ...command, authority: {} } as TreeCommand).then(refused([]));
    }
    start
      .when({ ...move('a', 'b'), authority: { user: [] } } as TreeCommand)
      .then([{ type: 'GroupMoved', data: { groupId: 'a', parentId: 'b' } }]);
    expect(rolesBelow(start.state(), 'a')).toEqual(['user']);
    expect(rolesBelow(start.state(), 'b')).toEqual([]);
  });

  it('took the members along in the first versions, too, which recorded nothing of them', () => {
    const removed = tree(...start.events.slice(1), { type: 'SubtreeRemoved', data: { groupId: 'a' } });
    expect([...removed.state().members.keys()]).toEqual([]);
    removed
      .when({ type: 'RemoveMember', projectId: 'hafenblick', groupId: 'a1', memberId: 'm1' })
      .then(missing('member', 'm1'));
  });

  it('never removes the root', () => {
    start
      .when(remove('hafenblick'))
      .then({ code: 'VALIDATION', field: 'groupId', message: 'the root of a project cannot be removed' });
  });
});

describe('members', () => {
  const kim: MemberFacts = {
    memberId: 'm1',
    groupId: 'a',
    userId: 'u1',
    email: 'kim@example.com',
    name: 'Kim',
    role: 'user',
  };
  const add = (facts: MemberFacts): TreeCommand => ({ type: 'AddMember', projectId: 'hafenblick', ...facts });
  const start = tree(placed('a', 'hafenblick', 'A'), placed('b', 'hafenblick', 'B'));
  const joined = tree(...start.events.slice(1), { type: 'MemberAdded', data: kim });

  it('join a group once by their e-mail address', () => {
    start
      .when(add(kim))
      .then([{ type: 'MemberAdded', data: kim }])
      .when(add({ ...kim, memberId: 'm2' }))
      .then([]);
    joined
      .when(add({ ...kim, memberId: 'm2', groupId: 'b' }))
      .then([{ type: 'MemberAdded', data: { ...kim, memberId: 'm2', groupId: 'b' } }]);
  });

  it('change their role and name when they are added again', () => {
    joined
      .when(add({ ...kim, memberId: 'm9', email: 'KIM@example.com', role: 'concierge' }))
      .then([{ type: 'MemberAdded', data: { ...kim, role: 'concierge' } }]);
  });

  it('are one by every spelling of a domain, and another by a letter that looks alike before the @', () => {
    const zoe: MemberFacts = { ...kim, email: 'zoe@münchen.example' };
    const alike: MemberFacts = { ...zoe, memberId: 'm2', email: 'zoё@münchen.example' };
    const known = tree(...start.events.slice(1), { type: 'MemberAdded', data: zoe });
    for (const email of ['zoe@MÜNCHEN.example', 'zoe@xn--mnchen-3ya.example', 'Zoe@mu\u0308nchen.example'])
      known.when(add({ ...zoe, memberId: 'm2', email })).then([]);
    known.when(add(alike)).then([{ type: 'MemberAdded', data: alike }]);
  });

  it('leave', () => {
    const leave = (groupId: string): TreeCommand => ({
      type: 'RemoveMember',
      projectId: 'hafenblick',
      groupId,
      memberId: 'm1',
    });
    joined.when(leave('b')).then(missing('member', 'm1'));
    joined
      .when(leave('a'))
      .then([{ type: 'MemberRemoved', data: kim }])
      .when(leave('a'))
      .then(missing('member', 'm1'));
  });
});

describe('devices in the tree (L2)', () => {
  const facts: DeviceFacts = { serialNumber: 'SN1', groupId: 'a', model: 'AA-12', claimId: 'c1' };
  const add = (device: DeviceFacts): TreeCommand => ({ type: 'AddDevice', projectId: 'hafenblick', ...device });
  const take: TreeCommand = { type: 'RemoveDevice', projectId: 'hafenblick', groupId: 'a', serialNumber: 'SN1' };
  const start = tree(placed('a', 'hafenblick', 'A'), placed('b', 'hafenblick', 'B'));

  it('are in one group', () => {
    start
      .when(add(facts))
      .then([{ type: 'DeviceAdded', data: facts }])
      .when(add(facts))
      .then([])
      .when(add({ ...facts, groupId: 'b' }))
      .then({ code: 'DEVICE_ELSEWHERE', serialNumber: 'SN1', groupId: 'a' })
      .when(add({ ...facts, serialNumber: 'sn-1', groupId: 'b', claimId: 'c2' }))
      .then({ code: 'DEVICE_ELSEWHERE', serialNumber: 'sn-1', groupId: 'a' });
  });

  it('keep the claim of each spelling they came in by', () => {
    const again = { ...facts, serialNumber: 'SN-1', claimId: 'c2' };
    const left = start
      .when(add(facts))
      .then([{ type: 'DeviceAdded', data: facts }])
      .when(take)
      .then([{ type: 'DeviceRemoved', data: facts }])
      .when(add(again))
      .then([{ type: 'DeviceAdded', data: again }])
      .when(take)
      .then([{ type: 'DeviceRemoved', data: again }]);
    left.when(add(facts)).then([]);
    left.when(add(again)).then([]);
  });

  it('leave under their own spelling where an earlier version let two spellings in', () => {
    const other = { ...facts, serialNumber: 'SN-1', claimId: 'c2' };
    tree(...start.events.slice(1), { type: 'DeviceAdded', data: facts }, { type: 'DeviceAdded', data: other })
      .when(take)
      .then([{ type: 'DeviceRemoved', data: facts }])
      .when(take)
      .then([{ type: 'DeviceRemoved', data: other }])
      .when(take)
      .then(missing('device', 'SN1'));
  });

  it('come in by a claim once: a late repetition after they left does nothing, a new claim does', () => {
    const left = start
      .when(add(facts))
      .then([{ type: 'DeviceAdded', data: facts }])
      .when(take)
      .then([{ type: 'DeviceRemoved', data: facts }]);
    left.when(add(facts)).then([]);
    left.when(add({ ...facts, claimId: 'c2' })).then([{ type: 'DeviceAdded', data: { ...facts, claimId: 'c2' } }]);
    left.when(take).then(missing('device', 'SN1'));
  });

  it('need a group', () => {
    start.when(add({ ...facts, groupId: 'x' })).then(missing('group', 'x'));
  });
});

describe('the administrators of a project', () => {
  const member = (memberId: string, role: string, groupId = 'hafenblick') => ({
    memberId,
    groupId,
    userId: `u-${memberId}`,
    email: `${memberId}@example.com`,
    name: memberId,
    role,
  });
  const put = (memberId: string, role: string, groupId?: string): TreeCommand => ({
    type: 'AddMember',
    projectId: 'hafenblick',
    ...member(memberId, role, groupId),
  });
  const remove = (memberId: string, groupId = 'hafenblick'): TreeCommand => ({
    type: 'RemoveMember',
    projectId: 'hafenblick',
    groupId,
    memberId,
  });
  const start = tree(
    placed('a', 'hafenblick', 'A'),
    { type: 'MemberAdded', data: member('m1', 'site_administrator') },
    { type: 'MemberAdded', data: member('m2', 'concierge') },
    { type: 'MemberAdded', data: member('m3', 'site_administrator', 'a') },
  );
  const last = { code: 'LAST_ADMINISTRATOR', projectId: 'hafenblick', memberId: 'm1' } as const;

  it('keep at least one, once there is one', () => {
    start.when(remove('m1')).then(last);
    start.when(put('m1', 'concierge')).then(last);
    start.when(put('m1', 'a-role-of-the-tenant')).then(last);
    start
      .when(put('m1', 'company_administrator'))
      .then([{ type: 'MemberAdded', data: member('m1', 'company_administrator') }]);
  });

  it('can leave while another one stays', () => {
    const two = start
      .when(put('m2', 'company_administrator'))
      .then([{ type: 'MemberAdded', data: member('m2', 'company_administrator') }]);
    const gone = two.when(remove('m1')).then([{ type: 'MemberRemoved', data: member('m1', 'site_administrator') }]);
    gone.when(remove('m2')).then({ ...last, memberId: 'm2' });
  });

  it('are those of the root: a group below can lose its last one', () => {
    start.when(remove('m3', 'a')).then([{ type: 'MemberRemoved', data: member('m3', 'site_administrator', 'a') }]);
    start.when(remove('m2')).then([{ type: 'MemberRemoved', data: member('m2', 'concierge') }]);
  });
});
