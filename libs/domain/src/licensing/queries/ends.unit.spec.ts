import { describe, expect, it } from '@jest/globals';
import { VENDOR } from '../limits/authority.js';
import { day, ProjectScenario, units } from '../project-scenario.harness.js';
import { EndsInEffect } from './ends.js';

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

describe('the terms that end for a group (E5)', () => {
  const SPRING = day('2026-04-01');
  const ends = (s: ProjectScenario) => new EndsInEffect(s.state, START);
  const revoke = (licenseId: string) =>
    ({ type: 'RevokeLicense', now: START, licenseId, reason: 'unpaid', authority: VENDOR }) as const;
  const suspend = (licenseId: string) => ({ ...revoke(licenseId), type: 'SuspendLicense' }) as const;
  const place = (...groups: string[]) => new ProjectScenario(START).open().place(...groups);

  it('are its own, since the earliest of them, also where it loses nothing with them', () => {
    const s = place('a');
    s.plus(units(100), null);
    const here = [
      { units: units(1), validFrom: SPRING, validUntil: BUILDING },
      { units: units(2), validUntil: BUILDING },
      { units: units(3), validFrom: BUILDING },
      { units: units(4), validUntil: LICENSE },
    ];
    s.do(s.restriction('a', here, { newIds: ['a1', 'a2', 'a3', 'a4'] }));
    expect(ends(s).at('a', BUILDING)).toStrictEqual({ allotmentIds: ['a1', 'a2'], validFrom: START });
    expect(ends(s).fallsAt('a', BUILDING)).toBe(false);
    expect(ends(s).at('a', SPRING)).toBeNull();
  });

  it('are its own and not those above it that end at the same instant', () => {
    const s = place('a', 'u1 under a');
    s.plus(units(100), BUILDING);
    s.restrict('a', units(80), BUILDING);
    s.do(s.restriction('u1', [{ units: units(5), validFrom: SPRING, validUntil: BUILDING }], { newIds: ['u'] }));
    expect(ends(s).at('u1', BUILDING)).toStrictEqual({ allotmentIds: ['u'], validFrom: SPRING });
  });

  it('are for the main group its allotments and the licenses, also one that was not needed', () => {
    const s = place();
    s.plus(units(100), null);
    s.plus(units(50), LICENSE);
    s.do(
      s.restriction('p', [{ units: units(9), validFrom: SPRING, validUntil: LICENSE }, { units: units(20) }], {
        newIds: ['p1', 'p2'],
      }),
    );
    expect(ends(s).at('p', LICENSE)).toStrictEqual({ allotmentIds: ['p1'], validFrom: START });
    s.do(s.restriction('p', [{ units: units(20) }]));
    expect(ends(s).at('p', LICENSE)).toStrictEqual({ allotmentIds: [], validFrom: START });
  });

  it('are none where nothing is left by then, and the features of a group without units are something', () => {
    const s = place('a', 'b');
    s.plus(units(100), null, { licenseId: 'l' });
    s.restrict('a', units(80), BUILDING, { newIds: ['of-a'] });
    s.do(s.restriction('b', [{ features: ['siri'], validUntil: BUILDING }], { newIds: ['of-b'] }));
    expect(ends(s).at('a', BUILDING)).toStrictEqual({ allotmentIds: ['of-a'], validFrom: START });
    expect(ends(s).at('b', BUILDING)).toStrictEqual({ allotmentIds: ['of-b'], validFrom: START });
    s.do(suspend('l'));
    expect(ends(s).at('a', BUILDING)).toBeNull();
    expect(ends(s).at('b', BUILDING)).toBeNull();
  });

  it('are not those of a license that was revoked', () => {
    const s = place();
    s.plus(units(100), null);
    s.plus(units(50), LICENSE, { licenseId: 'l' });
    expect(ends(s).at('p', LICENSE)).toStrictEqual({ allotmentIds: [], validFrom: START });
    expect(
      ends(s)
        .licensesEnding(LICENSE)
        .map(({ licenseId }) => licenseId),
    ).toEqual(['l']);
    s.do(revoke('l'));
    expect(ends(s).at('p', LICENSE)).toBeNull();
    expect(ends(s).licensesEnding(LICENSE)).toEqual([]);
  });
});

