import { describe, expect, it } from '@jest/globals';
import { VENDOR } from '../limits/authority.js';
import type { ProjectCommandOf } from '../model/commands.js';
import { ProjectScenario, day, units } from '../project-scenario.harness.js';

const START = day('2026-06-01');
const JULY = day('2026-07-01');
const AUGUST = day('2026-08-01');

const extend = (s: ProjectScenario, validUntil: number | null): ProjectCommandOf<'ExtendLicense'> => ({
  type: 'ExtendLicense',
  now: s.now,
  licenseId: 'l',
  validUntil,
  authority: VENDOR,
});
const invalid = (message: string) => ({ code: 'VALIDATION', field: 'validUntil', message });

/** One license by hand, until July. */
function scenario(): ProjectScenario {
  const s = new ProjectScenario(START).open();
  s.plus(units(5), JULY, { licenseId: 'l' });
  return s;
}

describe('the term of a license that is granted by hand', () => {
  it('ends after its start, and in the future', () => {
    const s = scenario();
    expect(s.refusal(s.grant({ validFrom: AUGUST, validUntil: AUGUST }))).toStrictEqual(
      invalid('must be after validFrom'),
    );
    expect(s.refusal(s.grant({ validFrom: START - 9, validUntil: START }))).toStrictEqual(
      invalid('must be in the future'),
    );
  });
});

describe('an extended license', () => {
  it('ends later, or no more', () => {
    for (const validUntil of [AUGUST, null]) {
      const s = scenario();
      expect(s.do(extend(s, validUntil))).toStrictEqual([
        { type: 'LicenseExtended', at: START, data: { licenseId: 'l', validUntil } },
      ]);
      expect(s.do(extend(s, validUntil))).toStrictEqual([]);
    }
  });

  it('does not end earlier', () => {
    const s = scenario();
    const refused = invalid('must not be before the end the license has');
    expect(s.refusal(extend(s, JULY - 1))).toStrictEqual(refused);
    s.do(extend(s, null));
    expect(s.refusal(extend(s, AUGUST))).toStrictEqual(refused);
  });

  it('is in force again, so an end that has passed by now is none', () => {
    const s = scenario();
    s.on(AUGUST);
    for (const validUntil of [JULY + 1, AUGUST])
      expect(s.refusal(extend(s, validUntil))).toStrictEqual(invalid('must be in the future'));
    expect(s.do(extend(s, AUGUST + 1))).toStrictEqual([
      { type: 'LicenseExtended', at: AUGUST, data: { licenseId: 'l', validUntil: AUGUST + 1 } },
    ]);
  });

  it('L3: ends when its package ends, if not before', () => {
    const s = new ProjectScenario(START).open();
    const source = { kind: 'package', partnerId: 'nordlicht', packageId: 'k', packageValidUntil: AUGUST } as const;
    s.plus(units(5), JULY, { licenseId: 'l', source });
    expect(s.refusal(extend(s, null))).toStrictEqual({
      code: 'PERIOD_OUTSIDE_PARENT',
      side: 'end',
      requestedUntil: null,
      limitedBy: { groupId: null, name: 'package k', limit: 5, validUntil: AUGUST },
    });
  });
});
