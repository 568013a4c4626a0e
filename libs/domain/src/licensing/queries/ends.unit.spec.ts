import { describe, expect, it } from '@jest/globals';
import { EndsInEffect } from './ends.js';
import { day, ProjectScenario, units } from '../project-scenario.harness.js';

const START = day('2026-01-01');
const BUILDING = day('2026-12-01');
const LICENSE = day('2027-01-01');

describe('ends in effect (E5)', () => {
  /** Building a with unit u1, whose allotment has no end; building b has more than the license that stays. */
  const scenario = (): ProjectScenario => {
    const s = new ProjectScenario(START).open().place('a', 'b', 'u1 under a');
    s.plus(units(100), LICENSE);
    s.plus(units(10), null);
    s.restrict('a', units(80), BUILDING);
    s.restrict('u1', units(40), null);
    s.restrict('b', units(50), null);
    return s;
  };
  const ends = (s: ProjectScenario) => new EndsInEffect(s.state, START);

  it('a unit ends with its building', () => {
    expect(ends(scenario()).at('u1', BUILDING)).toEqual({ allotmentIds: [], validFrom: START });
  });

  it('a building ends with a license it lives on', () => {
    expect(ends(scenario()).at('b', LICENSE)).toEqual({ allotmentIds: [], validFrom: START });
  });

  it('what does not change what a group has is no end for it', () => {
    const s = scenario();
    expect(ends(s).at('b', BUILDING)).toBeNull();
    // The unit has nothing left by then.
    expect(ends(s).at('u1', LICENSE)).toBeNull();
    s.restrict('b', units(5), null);
    expect(ends(s).at('b', LICENSE)).toBeNull();
  });

  it('its own end counts while it still gives something, and says which allotments end', () => {
    const s = scenario();
    expect(ends(s).at('a', BUILDING)?.allotmentIds).toHaveLength(1);
    expect(ends(s).at('p', LICENSE)).toEqual({ allotmentIds: [], validFrom: START });
    expect(ends(s).at('nowhere', LICENSE)).toBeNull();
  });
});
