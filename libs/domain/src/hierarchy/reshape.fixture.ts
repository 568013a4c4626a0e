import { given } from '@allotree/testing/given';
import { groupTreeAggregate, type TreeCommandOf, type TreeEvent, type TreeShape } from './index.js';
import { created, placed, projectId } from './tree.fixture.js';

/** A project after these events. */
export const tree = (...events: TreeEvent[]) => given(groupTreeAggregate, [created, ...events]);

/** The buildings A and B, with One and Two in A. */
export const start = (...events: TreeEvent[]) =>
  tree(
    placed('a', projectId, 'A'),
    placed('b', projectId, 'B'),
    placed('a1', 'a', 'One', 'K1'),
    placed('a2', 'a', 'Two', 'K2'),
    ...events,
  );

/** The command that changes this and nothing else. */
export const reshape = (shape: Partial<TreeShape>): TreeCommandOf<'ReshapeTree'> => ({
  type: 'ReshapeTree',
  projectId,
  added: [],
  moved: [],
  changed: [],
  removed: [],
  ...shape,
});

export const rename = (groupId: string, name: string) => ({ groupId, groupType: null, name });

/** New units side by side. */
export const run = (newId: string, parentId: string, ...names: string[]) => ({
  newId,
  parentId,
  levels: ['unit' as const],
  level: names.map(() => 0),
  parents: names.map(() => -1),
  names,
});

/** New units, each below the one before it. */
export const chain = (newId: string, parentId: string, ...names: string[]) => ({
  ...run(newId, parentId, ...names),
  parents: names.map((_, index) => index - 1),
});
