import { describe, expect, it } from '@jest/globals';
import type { CurrentSection } from './current-project.js';
import type { RestrictionEntry } from './project-file.js';
import { isAlreadySo, requestOf } from './sections.js';

const firstDay = { zone: 'UTC', instant: Date.parse('2026-06-01T00:00:00Z') };

const wanted: RestrictionEntry = {
  poolMode: 'shared',
  gracePeriodDays: 0,
  reminder: { daysBefore: [30, 7], recurrence: 'once', recipients: 'administrators' },
  allotments: [
    {
      type: 'plus',
      units: { sip_number: 80, mobile_app: 60, ukey2: 5 },
      features: ['elevators', 'siri'],
      validUntil: 'P6M',
    },
  ],
};

const current: CurrentSection = {
  enabled: true,
  poolMode: 'shared',
  gracePeriodDays: 0,
  reminder: { daysBefore: [7, 30], recurrence: 'once', recipients: 'administrators' },
  allotments: [
    {
      allotmentId: 'a1',
      type: 'plus',
      units: { sip_number: 80, mobile_app: 60, ukey2: 5 },
      features: ['siri', 'elevators'],
      validFrom: '2026-06-01T09:00:00.000Z',
      validUntil: '2026-12-01T00:00:00.000Z',
    },
  ],
};
const allotment = current.allotments[0] as CurrentSection['allotments'][number];

describe('a restriction', () => {
  it('is already so when every setting is, in whatever order', () => {
    expect(isAlreadySo(current, wanted, firstDay)).toBe(true);
  });

  it.each<[what: string, change: Partial<CurrentSection>]>([
    ['it is switched off', { enabled: false }],
    ['its pool mode differs', { poolMode: 'reserved' }],
    ['its grace differs', { gracePeriodDays: 3 }],
    ['its reminder is gone', { reminder: null }],
    ['an allotment is missing', { allotments: [] }],
    ['there is one allotment more', { allotments: [allotment, allotment] }],
    ['a number differs', { allotments: [{ ...allotment, units: { ...allotment.units, ukey2: null } }] }],
    ['a feature is missing', { allotments: [{ ...allotment, features: ['siri'] }] }],
    ['its end differs', { allotments: [{ ...allotment, validUntil: '2026-12-02T00:00:00.000Z' }] }],
    ['its label differs', { allotments: [{ ...allotment, type: 'basic' }] }],
  ])('is not when %s', (_what, change) => {
    expect(isAlreadySo({ ...current, ...change }, wanted, firstDay)).toBe(false);
  });

  it('is put over the allotments that stand, so that they keep their ids', () => {
    expect(requestOf(wanted, firstDay, current).allotments[0]).toMatchObject({
      allotmentId: 'a1',
      validUntil: '2026-12-01T00:00:00.000Z',
    });
  });
});