describe('what a group loses at an end (E5)', () => {
  const ends = (s: ProjectScenario) => new EndsInEffect(s.state, START);

  /** At one instant u1 loses a term without effect, and building a, which keeps its units, loses Siri. */
  function siri(): ProjectScenario {
    const s = new ProjectScenario(START).open().place('a', 'u1 under a', 'x under u1', 'b');
    s.plus(units(100), null);
    const kept = { units: units(80), features: ['elevators'] as const };
    s.do(s.restriction('a', [kept, { features: ['siri'], validUntil: BUILDING }]));
    const both = { units: units(40), features: ['siri', 'elevators'] as const };
    s.do(s.restriction('u1', [both, { features: ['siri'], validUntil: BUILDING }]));
    s.restrict('b', units(3));
    return s;
  }

  it('is a feature where all units stay, and ends with what had it', () => {
    const s = siri();
    expect(ends(s).fallsAt('x', BUILDING)).toBe(true);
    expect(ends(s).featuresGoneAt('x', BUILDING)).toEqual(['siri']);
    expect(ends(s).endsWith('x', BUILDING)).toStrictEqual({ groupId: 'a' });
    expect(ends(s).fallsAt('b', BUILDING)).toBe(false);
    expect(ends(s).featuresGoneAt('b', BUILDING)).toEqual([]);
    expect(ends(s).endsWith('b', BUILDING)).toBeNull();
  });

  it('ends with a license that was in force, and that gave something of what goes', () => {
    const s = siri();
    s.plus(units(50), LICENSE, { licenseId: 'suspended' });
    s.plus(units(0, 0, 5), LICENSE, { licenseId: 'keys', features: ['guest_access'] });
    s.plus(units(50), LICENSE, { licenseId: 'numbers', features: [] });
    s.do({ type: 'SuspendLicense', now: START, licenseId: 'suspended', reason: 'unpaid', authority: VENDOR });
    expect(ends(s).endsWith('p', LICENSE)).toStrictEqual({ licenseId: 'numbers' });
  });

  it('ends with a license that had the feature where all units stay', () => {
    const s = new ProjectScenario(START).open().place('a', 'b');
    s.plus(units(100), null, { features: [] });
    s.plus(units(5), LICENSE, { licenseId: 'whitelabel', features: ['whitelabel', 'elevators'] });
    s.plus(units(5), LICENSE, { licenseId: 'siri', features: ['siri', 'elevators'] });
    s.do(s.restriction('a', [{ units: units(5), features: ['siri'] }]));
    s.do(s.restriction('b', [{ units: units(5), features: ['elevators'] }]));
    expect(ends(s).endsWith('a', LICENSE)).toStrictEqual({ licenseId: 'siri' });
    expect(ends(s).endsWith('b', LICENSE)).toStrictEqual({ licenseId: 'whitelabel' });
  });

  it('is said to the groups with limits and a reminder that lose something', () => {
    const s = siri();
    const reminder = { daysBefore: [7], recurrence: 'once', recipients: 'administrators' } as const;
    const reminded = () => [...ends(s).remindedAt(BUILDING)];
    expect(reminded()).toEqual([]);
    const u1 = s.restriction('u1', [{ units: units(40), features: ['siri'] }], { reminder });
    s.do(u1);
    s.do(s.restriction('b', [{ units: units(3) }], { reminder }));
    s.do(s.restriction('x', [{ units: units(3), features: ['siri'] }], { reminder, enabled: false }));
    expect(reminded()).toEqual(['u1']);
    s.do({ ...u1, enabled: false });
    expect(reminded()).toEqual([]);
  });
});
