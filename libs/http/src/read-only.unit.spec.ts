import { describe, expect, it } from '@jest/globals';
import { Problem } from './problem.js';
import { refuseReadOnlyChanges } from './read-only.js';

const refused = (body: object, current: Record<string, unknown>): unknown => {
  try {
    refuseReadOnlyChanges(body, current);
  } catch (error) {
    return (error as Problem).facts['errors'];
  }
  return [];
};

describe('read-only members of a body', () => {
  it('are accepted as they are, or left out', () => {
    expect(refused({ groupId: 'a', path: [{ groupId: 'a' }] }, { groupId: 'a', path: [{ groupId: 'a' }] })).toEqual([]);
    expect(refused({ name: 'A' }, { groupId: 'a', parentId: null })).toEqual([]);
    expect(refused({ parentId: null }, { parentId: null })).toEqual([]);
  });

  it('are refused by name when they differ', () => {
    const message = 'cannot be changed here';
    expect(refused({ groupId: 'b', parentId: 'c' }, { groupId: 'a', parentId: null })).toEqual([
      { field: 'groupId', message },
      { field: 'parentId', message },
    ]);
    expect(refused({ parentId: null }, { parentId: 'a' })).toEqual([{ field: 'parentId', message }]);
  });
});
