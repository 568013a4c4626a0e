import { describe, expect, it } from '@jest/globals';
import { day } from '../project-scenario.harness.js';
import { dueInstantsOf, licensePhaseAt, phaseAt } from './phases.js';

const FROM = day('2026-06-01');
const UNTIL = Date.parse('2026-10-24T00:00+02:00');
/** Three days of Berlin, one of them with 25 hours. */
const GRACE_END = Date.parse('2026-10-27T00:00+01:00');
const term = { validFrom: FROM, validUntil: UNTIL };
const endless = { validFrom: FROM, validUntil: null };
const grace = { days: 3, timeZone: 'Europe/Berlin' };
const noGrace = { days: 0, timeZone: 'Europe/Berlin' };

describe('E1: the phase of a term', () => {
  it.each([
    ['before its start', FROM - 1, 'scheduled', 'scheduled'],
    ['at its start', FROM, 'active', 'active'],
    ['just before its end', UNTIL - 1, 'active', 'active'],
    ['at its end', UNTIL, 'grace', 'ended'],
    ['in its days of grace', GRACE_END - 1, 'grace', 'ended'],
    ['after its days of grace', GRACE_END, 'ended', 'ended'],
  ] as const)('%s', (_when, at, withGrace, without) => {
    expect(phaseAt(term, grace, at)).toBe(withGrace);
    expect(phaseAt(term, noGrace, at)).toBe(without);
    expect(licensePhaseAt(term, at)).toBe(without);
  });

  it.each([
    [FROM - 1, 'scheduled'],
    [FROM, 'active'],
    [day('2999-01-01'), 'active'],
  ] as const)('has no end where the term has none, at %d', (at, phase) => {
    expect(phaseAt(endless, grace, at)).toBe(phase);
    expect(licensePhaseAt(endless, at)).toBe(phase);
  });
});

describe('E1: a term is due', () => {
  it('at its start, at its end and after its days of grace', () => {
    expect(dueInstantsOf(term, grace)).toStrictEqual([
      { kind: 'start', at: FROM },
      { kind: 'end', at: UNTIL },
      { kind: 'grace_end', at: GRACE_END },
    ]);
  });

  it('at its start and its end where it has no days of grace', () => {
    expect(dueInstantsOf(term, noGrace)).toStrictEqual([
      { kind: 'start', at: FROM },
      { kind: 'end', at: UNTIL },
    ]);
  });

  it('at its start alone where it has no end', () => {
    expect(dueInstantsOf(endless, grace)).toStrictEqual([{ kind: 'start', at: FROM }]);
  });
});
