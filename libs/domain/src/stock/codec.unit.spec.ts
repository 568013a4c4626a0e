import { describe, expect, it } from '@jest/globals';
import { decodePartnerStockEvent, encodePartnerStockEvent, type PartnerStockEvent } from './index.js';

/** Every stored form of an event. Lines are added, never edited, because old streams must stay readable. */
const STORED: readonly (readonly [type: string, json: string])[] = [
  [
    'StockOpened',
    '{"at":"2026-06-01T10:00:00.000Z","partnerId":"hansen","tenantId":"nordlicht","kind":"dealer","name":"Hansen","parentPartnerId":"nordlicht"}',
  ],
  ['PartnerJoinedBelow', '{"at":"2026-06-01T10:00:00.000Z","partnerId":"hansen","kind":"dealer","name":"Hansen"}'],
  ['PartnerPromoted', '{"at":"2026-06-01T10:00:00.000Z","partnerId":"hansen","kind":"distributor"}'],
  [
    'StockClosed',
    '{"at":"2026-06-01T10:00:00.000Z","partnerId":"hansen","reason":"Bankrupt","left":[{"packageId":"plus","units":{"sip_number":5,"mobile_app":null,"ukey2":0}}]}',
  ],
  ['PartnerClosedBelow', '{"at":"2026-06-01T10:00:00.000Z","partnerId":"hansen","reason":"Bankrupt"}'],
  [
    'PackageRecorded',
    '{"at":"2026-06-01T10:00:00.000Z","packageId":"plus","name":"Plus 1000","units":{"sip_number":1000,"mobile_app":800,"ukey2":null},"features":["siri"],"validFrom":"2026-01-01T00:00:00.000Z","validUntil":"2027-01-01T00:00:00.000Z"}',
  ],
  [
    'PackageSold',
    '{"at":"2026-06-01T10:00:00.000Z","packageId":"plus","soldPackageId":"sold","toPartnerId":"hansen","name":"Plus 1000","units":{"sip_number":10,"mobile_app":5,"ukey2":0},"features":[],"validFrom":"2026-01-01T00:00:00.000Z","validUntil":null}',
  ],
  [
    'PackageReceived',
    '{"at":"2026-06-01T10:00:00.000Z","packageId":"sold","name":"Plus 1000","fromPartnerId":"nordlicht","fromPackageId":"plus","units":{"sip_number":10,"mobile_app":5,"ukey2":0},"features":[],"validFrom":"2026-01-01T00:00:00.000Z","validUntil":null}',
  ],
  [
    'UnitsIssued',
    '{"at":"2026-06-01T10:00:00.000Z","packageId":"plus","licenseId":"license","projectId":"hafenblick","units":{"sip_number":120,"mobile_app":100,"ukey2":10},"features":["siri"],"validFrom":"2026-01-01T00:00:00.000Z","validUntil":"2027-01-01T00:00:00.000Z","packageValidUntil":"2027-01-01T00:00:00.000Z"}',
  ],
  [
    'UnitsIssued',
    '{"at":"2026-06-01T10:00:00.000Z","packageId":"plus","licenseId":"license","projectId":"hafenblick","units":{"sip_number":120,"mobile_app":100,"ukey2":10},"features":["siri"],"validFrom":"2026-01-01T00:00:00.000Z","validUntil":"2027-01-01T00:00:00.000Z","packageValidUntil":"2027-01-01T00:00:00.000Z","externalId":"ERP 1"}',
  ],
];

const CURRENT: Record<PartnerStockEvent['type'], true> = {
  StockOpened: true,
  PartnerJoinedBelow: true,
  PartnerPromoted: true,
  StockClosed: true,
  PartnerClosedBelow: true,
  PackageRecorded: true,
  PackageSold: true,
  PackageReceived: true,
  UnitsIssued: true,
};

describe('the stored form of a stock’s events', () => {
  it('has a golden line for every type', () => {
    expect(new Set(STORED.map(([type]) => type))).toEqual(new Set(Object.keys(CURRENT)));
  });

  it.each(STORED)('%s is read and written unchanged', (type, json) => {
    const event = decodePartnerStockEvent(type, JSON.parse(json));
    expect(event).toMatchObject({ type, at: Date.parse('2026-06-01T10:00:00Z') });
    expect(encodePartnerStockEvent(event)).toStrictEqual({ type, data: JSON.parse(json) });
    expect(JSON.stringify(event)).not.toMatch(/"valid(From|Until)":"/);
  });

  it('of an unknown type is refused', () => {
    expect(() => decodePartnerStockEvent('PackageBurnt', { at: '2026-06-01T10:00:00.000Z' })).toThrow('PackageBurnt');
  });
});
