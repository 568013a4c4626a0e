import { describe, expect, it } from '@jest/globals';
import { VENDOR } from '../limits/authority.js';
import { ProjectScenario, day, units } from '../project-scenario.harness.js';

const START = day('2026-06-01');
const JULY = day('2026-07-01');
const AUGUST = day('2026-08-01');

describe('what time records of a license (E1)', () => {
  it('is its start and its end, each once', () => {
    const s = new ProjectScenario(START).open();
    s.plus(units(9), AUGUST, { licenseId: 'l', validFrom: JULY });
    expect(s.on(JULY)).toEqual([{ type: 'LicenseStarted', at: JULY, data: { licenseId: 'l' } }]);
    expect(s.on(JULY)).toEqual([]);
    expect(s.on(AUGUST)).toEqual([{ type: 'LicenseExpired', at: AUGUST, data: { licenseId: 'l' } }]);
    expect(s.on(AUGUST + 1)).toEqual([]);
  });

  it('is nothing at an end that was moved, or of a license that was revoked', () => {
    const s = new ProjectScenario(START).open();
    s.plus(units(9), JULY, { licenseId: 'extended' });
    s.plus(units(9), JULY, { licenseId: 'revoked' });
    s.do({ type: 'ExtendLicense', now: START, licenseId: 'extended', validUntil: AUGUST, authority: VENDOR });
    s.do({ type: 'RevokeLicense', now: START, licenseId: 'revoked', reason: 'unpaid', authority: VENDOR });
    expect(s.on(JULY)).toEqual([]);
    expect(s.on(AUGUST)).toEqual([{ type: 'LicenseExpired', at: AUGUST, data: { licenseId: 'extended' } }]);
  });
});
