import { describe, expect, it } from '@jest/globals';
import { given } from '@allotree/testing/given';
import fc from 'fast-check';
import { modelRuns } from '../model-runs.fixture.js';
import {
  generatedGroups,
  groupOf,
  groupsOf,
  groupTreeAggregate,
  type GroupTreeState,
  type TreeShape,
} from './index.js';
import { rename, reshape, run, start, tree } from './reshape.fixture.js';
import { placed, projectId } from './tree.fixture.js';

/** The tree after a change that is accepted. */
const after = (before: ReturnType<typeof tree>, shape: Partial<TreeShape>) => {
  const decision = groupTreeAggregate.decide(before.state(), reshape(shape));
  if (!decision.ok) throw new Error(JSON.stringify(decision.refusal));
  return given(groupTreeAggregate, [...before.events, ...decision.events]);
};
const pathsOf = (state: GroupTreeState) =>
  groupsOf(state)
    .map(({ groupId }) =>
      groupOf(state, groupId)
        ?.path.map(({ name }) => name)
        .join('/'),
    )
    .sort();

describe('a change of many groups is decided on the tree after all of it', () => {
  it('lets siblings exchange names', () => {
    start()
      .when(reshape({ changed: [rename('a', 'B'), rename('b', 'A')] }))
      .thenState((state) =>
        expect(pathsOf(state)).toEqual([
          'Hafenblick',
          'Hafenblick/A',
          'Hafenblick/B',
          'Hafenblick/B/One',
          'Hafenblick/B/Two',
        ]),
      );
  });

  it('puts a group below one that was below it', () => {
    start()
      .when(
        reshape({
          moved: [
            { groupId: 'a1', parentId: projectId },
            { groupId: 'a', parentId: 'a1' },
          ],
        }),
      )
      .thenState((state) => expect(pathsOf(state)).toContain('Hafenblick/One/A/Two'));
  });

  it('moves a group below a new one, gives a removed name away, and keeps what left the removed group', () => {
    start()
      .when(
        reshape({
          added: [run('n', projectId, 'A')],
          moved: [{ groupId: 'a1', parentId: 'n_0' }],
          removed: [{ groupId: 'a' }],
        }),
      )
      .thenState((state) =>
        expect(pathsOf(state)).toEqual(['Hafenblick', 'Hafenblick/A', 'Hafenblick/A/One', 'Hafenblick/B']),
      );
  });

  it('refuses everything that is wrong at once, and then changes nothing', () => {
    start()
      .when(
        reshape({
          added: [{ ...run('n', 'a', 'Three', 'Four'), externalIds: ['K1', 'K9'] }],
          moved: [{ groupId: 'a', parentId: 'a1' }],
          changed: [rename('nobody', 'X'), { ...rename('b', 'B'), externalId: 'K9' }],
          removed: [{ groupId: projectId }],
        }),
      )
      .then({
        code: 'BATCH_REFUSED',
        items: [
          { groupId: 'n_0', refusal: { code: 'NOT_FOUND', what: 'group', id: 'a' } },
          { groupId: 'a', refusal: { code: 'CYCLE', groupId: 'a', parentId: 'a1' } },
          { groupId: 'nobody', refusal: { code: 'NOT_FOUND', what: 'group', id: 'nobody' } },
          {
            groupId: projectId,
            refusal: { code: 'VALIDATION', field: 'groupId', message: 'the root of a project cannot be removed' },
          },
          {
            groupId: 'n_0',
            refusal: { code: 'EXTERNAL_ID_TAKEN', kind: 'group', externalId: 'K1', holderId: 'a1', groupId: 'a1' },
          },
          { groupId: 'b', refusal: { code: 'VALIDATION', field: 'externalId', message: 'is named more than once' } },
        ],
      });
  });

  it('reaches any other shape of the same groups, in one step', () => {
    const names = fc.array(fc.constantFrom('A', 'B', 'C', 'D', 'E'), { minLength: 6, maxLength: 6 });
    const parents = fc.tuple(...Array.from({ length: 6 }, (_, n) => fc.integer({ min: -1, max: n - 1 })));
    const shapes = fc.tuple(names, parents, fc.shuffledSubarray([0, 1, 2, 3, 4, 5], { minLength: 6 }));
    const isPossible = ([names, parents]: [string[], number[], number[]]): boolean =>
      new Set(names.map((name, n) => `${parents[n]} ${name}`)).size === 6;
    fc.assert(
      fc.property(shapes.filter(isPossible), shapes.filter(isPossible), (from, to) => {
        const id = ([, , order]: typeof from, n: number): string => (n < 0 ? projectId : `g${order[n]}`);
        const before = tree(...from[0].map((name, n) => placed(id(from, n), id(from, from[1][n]!), name)));
        const moved = to[1].map((parent, n) => ({ groupId: id(to, n), parentId: id(to, parent) }));
        const changed = to[0].map((name, n) => rename(id(to, n), name));
        expect(pathsOf(after(before, { moved, changed }).state())).toEqual(
          pathsOf(tree(...to[0].map((name, n) => placed(id(to, n), id(to, to[1][n]!), name))).state()),
        );
      }),
      modelRuns(),
    );
  });
});

it('new groups carry their external ids', () => {
  const named = after(start(), { added: [{ ...run('n', 'b', 'X', 'Y'), externalIds: [null, ' E '] }] });
  expect(groupsOf(named.state()).find(({ name }) => name === 'Y')?.externalId).toBe('E');
  expect(generatedGroups({ ...run('n', 'b', 'X'), first: 0 })).toHaveLength(1);
});
