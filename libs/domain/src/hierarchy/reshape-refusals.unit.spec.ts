import { describe, expect, it } from '@jest/globals';
import type { MemberFacts, RefusedShape, TreeShape } from './index.js';
import { chain, rename, reshape, run, start, tree } from './reshape.fixture.js';
import { placed, projectId } from './tree.fixture.js';

type Items = RefusedShape['items'];
type Case = readonly [what: string, shape: Partial<TreeShape>, items: Items];

const notFound = (groupId: string, id = groupId): Items => [
  { groupId, refusal: { code: 'NOT_FOUND', what: 'group', id } },
];
const cycle = (groupId: string, parentId: string): Items => [
  { groupId, refusal: { code: 'CYCLE', groupId, parentId } },
];
const invalid = (groupId: string, field: string, message: string): Items => [
  { groupId, refusal: { code: 'VALIDATION', field, message } },
];
const taken = (groupId: string, parentId: string, name: string): Items => [
  { groupId, refusal: { code: 'NAME_TAKEN', parentId, names: [name], count: 1 } },
];
const move = (groupId: string, parentId: string) => ({ groupId, parentId });
const retype = (groupId: string, groupType: 'company' | 'unit') => ({ groupId, groupType, name: null });

it.each<Case>([
  ['moving a group that does not exist', { moved: [move('x', 'a')] }, notFound('x')],
  ['moving a group below one that does not exist', { moved: [move('a', 'x')] }, notFound('a', 'x')],
  ['changing a group that does not exist', { changed: [rename('x', 'X')] }, notFound('x')],
  ['removing a group that does not exist', { removed: [{ groupId: 'x' }] }, notFound('x')],
  ['adding a group below one that does not exist', { added: [run('n', 'x', 'X')] }, notFound('n_0', 'x')],
  [
    'adding a group below one that is removed',
    { added: [run('n', 'a', 'X')], removed: [{ groupId: 'a' }] },
    notFound('n_0', 'a'),
  ],
  [
    'adding a group below one that leaves with a removed group',
    { added: [run('n', 'a1', 'X')], removed: [{ groupId: 'a' }] },
    notFound('n_0', 'a1'),
  ],
  [
    'moving a group below one that is removed',
    { moved: [move('b', 'a')], removed: [{ groupId: 'a' }] },
    notFound('b', 'a'),
  ],
  ['moving a group below itself', { moved: [move('a', 'a')] }, cycle('a', 'a')],
  ['moving a group below one of its own', { moved: [move('a', 'a1')] }, cycle('a', 'a1')],
  [
    'moving two groups below each other',
    { moved: [move('a', 'b'), move('b', 'a')] },
    [...cycle('a', 'b'), ...cycle('b', 'a')],
  ],
  ['moving the root of the project', { moved: [move(projectId, 'a')] }, cycle(projectId, 'a')],
  [
    'another type for the root of the project',
    { changed: [retype(projectId, 'unit')] },
    invalid(projectId, 'type', 'the root of a project is its company'),
  ],
  [
    'removing the root of the project',
    { removed: [{ groupId: projectId }] },
    invalid(projectId, 'groupId', 'the root of a project cannot be removed'),
  ],
  ['an empty name', { changed: [rename('a', ' ')] }, invalid('a', 'name', 'must not be empty')],
  [
    'an empty name of a new group below another new one',
    { added: [chain('n', 'b', 'X', '')] },
    invalid('n_1', 'name', 'must not be empty'),
  ],
  ['a new group with the name of one that stays', { added: [run('n', 'a', 'one')] }, taken('n_0', 'a', 'one')],
  [
    'a new group with the name of one that gets another type',
    { added: [run('n', 'a', 'One')], changed: [retype('a1', 'unit')] },
    taken('n_0', 'a', 'One'),
  ],
  ['two new groups with one name', { added: [run('n', 'b', 'X', 'x')] }, taken('n_1', 'b', 'x')],
  [
    'two new groups with one name below another new one',
    { added: [{ ...run('n', 'b', 'X', 'Y', 'y'), parents: [-1, 0, 0] }] },
    taken('n_2', 'n_0', 'y'),
  ],
  [
    'a moved group with the name of one that stays',
    { moved: [move('a1', projectId)], changed: [rename('a1', 'B')] },
    taken('a1', projectId, 'B'),
  ],
  [
    'a group with the name of a new one',
    { added: [run('n', 'a', 'Three')], changed: [rename('a1', 'Three')] },
    taken('a1', 'a', 'Three'),
  ],
])('refuses %s', (_what, shape, items) => {
  start().when(reshape(shape)).then({ code: 'BATCH_REFUSED', items });
});

