import { describe, expect, it } from '@jest/globals';
import { detailOf, relocationDetailOf } from './refusals.js';

const at = Date.parse('2026-06-01T00:00:00Z');
const end = Date.parse('2026-12-01T00:00:00Z');
const limitedBy = { groupId: 'a', name: 'Building A', limit: 80, validUntil: end };
const capacity = { groupId: null, name: 'Hafenblick', limit: 120, validUntil: null };

describe('a refusal in words names the cause and the way out', () => {
  it.each([
    [
      { code: 'LIMIT_EXCEEDED', resource: 'sip_number', requested: 50, available: 30, limitedBy, at },
      '50 sip_number were asked for, 30 at most are free from 2026-06-01T00:00:00.000Z, limited by Building A: 80 sip_number until 2026-12-01T00:00:00.000Z. Ask for 30 or fewer, or get more for Building A',
    ],
    [
      { code: 'LIMIT_EXCEEDED', resource: 'ukey2', requested: null, available: 120, limitedBy: capacity, at },
      'Unlimited ukey2 were asked for, 120 at most are free from 2026-06-01T00:00:00.000Z, limited by the licenses of Hafenblick: 120 ukey2. Ask for 120 or fewer, or get more for the licenses of Hafenblick',
    ],
    [
      {
        code: 'LIMIT_EXCEEDED',
        resource: 'ukey2',
        requested: 1,
        available: 0,
        limitedBy: { groupId: 'a', name: 'Apartment 7', userId: 'eva', limit: 1, validUntil: null },
        at,
      },
      '1 ukey2 were asked for, and none are free from 2026-06-01T00:00:00.000Z, limited by the member eva of Apartment 7: 1 ukey2. Release some there, or get more for the member eva of Apartment 7',
    ],
    [
      { code: 'SIP_BELOW_MOBILE', sipNumber: 50, mobileApp: 60 },
      '60 mobile_app need as many sip_number, and there are 50: every app has a number of its own',
    ],
    [
      { code: 'PERIOD_OUTSIDE_PARENT', side: 'end', requestedUntil: end + 1, limitedBy },
      'A term until 2026-12-01T00:00:00.001Z goes beyond Building A, which ends 2026-12-01T00:00:00.000Z: end it by then, or extend that first',
    ],
    [
      {
        code: 'PERIOD_OUTSIDE_PARENT',
        side: 'start',
        requestedUntil: null,
        limitedBy: { ...limitedBy, validFrom: at },
      },
      `The term starts too early for Building A, which starts ${new Date(at).toISOString()} until 2026-12-01T00:00:00.000Z: start it then, or let that start earlier first`,
    ],
    [
      { code: 'PERIOD_NOT_OVER', periodId: 'p:2026-11-01T00:00:00.000Z', until: end },
      'The billing period p:2026-11-01T00:00:00.000Z ends at 2026-12-01T00:00:00.000Z and is closed then: ask again afterwards',
    ],
    [
      { code: 'FEATURE_NOT_AVAILABLE', feature: 'siri', limitedBy },
      'Building A has no siri: switch it on there first, or leave it out',
    ],
    [
      { code: 'FEATURE_NOT_AVAILABLE', feature: 'siri', packageId: 'plus' },
      'The package plus does not have siri: leave the feature out or take another package',
    ],
    [
      {
        code: 'DESCENDANTS_AFFECTED',
        groups: ['Unit 1', 'Unit 2', 'Unit 3', 'Unit 4', 'Unit 5'].map((name) => ({ groupId: name, name })),
        suspensions: [
          { groupId: 'u', name: 'Unit 1', resource: 'sip_number', count: 3 },
          { groupId: 'u', name: 'Unit 1', resource: 'mobile_app', count: 2 },
        ],
      },
      'Unit 1, Unit 2, Unit 3 and 2 more would lose part of their allotments, and 5 in use would be suspended (Unit 1). Ask for it with cascade=true, or change those first',
    ],
    [
      { code: 'STOCK_EXHAUSTED', resource: 'sip_number', requested: 2, available: 1, packageId: 'plus' },
      '2 sip_number were asked for, and the package plus has 1 left: ask for less or take another package',
    ],
    [
      {
        code: 'PERIOD_OUTSIDE_PARENT',
        side: 'end',
        requestedFrom: at,
        requestedUntil: null,
        limitedBy: { packageId: 'plus', name: 'Plus 1000', validFrom: at, validUntil: end },
      },
      'A term from 2026-06-01T00:00:00.000Z without an end is not inside that of the package Plus 1000, from 2026-06-01T00:00:00.000Z until 2026-12-01T00:00:00.000Z: keep to its term or take another package',
    ],
    [{ code: 'NOT_FOUND', what: 'group', id: 'g' }, 'There is no group g here'],
  ] as const)('%j', (refusal, detail) => {
    expect(detailOf(refusal)).toBe(detail);
  });
});

it('a move that does not fit names what binds, how much is needed and how much there is, and advises no cascade', () => {
  const suspensions = [{ groupId: 'u', name: 'Unit 1', resource: 'sip_number', count: 3 }] as const;
  const shortage = { resource: 'sip_number', requested: 4, available: 1, limitedBy } as const;
  expect(relocationDetailOf({ code: 'DESCENDANTS_AFFECTED', groups: [], suspensions, shortage })).toBe(
    '3 in use would be suspended (Unit 1): the group uses 4 sip_number, and 1 at most are free, limited by Building A: 80 sip_number until 2026-12-01T00:00:00.000Z. Make room at the new place first, or lower what the group and those below it use',
  );
});
