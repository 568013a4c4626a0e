import { describe, expect, it } from '@jest/globals';
import { GENERATED_PER_EVENT } from './generation.js';
import type { DeviceFacts, GeneratedGroups, GroupFacts, MemberFacts, TreeEvent } from './index.js';
import { chain, rename, reshape, run, start } from './reshape.fixture.js';
import { placed, projectId } from './tree.fixture.js';

const generated = (data: GeneratedGroups): TreeEvent => ({ type: 'GroupsGenerated', data });
const moved = (groupId: string, parentId: string): TreeEvent => ({ type: 'GroupMoved', data: { groupId, parentId } });
const details = (data: Pick<GroupFacts, 'groupId' | 'type' | 'name'> & { externalId?: string | null }): TreeEvent => ({
  type: 'GroupDetailsChanged',
  data,
});
const removed = (groupId: string): TreeEvent => ({ type: 'SubtreeRemoved', data: { groupId } });

describe('the events of a change of many groups', () => {
  it('are those of new groups, moves, details and removals, in this order', () => {
    start()
      .when(
        reshape({
          added: [chain('n', 'b', ' New ', 'House')],
          moved: [{ groupId: 'a1', parentId: 'n_1' }],
          changed: [rename('a1', ' First  house ')],
          removed: [{ groupId: 'a' }],
        }),
      )
      .then([
        generated({ ...chain('n', 'b', 'New', 'House'), first: 0 }),
        moved('a1', 'n_1'),
        details({ groupId: 'a1', type: 'building', name: 'First house' }),
        removed('a'),
      ]);
  });

  it('leave out what is so already', () => {
    const shape = { added: [run('n', 'a', 'Three')], changed: [rename('b', 'C')] };
    start()
      .when(reshape(shape))
      .then([
        generated({ ...run('n', 'a', 'Three'), first: 0 }),
        details({ groupId: 'b', type: 'building', name: 'C' }),
      ])
      .when(reshape(shape))
      .then([]);
    start()
      .when(
        reshape({
          moved: [{ groupId: 'a1', parentId: 'a' }],
          changed: [
            { groupId: 'a', groupType: 'building', name: 'A', externalId: null },
            { groupId: 'a1', groupType: null, name: null, externalId: ' K1 ' },
          ],
        }),
      )
      .then([]);
  });

  it('do not add new groups again of which some have been removed since', () => {
    const added = [run('n', 'a', 'Three', 'Four')];
    start()
      .when(reshape({ added }))
      .then([generated({ ...run('n', 'a', 'Three', 'Four'), first: 0 })])
      .when(reshape({ removed: [{ groupId: 'n_0' }] }))
      .then([removed('n_0')])
      .when(reshape({ added }))
      .then([]);
  });

  it('name the type, the name and the external id of a group, the last one only where it changes', () => {
    start()
      .when(
        reshape({
          changed: [
            { groupId: projectId, groupType: null, name: 'Hafen' },
            { groupId: 'a', groupType: 'unit', name: null },
            { groupId: 'b', groupType: null, name: null, externalId: ' E ' },
            { groupId: 'a1', groupType: null, name: null, externalId: null },
            { groupId: 'a2', groupType: 'custom', name: 'Z', externalId: 'K3' },
          ],
        }),
      )
      .then([
        details({ groupId: projectId, type: 'company', name: 'Hafen' }),
        details({ groupId: 'a', type: 'unit', name: 'A' }),
        details({ groupId: 'b', type: 'building', name: 'B', externalId: 'E' }),
        details({ groupId: 'a1', type: 'building', name: 'One', externalId: null }),
        details({ groupId: 'a2', type: 'custom', name: 'Z', externalId: 'K3' }),
      ]);
  });

  it('let the root be the company that it is', () => {
    start()
      .when(reshape({ changed: [{ groupId: projectId, groupType: 'company', name: 'Hafen' }] }))
      .then([details({ groupId: projectId, type: 'company', name: 'Hafen' })]);
  });
});

