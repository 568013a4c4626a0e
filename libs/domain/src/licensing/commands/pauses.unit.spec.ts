import { describe, expect, it } from '@jest/globals';
import { PAUSE_EVERY, type Slices } from '../../slices.js';
import { VENDOR } from '../limits/authority.js';
import type { ProjectCommandOf } from '../model/commands.js';
import { ProjectScenario, day, units } from '../project-scenario.harness.js';
import { decideInSlices } from './decide.js';
import { rehearseInSlices } from './rehearsal.js';

const MANY = 2 * PAUSE_EVERY + 1;

/** New restrictions for as many groups, in a project that has not been changed by them. */
function restrictions(count: number, cascade: boolean) {
  const s = new ProjectScenario(day('2026-06-01')).open();
  const ids = Array.from({ length: count }, (_, index) => `g${index}`);
  const groups = ids.map((groupId) => ({ groupId, parentId: 'p', type: 'custom', name: groupId }) as const);
  s.do({ type: 'PlaceGroups', now: s.now, groups });
  s.plus(units(1));
  const command: ProjectCommandOf<'SetRestrictions'> = {
    type: 'SetRestrictions',
    now: s.now,
    restrictions: ids.map((groupId) => s.restriction(groupId, [{ units: units(1) }])),
    cascade,
    authorities: [VENDOR],
  };
  return { state: s.state, command };
}

const pausesOf = (work: Slices<unknown>): number => [...work].length;

describe('the restrictions of many groups', () => {
  it.each([
    // Reading, ordering, recording, scopes, losses and checks.
    ['six passes', false, 6],
    // Scopes are looked for once more, to clamp below them.
    ['seven passes with cascade', true, 7],
  ])('are decided in %s, with a pause for every slice of groups in each', (_what, cascade, passes) => {
    const [few, many] = [1, MANY].map((count) => {
      const { state, command } = restrictions(count, cascade);
      return pausesOf(decideInSlices(state, command));
    });
    expect(many! - few!).toBe(2 * passes);
  });

  it('are rehearsed with a pause before each command and for every slice of events', () => {
    const { state, command } = restrictions(MANY, false);
    const deciding = pausesOf(decideInSlices(state, command));
    expect(pausesOf(rehearseInSlices(state, [command]))).toBe(1 + deciding + 2);
  });
});
