import { describe, expect, it } from '@jest/globals';
import { PAUSE_EVERY } from '../slices.js';
import { decideReshape, type TreeShape } from './index.js';
import { rename, reshape, run, tree } from './reshape.fixture.js';
import { placed, projectId } from './tree.fixture.js';

const MANY = 2 * PAUSE_EVERY + 1;

const idsOf = (count: number): string[] => Array.from({ length: count }, (_, index) => `g${index}`);
const state = tree(...idsOf(MANY).map((id) => placed(id, projectId, id))).state();

const pausesOf = (shape: Partial<TreeShape>): number => [...decideReshape(state, reshape(shape))].length;

describe('a change of many groups is decided with a pause for every slice of groups', () => {
  it.each<[what: string, passes: number, shapeOf: (ids: string[]) => Partial<TreeShape>]>([
    // They are built, placed, and compared by place, name and external id.
    ['new groups in five passes', 5, (ids) => ({ added: [run('n', 'g0', ...ids)] })],
    ['renamed groups in two passes', 2, (ids) => ({ changed: ids.map((id) => rename(id, `New ${id}`)) })],
    ['moved groups in one pass', 1, (ids) => ({ moved: ids.map((groupId) => ({ groupId, parentId: projectId })) })],
  ])('%s', (_what, passes, shapeOf) => {
    const [few, many] = [1, MANY].map((count) => pausesOf(shapeOf(idsOf(count))));
    expect(many! - few!).toBe(2 * passes);
  });
});