describe('names are compared as they are after the change', () => {
  it.each<[what: string, shape: Partial<TreeShape>]>([
    ['a removed group', { added: [run('n', 'a', 'One')], removed: [{ groupId: 'a1' }] }],
    ['a group that moves away', { added: [run('n', 'a', 'One')], moved: [move('a1', 'b')] }],
    ['a group that is renamed', { added: [run('n', 'a', 'One')], changed: [rename('a1', 'Three')] }],
    ['the new group above', { added: [chain('n', 'b', 'X', 'X', 'X')] }],
    [
      'a group that is renamed and removed',
      { added: [run('n', 'a', 'Three')], changed: [rename('a1', 'Three')], removed: [{ groupId: 'a1' }] },
    ],
  ])('so a new group can have the name of %s', (_what, shape) => {
    expect(start().when(reshape(shape)).decision.ok).toBe(true);
  });

  it('so a group can keep its name, or have it spelled differently', () => {
    start()
      .when(reshape({ changed: [rename('a1', 'ONE'), rename('a2', 'Two')] }))
      .then([{ type: 'GroupDetailsChanged', data: { groupId: 'a1', type: 'building', name: 'ONE' } }]);
  });
});

describe('groups go at most 32 levels deep', () => {
  const deep = tree(
    ...Array.from({ length: 31 }, (_, n) => placed(`level${n + 2}`, n === 0 ? projectId : `level${n + 1}`, 'C')),
    placed('a', projectId, 'A'),
    placed('b', 'a', 'B'),
  );
  const tooDeep = (groupId: string): Items => invalid(groupId, 'parentId', 'groups go at most 32 levels deep');

  it.each<[what: string, shape: Partial<TreeShape>]>([
    ['a new group', { added: [run('n', 'level31', 'N')] }],
    ['a new group below new ones', { added: [chain('n', 'level29', 'N', 'N', 'N')] }],
    [
      'new groups side by side below a new one',
      { added: [{ ...run('n', 'level30', 'N', 'O', 'P'), parents: [-1, 0, 0] }] },
    ],
    ['a moved group', { moved: [move('b', 'level31')] }],
    ['a moved group with one below it', { moved: [move('a', 'level30')] }],
    ['a moved group without the one that leaves it', { moved: [move('b', projectId), move('a', 'level31')] }],
    ['a moved group without the one that goes deeper', { moved: [move('b', 'level31'), move('a', 'level31')] }],
    ['a moved group without the one that is removed', { moved: [move('a', 'level31')], removed: [{ groupId: 'b' }] }],
  ])('accepts %s at level 32', (_what, shape) => {
    expect(deep.when(reshape(shape)).decision.ok).toBe(true);
  });

  it.each<Case>([
    ['a new group', { added: [run('n', 'level32', 'N')] }, tooDeep('n_0')],
    [
      'new groups below a new one',
      { added: [chain('n', 'level30', 'N', 'N', 'N', 'N')] },
      [...tooDeep('n_2'), ...tooDeep('n_3')],
    ],
    ['a moved group', { moved: [move('b', 'level32')] }, tooDeep('b')],
    ['a moved group for one below it', { moved: [move('a', 'level31')] }, tooDeep('a')],
    ['a new group below a moved one', { added: [run('n', 'b', 'N')], moved: [move('a', 'level30')] }, tooDeep('n_0')],
  ])('refuses %s at level 33', (_what, shape, items) => {
    deep.when(reshape(shape)).then({ code: 'BATCH_REFUSED', items });
  });
});

describe('P2: a group stays while its members hold more than the caller', () => {
  const member: MemberFacts = {
    memberId: 'm',
    userId: 'u',
    email: 'a@b.example',
    name: 'Ada',
    role: 'site_administrator',
    groupId: 'a1',
  };
  const authority = { site_administrator: ['groups:manage'] };

  it.each<[what: string, shape: Partial<TreeShape>, groupId: string]>([
    ['moved', { moved: [{ ...move('a1', 'b'), authority }] }, 'a1'],
    ['removed', { removed: [{ groupId: 'a', authority }] }, 'a'],
  ])('and is not %s', (_what, shape, groupId) => {
    start({ type: 'MemberAdded', data: member })
      .when(reshape(shape))
      .then({
        code: 'BATCH_REFUSED',
        items: [
          {
            groupId,
            refusal: {
              code: 'MEMBERS_HOLD_MORE',
              groupId,
              role: 'site_administrator',
              missing: ['groups:manage'],
              count: 1,
            },
          },
        ],
      });
  });
});
