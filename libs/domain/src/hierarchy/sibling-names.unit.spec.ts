import { describe, expect, it } from '@jest/globals';
import { groupTreeAggregate, type TreeCommand, type TreeEvent } from './index.js';
import { created, placed, projectId } from './tree.fixture.js';

const create = (groupId: string, name: string, parentId = projectId): TreeCommand => ({
  type: 'CreateGroup',
  projectId,
  groupId,
  parentId,
  groupType: 'building',
  name,
});
const rename = (groupId: string, name: string): TreeCommand => ({
  type: 'ChangeGroupDetails',
  projectId,
  groupId,
  groupType: null,
  name,
});
const remove = (groupId: string): TreeCommand => ({ type: 'RemoveSubtree', projectId, groupId });
const taken = (name: string, parentId = projectId) => ({
  ok: false,
  refusal: { code: 'NAME_TAKEN', parentId, names: [name], count: 1 },
});

/** Decides one command after the other on the same state, as a process does that keeps a project in memory. */
const kept = (...events: TreeEvent[]) => {
  const state = [created, ...events].reduce(groupTreeAggregate.evolve, groupTreeAggregate.initial());
  return (command: TreeCommand) => {
    const decision = groupTreeAggregate.decide(state, command);
    if (decision.ok) decision.events.reduce(groupTreeAggregate.evolve, state);
    return decision;
  };
};

describe('G1: a name in a project that is kept in memory', () => {
  it('is taken once a group has it', () => {
    const decide = kept(placed('a', projectId, 'A'));
    expect(decide(create('b', 'a'))).toStrictEqual(taken('A'));
    expect(decide(create('b', 'B')).ok).toBe(true);
    expect(decide(create('c', 'b'))).toStrictEqual(taken('B'));
  });

  it('is free again once its group has another name, and the other name is taken', () => {
    const decide = kept(placed('a', projectId, 'A'));
    expect(decide(create('b', 'A'))).toStrictEqual(taken('A'));
    expect(decide(rename('a', 'North')).ok).toBe(true);
    expect(decide(create('b', 'north'))).toStrictEqual(taken('North'));
    expect(decide(create('b', 'A')).ok).toBe(true);
  });

  it('goes with its group to another parent', () => {
    const decide = kept(placed('a', projectId, 'A'), placed('b', projectId, 'B'), placed('c', 'b', 'C'));
    expect(decide(create('d', 'A'))).toStrictEqual(taken('A'));
    expect(decide(create('d', 'C', 'b'))).toStrictEqual(taken('C', 'b'));
    expect(decide({ type: 'MoveGroup', projectId, groupId: 'a', parentId: 'b' }).ok).toBe(true);
    expect(decide(create('d', 'A', 'b'))).toStrictEqual(taken('A', 'b'));
    expect(decide(create('d', 'A')).ok).toBe(true);
  });

  it('is free again once its group is removed', () => {
    const decide = kept(placed('a', projectId, 'A'));
    expect(decide(create('b', 'A'))).toStrictEqual(taken('A'));
    expect(decide(remove('a')).ok).toBe(true);
    expect(decide(create('b', 'A')).ok).toBe(true);
  });

  it('stays taken until both older groups that share it have given it up', () => {
    const decide = kept(placed('a', projectId, 'Straße'), placed('b', projectId, 'STRASSE'));
    expect(decide(create('c', 'strasse')).ok).toBe(false);
    expect(decide(rename('a', 'North')).ok).toBe(true);
    expect(decide(create('c', 'strasse'))).toStrictEqual(taken('STRASSE'));
    expect(decide(remove('b')).ok).toBe(true);
    expect(decide(create('c', 'strasse')).ok).toBe(true);
  });
});
