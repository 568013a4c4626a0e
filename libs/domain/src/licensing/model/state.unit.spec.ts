import { describe, expect, it } from '@jest/globals';
import { projectWithEveryFact } from '../every-fact.fixture.js';
import { day, ProjectScenario, units } from '../project-scenario.harness.js';
import { refreshCapacity } from './capacity.js';
import { evolve } from './evolve.js';
import { unchangedRowsOf } from './rows.js';
import { draftOf, initialState, rootOf, type ProjectState } from './state.js';
import type { Table } from './table.js';
import { addChild } from './tree.js';

const now = day('2026-06-01');

/** Changes a row in place: every field, and in the objects and sets of these the values. */
function spoil(row: unknown, depth: number): void {
  if (row instanceof Set) row.clear();
  else if (typeof row === 'object' && row !== null && depth > 0)
    for (const [key, value] of Object.entries(row)) {
      spoil(value, depth - 1);
      (row as Record<string, unknown>)[key] = null;
    }
}

const plain = (state: ProjectState): unknown => structuredClone(state);

describe('a draft of a state', () => {
  it.each([
    ['groups', 1],
    ['usage', 2],
    ['licenses', 1],
    ['devices', 1],
    ['assignments', 1],
    ['atGroup', 1],
    ['heldBy', 1],
  ] as const)('shows the %s as they are and keeps changes of them to itself', (name, depth) => {
    const { state } = projectWithEveryFact();
    const before = plain(state);
    const draft: Table<unknown> = draftOf(state)[name];
    for (const [id, row] of [...state[name].entries()]) {
      const edited = draft.edit(id);
      expect(edited).toStrictEqual(row);
      spoil(edited, depth);
      expect(edited).not.toStrictEqual(row);
    }
    expect(plain(state)).toStrictEqual(before);
  });

  it('shows the restrictions as they are and keeps changes of them and their allotments to itself', () => {
    const { state } = projectWithEveryFact();
    const before = plain(state);
    const draft = draftOf(state);
    for (const [id, row] of [...state.restrictions.entries()]) {
      const restriction = draft.restrictions.edit(id)!;
      expect(restriction).toStrictEqual(row);
      for (const allotment of restriction.allotments) allotment.phase = 'ended';
      restriction.allotments.pop();
      restriction.enabled = false;
    }
    expect(plain(state)).toStrictEqual(before);
  });

  it('keeps its totals to itself', () => {
    const { state } = projectWithEveryFact();
    const before = plain(state);
    draftOf(state).totals.devices += 1;
    expect(plain(state)).toStrictEqual(before);
  });

  it('gives a leaf its first child without giving it to the state below', () => {
    const { state } = new ProjectScenario(now).open().place('a');
    const draft = draftOf(state);
    expect(draft.groups.edit('a')?.children).toBeNull();
    addChild(draft, 'a', 'b');
    expect([draft.groups.get('a')?.children, state.groups.get('a')?.children]).toStrictEqual([new Set(['b']), null]);
  });

  it('counts use along a path as the state itself does', () => {
    const s = new ProjectScenario(now).open().place('a', 'b under a', 'c under b');
    s.plus(units(10, 10, 10));
    s.restrict('b', units(5, 5, 5));
    const draft = draftOf(s.state);
    const made = { assignmentId: 'x', groupId: 'c', resource: 'ukey2', label: null, holder: null } as const;
    for (const state of [draft, s.state])
      evolve(state, { type: 'AssignmentMade', at: now, data: { ...made, sipAssignmentId: null } });
    const use = ({ usage }: ProjectState) => new Map([...usage.entries()]);
    expect(use(draft)).toStrictEqual(use(s.state));
    expect(s.state.usage.get('a')?.inRestricted).toStrictEqual({ sip_number: 0, mobile_app: 0, ukey2: 1 });
    expect(s.state.usage.get('c')?.inRestricted).toStrictEqual({ sip_number: 0, mobile_app: 0, ukey2: 0 });
  });
});

describe('the rows that a state shows unchanged', () => {
  it('are its own, also where drafts without changed groups are above them', () => {
    const { state } = new ProjectScenario(now).open().place('a');
    const draft = draftOf(state);
    draft.totals.devices += 1;
    expect(unchangedRowsOf(state)).toBe(state.rows);
    expect(unchangedRowsOf(draft)).toBe(state.rows);
    expect(unchangedRowsOf(draftOf(draft))).toBe(state.rows);
  });

  it.each(['groups', 'usage', 'restrictions'] as const)('are none where a draft changes the %s', (name) => {
    const { state } = projectWithEveryFact();
    const draft = draftOf(state);
    draft[name].edit('a');
    expect([unchangedRowsOf(draft), unchangedRowsOf(draftOf(draft))]).toStrictEqual([null, null]);
  });
});

describe('the use of a project', () => {
  it('is counted at its groups alone', () => {
    const s = new ProjectScenario(now).open().place('a', 'b');
    s.plus(units(10));
    s.restrict('p', units(5));
    s.assign('a');
    expect([...s.state.usage.entries()].map(([groupId]) => groupId)).toStrictEqual(['p', 'a']);
  });
});

describe('a project that is not opened yet', () => {
  it('has no root, and its capacity is none', () => {
    const state = initialState();
    refreshCapacity(state);
    expect(rootOf(state)).toBeNull();
    expect(state).toStrictEqual(initialState());
  });
});
