import { describe, expect, it } from '@jest/globals';
import { day, ProjectScenario, units } from '../project-scenario.harness.js';
import { assignmentsBelow, levelsOf, nearestRestrictedBelow } from './tree.js';

const now = day('2026-06-01');

describe('the levels of a group', () => {
  it('have no restriction that was removed', () => {
    const { state } = new ProjectScenario(now).open().place('a').restrict('a', units());
    state.restrictions.remove('a');
    expect(levelsOf(state, 'a').map(({ groupId, restriction }) => [groupId, restriction])).toStrictEqual([
      ['a', null],
      ['p', null],
    ]);
  });
});

describe('the assignments below a group', () => {
  it('are those of the group and of the candidates below it that are reached through candidates', () => {
    const s = new ProjectScenario(now).open().place('a', 'b', 'c under a', 'd under b');
    s.plus(units(10));
    const [atRoot, atA, atC] = ['p', 'a', 'c'].flatMap((groupId) => s.assign(groupId));
    for (const groupId of ['b', 'd']) s.assign(groupId);
    const below = assignmentsBelow(s.state, 'p', (groupId) => groupId !== 'b');
    expect([...below].map(({ assignmentId }) => assignmentId)).toStrictEqual([atRoot, atA, atC]);
  });
});

describe('the nearest restricted groups below a group', () => {
  it('are found below groups without limits, and none below a restricted one or beside it', () => {
    const s = new ProjectScenario(now).open().place('a', 'b under a', 'c under b', 'd');
    s.restrict('b', units()).restrict('c', units());
    const below = (groupId: string) => [...nearestRestrictedBelow(s.state, groupId)];
    expect(['p', 'a', 'b', 'c', 'd'].map(below)).toStrictEqual([['b'], ['b'], ['c'], [], []]);
  });
});
