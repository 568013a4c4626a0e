import { describe, expect, it } from '@jest/globals';
import { VENDOR } from '../limits/authority.js';
import type { ProjectCommand } from '../model/commands.js';
import { ProjectScenario, day, units } from '../project-scenario.harness.js';
import { decide, decideInSlices } from './decide.js';

const START = day('2026-06-01');

function scenario(): ProjectScenario {
  const s = new ProjectScenario(START).open().place('a');
  s.plus(units(10));
  return s;
}

const restrictions = (s: ProjectScenario, ofA: number): ProjectCommand => ({
  type: 'SetRestrictions',
  now: START,
  restrictions: [s.restriction('a', [{ units: units(ofA) }], { newIds: ['x'] })],
  cascade: false,
  authorities: [VENDOR],
});

/** The decision, and how often it paused. */
function inSlices(s: ProjectScenario, command: ProjectCommand) {
  const work = decideInSlices(s.state, command);
  for (let pauses = 0; ; pauses += 1) {
    const next = work.next();
    if (next.done === true) return { decision: next.value, pauses };
  }
}

describe('a decision in slices', () => {
  it.each([
    ['accepted', 10, true],
    ['refused', 11, false],
  ])('is the same, and pauses, for restrictions of many groups that are %s', (_case, ofA, ok) => {
    const s = scenario();
    const { decision, pauses } = inSlices(s, restrictions(s, ofA));
    expect(decision).toMatchObject({ ok });
    expect(decision).toStrictEqual(decide(s.state, restrictions(s, ofA)));
    expect(pauses).toBeGreaterThan(0);
  });

  it('first records what became due', () => {
    const s = scenario();
    s.plus(units(1), START + 1);
    const { decision } = inSlices(s, { ...restrictions(s, 10), now: START + 2 });
    expect(decision).toMatchObject({ ok: true, events: [{ type: 'LicenseExpired' }, { type: 'RestrictionChanged' }] });
  });

  it('is refused where nothing is decided any more', () => {
    const s = scenario();
    s.do({ type: 'CloseProject', now: START, reason: 'Sold' });
    const refusal = { code: 'PROJECT_CLOSED', projectId: 'p', reason: 'Sold' };
    expect(inSlices(s, restrictions(s, 10)).decision).toStrictEqual({ ok: false, refusal });
  });

  it('has one slice for every other command', () => {
    const s = scenario();
    const command = s.assignment('a');
    expect(inSlices(s, command)).toStrictEqual({ decision: decide(s.state, command), pauses: 0 });
  });
});