describe('many new groups', () => {
  const names = Array.from({ length: GENERATED_PER_EVENT + 2 }, (_, index) => `Unit ${index}`);
  const columns = { ...run('n', 'b', ...names), levels: ['unit' as const, 'floor' as const] };
  const last = GENERATED_PER_EVENT + 1;
  const many = {
    ...columns,
    level: names.map((_, index) => (index === last ? 1 : 0)),
    parents: names.map((_, index) => (index === last ? 1 : -1)),
  };
  const part = (first: number, end: number): GeneratedGroups => ({
    ...many,
    first,
    level: many.level.slice(first, end),
    parents: many.parents.slice(first, end),
    names: names.slice(first, end),
  });

  it('are recorded in events of a limited size, with external ids where a group of the event has one', () => {
    const externalIds = names.map((_, index) => (index === last ? ' E ' : null));
    start()
      .when(reshape({ added: [{ ...many, externalIds }] }))
      .then([
        generated(part(0, GENERATED_PER_EVENT)),
        generated({ ...part(GENERATED_PER_EVENT, names.length), externalIds: [null, 'E'] }),
      ]);
  });

  it('are recorded in one event that they fill', () => {
    const full = run('n', 'b', ...names.slice(0, GENERATED_PER_EVENT));
    start()
      .when(reshape({ added: [full] }))
      .then([generated({ ...full, first: 0 })]);
  });
});

describe('G4, U4: a removed group', () => {
  const member = (memberId: string, groupId: string): MemberFacts => ({
    memberId,
    groupId,
    userId: `u-${memberId}`,
    email: `${memberId}@example.com`,
    name: memberId,
    role: 'user',
  });
  const device = (serialNumber: string, groupId: string): DeviceFacts => ({
    serialNumber,
    groupId,
    model: 'AA-12',
    claimId: `c-${serialNumber}`,
  });
  const inhabited = start(
    placed('a21', 'a2', 'Deep'),
    ...['a', 'a1', 'a2', 'a21', 'b'].flatMap((groupId): TreeEvent[] => [
      { type: 'MemberAdded', data: member(`m-${groupId}`, groupId) },
      { type: 'DeviceAdded', data: device(`s-${groupId}`, groupId) },
    ]),
  );
  const devicesLeave = (...groups: string[]): TreeEvent[] =>
    groups.map((groupId) => ({ type: 'DeviceRemoved', data: device(`s-${groupId}`, groupId) }));
  const membersLeave = (...groups: string[]): TreeEvent[] =>
    groups.map((groupId) => ({ type: 'MemberRemoved', data: member(`m-${groupId}`, groupId) }));

  it('takes along the devices and members at and below it', () => {
    const groups = ['a', 'a2', 'a21', 'a1'];
    inhabited
      .when(reshape({ removed: [{ groupId: 'a' }] }))
      .then([...devicesLeave(...groups), ...membersLeave(...groups), removed('a')]);
  });

  it('leaves the devices and members of what moves out of it', () => {
    inhabited
      .when(reshape({ moved: [{ groupId: 'a2', parentId: 'b' }], removed: [{ groupId: 'a' }] }))
      .then([moved('a2', 'b'), ...devicesLeave('a', 'a1'), ...membersLeave('a', 'a1'), removed('a')]);
  });

  it('leaves once, although it is named twice or is below another removed group', () => {
    const groups = ['a2', 'a21'];
    inhabited
      .when(reshape({ removed: [{ groupId: 'a21' }, { groupId: 'a2' }, { groupId: 'a2' }] }))
      .then([...devicesLeave(...groups), ...membersLeave(...groups), removed('a2')]);
  });

  it('leaves as well when it is moved before', () => {
    inhabited
      .when(reshape({ moved: [{ groupId: 'a1', parentId: 'b' }], removed: [{ groupId: 'a1' }, { groupId: 'a2' }] }))
      .then([
        moved('a1', 'b'),
        ...devicesLeave('a1'),
        ...membersLeave('a1'),
        removed('a1'),
        ...devicesLeave('a2', 'a21'),
        ...membersLeave('a2', 'a21'),
        removed('a2'),
      ]);
  });
});

it('a change of nothing has no events', () => {
  start().when(reshape({})).then([]);
  expect(start().when(reshape({ added: [run('n', 'a')] })).decision).toStrictEqual({ ok: true, events: [] });
});
