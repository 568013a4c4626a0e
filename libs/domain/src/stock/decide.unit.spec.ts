import { describe, expect, it } from '@jest/globals';
import { given } from '@allotree/testing/given';
import { FEATURES, type Feature, type Units } from '../words.js';
import {
  partnerStockAggregate,
  stockOf,
  type PackageContent,
  type PartnerStockCommandOf,
  type PartnerStockEvent,
  type PartnerStockEventOf,
} from './index.js';

const at = (iso: string): number => Date.parse(iso);
const START = at('2026-01-01T00:00:00Z');
const END = at('2027-01-01T00:00:00Z');
const NOW = at('2026-06-01T00:00:00Z');

const units = (sip_number: number | null, mobile_app: number | null = 0, ukey2: number | null = 0): Units => ({
  sip_number,
  mobile_app,
  ukey2,
});

const opened = (kind: 'distributor' | 'dealer' = 'distributor'): PartnerStockEvent => ({
  type: 'StockOpened',
  at: START,
  data: { partnerId: 'nordlicht', tenantId: 'nordlicht', kind, name: 'Nordlicht', parentPartnerId: null },
});
const joined = (partnerId: string, kind: 'distributor' | 'dealer' = 'dealer'): PartnerStockEvent => ({
  type: 'PartnerJoinedBelow',
  at: START,
  data: { partnerId, kind, name: partnerId },
});
const PACKAGE: PartnerStockEventOf<'PackageRecorded'>['data'] = {
  packageId: 'plus',
  name: 'Plus 1000',
  units: units(1_000, 800, 100),
  features: [...FEATURES],
  validFrom: START,
  validUntil: END,
};
const recorded = (over: Partial<typeof PACKAGE> = {}): PartnerStockEvent => ({
  type: 'PackageRecorded',
  at: START,
  data: { ...PACKAGE, ...over },
});

const record = (over: Partial<PartnerStockCommandOf<'RecordPackage'>> = {}) =>
  ({ type: 'RecordPackage', partnerId: 'nordlicht', now: NOW, ...PACKAGE, ...over }) as const;
const sell = (over: Partial<PartnerStockCommandOf<'SellPackage'>> = {}) =>
  ({
    type: 'SellPackage',
    partnerId: 'nordlicht',
    now: NOW,
    packageId: 'plus',
    soldPackageId: 'sold',
    toPartnerId: 'hansen',
    units: units(120, 100, 10),
    features: null,
    validFrom: null,
    validUntil: null,
    ...over,
  }) as const;
const issue = (over: Partial<PartnerStockCommandOf<'IssueUnits'>> = {}) =>
  ({
    type: 'IssueUnits',
    partnerId: 'nordlicht',
    now: NOW,
    packageId: 'plus',
    licenseId: 'license',
    projectId: 'hafenblick',
    timeZone: 'UTC',
    units: units(120, 100, 10),
    features: null,
    validFrom: null,
    validUntil: null,
    ...over,
  }) as const;

const sold = (over: Partial<PackageContent> = {}) => ({
  type: 'PackageSold' as const,
  at: NOW,
  data: {
    packageId: 'plus',
    soldPackageId: 'sold',
    toPartnerId: 'hansen',
    name: 'Plus 1000',
    units: units(120, 100, 10),
    features: [...FEATURES],
    validFrom: START,
    validUntil: END,
    ...over,
  },
});
const stock = (...events: PartnerStockEvent[]) => given(partnerStockAggregate, [opened(), joined('hansen'), ...events]);
const outside = (over: { requestedFrom?: number; requestedUntil?: number | null }) => ({
  code: 'PERIOD_OUTSIDE_PARENT' as const,
  side: over.requestedFrom === undefined || over.requestedFrom >= START ? ('end' as const) : ('start' as const),
  requestedFrom: START,
  requestedUntil: END,
  limitedBy: { packageId: 'plus', name: 'Plus 1000', validFrom: START, validUntil: END },
  ...over,
});

describe('a partner', () => {
  const open = { type: 'OpenStock', now: START, ...opened().data } as PartnerStockCommandOf<'OpenStock'>;

  it('gets an empty stock when it is registered, once', () => {
    given(partnerStockAggregate, []).when(open).then([opened()]).when(open).then([]);
    expect(stockOf(given(partnerStockAggregate, [opened()]).state(), NOW)).toStrictEqual({
      partnerId: 'nordlicht',
      name: 'Nordlicht',
      kind: 'distributor',
      packages: [],
    });
  });

  it('is known to the stocks above it, once', () => {
    const command = {
      type: 'AddPartnerBelow',
      partnerId: 'nordlicht',
      now: START,
      belowPartnerId: 'hansen',
      kind: 'dealer',
      name: 'hansen',
    } as const;
    given(partnerStockAggregate, [opened()])
      .when(command)
      .then([joined('hansen')])
      .when(command)
      .then([]);
  });

  it('that is not registered has no stock', () => {
    for (const command of [record(), sell(), issue()])
      given(partnerStockAggregate, []).when(command).then({ code: 'NOT_FOUND', what: 'partner', id: 'nordlicht' });
    expect(stockOf(partnerStockAggregate.initial(), NOW)).toBeNull();
  });
});

describe('recording a package (L3)', () => {
  it('is possible on the stock of a promoted partner', () => {
    const promote = { type: 'PromotePartner', partnerId: 'nordlicht', now: NOW } as const;
    const promoted = given(partnerStockAggregate, [opened('dealer')])
      .when(promote)
      .then([{ type: 'PartnerPromoted', at: NOW, data: { partnerId: 'nordlicht', kind: 'distributor' } }]);
    promoted.when(promote).then([]);
    expect(promoted.when(record()).decision).toMatchObject({ ok: true, events: [{ type: 'PackageRecorded' }] });
  });

  it('puts it on the stock of a distributor', () => {
    given(partnerStockAggregate, [opened()])
      .when(record())
      .then([{ type: 'PackageRecorded', at: NOW, data: PACKAGE }]);
  });

  it('is already so with the same id and content', () => {
    stock(recorded()).when(record()).then([]);
  });

  it.each([
    { units: units(1) },
    { features: ['siri', 'elevators'] },
    { features: ['siri'] },
    { validFrom: START + 1 },
    { validUntil: END + 1 },
  ] as const)('refuses the id of a package without %j', (over) => {
    stock(recorded({ features: ['siri', 'whitelabel'] }))
      .when(record({ features: ['siri', 'whitelabel'], ...over }))
      .then({ code: 'VALIDATION', field: 'packageId', message: 'was used for something else' });
  });

  it('refuses an empty name', () => {
    given(partnerStockAggregate, [opened()])
      .when(record({ name: ' ' }))
      .then({ code: 'VALIDATION', field: 'name', message: 'must not be empty' });
  });

  it('refuses the id of a package that was bought', () => {
    const bought = { ...PACKAGE, fromPartnerId: 'vendor', fromPackageId: 'all' };
    stock({ type: 'PackageReceived', at: START, data: bought })
      .when(record())
      .then({ code: 'VALIDATION', field: 'packageId', message: 'was used for something else' });
  });

  it('is for distributors only', () => {
    given(partnerStockAggregate, [opened('dealer')])
      .when(record())
      .then({ code: 'VALIDATION', field: 'partnerId', message: 'packages are recorded on the stock of a distributor' });
  });

  it('accepts unlimited and indefinite packages', () => {
    const content = { units: units(null, null, null), validUntil: null };
    given(partnerStockAggregate, [opened()])
      .when(record(content))
      .then([{ type: 'PackageRecorded', at: NOW, data: { ...PACKAGE, ...content } }]);
  });

  it.each([
    [units(59, 60), { code: 'SIP_BELOW_MOBILE', sipNumber: 59, mobileApp: 60 }],
    [units(59, null), { code: 'SIP_BELOW_MOBILE', sipNumber: 59, mobileApp: null }],
    [units(0), { code: 'VALIDATION', field: 'units', message: 'name at least one unit' }],
  ] as const)('refuses %j', (requested, refusal) => {
    given(partnerStockAggregate, [opened()])
      .when(record({ units: requested }))
      .then(refusal);
  });

  it.each([
    [{ validUntil: START }, 'must be after validFrom'],
    [{ validUntil: NOW }, 'must be in the future'],
  ])('refuses the term %j', (term, message) => {
    given(partnerStockAggregate, [opened()])
      .when(record(term))
      .then({ code: 'VALIDATION', field: 'validUntil', message });
  });
});

describe('selling part of a package (L3)', () => {
  it('debits the seller; features and term are the package’s where none is named', () => {
    stock(recorded()).when(sell()).then([sold()]).when(sell()).then([]);
    const [left] = stock(recorded(), sold()).state().packages.values();
    expect(left).toMatchObject({ units: units(1_000, 800, 100), sold: units(120, 100, 10), issued: units(0) });
    expect(stockOf(stock(recorded(), sold()).state(), NOW)?.packages[0]?.available).toStrictEqual(units(880, 700, 90));
  });

  it('has a narrower term and fewer features when they are named', () => {
    const part = { features: ['siri'] as Feature[], validFrom: NOW - 5, validUntil: NOW + 5 };
    stock(recorded())
      .when(sell(part))
      .then([sold(part)]);
    stock(recorded())
      .when(sell({ features: [] }))
      .then([sold({ features: [] })]);
  });

  it('reaches the buyer whatever its clock says, once', () => {
    const { toPartnerId: _to, soldPackageId: packageId, packageId: fromPackageId, ...content } = sold().data;
    const receive = {
      type: 'ReceivePackage',
      partnerId: 'hansen',
      now: END + 1,
      packageId,
      fromPartnerId: 'nordlicht',
      fromPackageId,
      ...content,
    } as const;
    given(partnerStockAggregate, [opened('dealer')])
      .when(receive)
      .then([
        {
          type: 'PackageReceived',
          at: END + 1,
          data: { packageId, fromPartnerId: 'nordlicht', fromPackageId, ...content },
        },
      ])
      .when(receive)
      .then([]);
  });

  it.each([{ units: units(1) }, { packageId: 'other' }, { toPartnerId: 'meyer' }] as const)(
    'refuses the id of another sale: %j',
    (over) => {
      stock(recorded(), recorded({ packageId: 'other' }), joined('meyer'), sold())
        .when(sell(over))
        .then({ code: 'VALIDATION', field: 'soldPackageId', message: 'was used for something else' });
    },
  );

  it('goes to partners below that are no distributors', () => {
    stock(recorded())
      .when(sell({ toPartnerId: 'elsewhere' }))
      .then({ code: 'NOT_FOUND', what: 'partner', id: 'elsewhere' });
    stock(recorded(), joined('other', 'distributor'))
      .when(sell({ toPartnerId: 'other' }))
      .then({
        code: 'VALIDATION',
        field: 'toPartnerId',
        message: 'packages are sold to dealers and management companies',
      });
  });

  it('needs a package of that stock', () => {
    stock().when(sell()).then({ code: 'NOT_FOUND', what: 'package', id: 'plus' });
  });

  it('sells the last unit and then none', () => {
    const all = { units: units(1_000, 800, 100) };
    stock(recorded(), sold(all))
      .when(sell({ soldPackageId: 'next', units: units(1) }))
      .then({ code: 'STOCK_EXHAUSTED', resource: 'sip_number', requested: 1, available: 0, packageId: 'plus' });
    stock(recorded())
      .when(sell(all))
      .then([sold(all)]);
  });

  it('names the exhausted resource', () => {
    stock(recorded())
      .when(sell({ units: units(100, 0, 101) }))
      .then({ code: 'STOCK_EXHAUSTED', resource: 'ukey2', requested: 101, available: 100, packageId: 'plus' });
  });

  it('sells unlimited units out of unlimited ones only, and those without end', () => {
    stock(recorded())
      .when(sell({ units: units(null) }))
      .then({ code: 'STOCK_EXHAUSTED', resource: 'sip_number', requested: null, available: 1_000, packageId: 'plus' });
    const unlimited = recorded({ units: units(null, 5, null) });
    stock(unlimited)
      .when(sell({ units: units(null, 5, 2_000_000_000) }))
      .then([sold({ units: units(null, 5, 2_000_000_000) })])
      .when(sell({ soldPackageId: 'next', units: units(null, 0, null) }))
      .then([
        {
          ...sold({ units: units(null, 0, null) }),
          data: { ...sold({ units: units(null, 0, null) }).data, soldPackageId: 'next' },
        },
      ]);
  });

  it.each([
    [{ validUntil: END + 1 }, outside({ requestedUntil: END + 1 })],
    [{ validFrom: START - 1 }, outside({ requestedFrom: START - 1 })],
    [{ validFrom: END }, outside({ requestedFrom: END })],
    [
      { validFrom: START - 1, validUntil: END + 1 },
      { ...outside({ requestedFrom: START - 1, requestedUntil: END + 1 }), side: 'both' },
    ],
    [{ validUntil: NOW }, { code: 'VALIDATION', field: 'validUntil', message: 'must be in the future' }],
    [
      { validFrom: NOW + 9, validUntil: NOW + 9 },
      { code: 'VALIDATION', field: 'validUntil', message: 'must be after validFrom' },
    ],
    [{ units: units(9, 10) }, { code: 'SIP_BELOW_MOBILE', sipNumber: 9, mobileApp: 10 }],
    [{ units: units(0) }, { code: 'VALIDATION', field: 'units', message: 'name at least one unit' }],
  ] as const)('refuses %j', (part, refusal) => {
    stock(recorded()).when(sell(part)).then(refusal);
  });

  it('refuses a feature the package lacks', () => {
    stock(recorded({ features: ['siri'] }))
      .when(sell({ features: ['siri', 'elevators'] }))
      .then({ code: 'FEATURE_NOT_AVAILABLE', feature: 'elevators', packageId: 'plus' });
  });

  it('sells nothing of a package that has ended, to the instant', () => {
    stock(recorded())
      .when(sell({ now: END }))
      .then(outside({}));
    stock(recorded())
      .when(sell({ now: END - 1 }))
      .then([{ ...sold(), at: END - 1 }]);
  });

  it('counts an instant before the last recorded one as that one (U5)', () => {
    stock({ ...recorded(), at: NOW })
      .when(sell({ now: START }))
      .then([sold()]);
  });
});

describe('issuing part of a package to a project (L3, L4)', () => {
  const issued = (over: Partial<PackageContent & { externalId: string }> = {}) => ({
    type: 'UnitsIssued' as const,
    at: NOW,
    data: {
      packageId: 'plus',
      licenseId: 'license',
      projectId: 'hafenblick',
      units: units(120, 100, 10),
      features: [...FEATURES],
      validFrom: START,
      validUntil: END,
      packageValidUntil: END,
      ...over,
    },
  });

  it('debits the stock once', () => {
    stock(recorded()).when(issue()).then([issued()]).when(issue()).then([]);
    expect(stockOf(stock(recorded(), issued()).state(), NOW)?.packages[0]).toMatchObject({
      issued: units(120, 100, 10),
      available: units(880, 700, 90),
      status: 'active',
    });
  });

  it('refuses the id of another license, and of a package that was sold', () => {
    stock(recorded(), issued())
      .when(issue({ projectId: 'other' }))
      .then({ code: 'VALIDATION', field: 'licenseId', message: 'was used for something else' });
    stock(recorded(), sold())
      .when(issue({ licenseId: 'sold', projectId: 'hansen' }))
      .then({ code: 'VALIDATION', field: 'licenseId', message: 'was used for something else' });
  });

  it('goes with the external id of the license', () => {
    stock(recorded())
      .when(issue({ externalId: 'erp-7' }))
      .then([issued({ externalId: 'erp-7' })]);
  });

  it('counts what was sold and what was issued', () => {
    stock(recorded(), issued({ units: units(999) }))
      .when(sell({ units: units(2) }))
      .then({ code: 'STOCK_EXHAUSTED', resource: 'sip_number', requested: 2, available: 1, packageId: 'plus' });
  });

  it.each([
    [{ packageId: 'none' }, { code: 'NOT_FOUND', what: 'package', id: 'none' }],
    [{ units: units(10, 11) }, { code: 'SIP_BELOW_MOBILE', sipNumber: 10, mobileApp: 11 }],
    [
      { units: units(1_001) },
      { code: 'STOCK_EXHAUSTED', resource: 'sip_number', requested: 1_001, available: 1_000, packageId: 'plus' },
    ],
    [{ validUntil: END + 1 }, outside({ requestedUntil: END + 1 })],
  ] as const)('refuses %j', (part, refusal) => {
    stock(recorded()).when(issue(part)).then(refusal);
  });

  it('issues without end out of a package without end', () => {
    const indefinite = { validUntil: null, packageValidUntil: null };
    stock(recorded({ validUntil: null }))
      .when(issue())
      .then([issued(indefinite)]);
  });
});

describe('a package in the stock', () => {
  it.each([
    [START - 1, 'scheduled'],
    [START, 'active'],
    [END - 1, 'active'],
    [END, 'expired'],
  ])('at %d is %s', (now, status) => {
    expect(stockOf(stock(recorded()).state(), now)?.packages[0]?.status).toBe(status);
  });

  it('without an end never expires', () => {
    expect(stockOf(stock(recorded({ validUntil: null })).state(), END)?.packages[0]?.status).toBe('active');
  });

  it('says whom it was bought from', () => {
    const bought = { ...PACKAGE, fromPartnerId: 'above', fromPackageId: 'all' };
    const state = stock(recorded({ packageId: 'own' }), { type: 'PackageReceived', at: START, data: bought }).state();
    expect(stockOf(state, NOW)?.packages.map(({ packageId, from }) => [packageId, from])).toEqual([
      ['own', null],
      ['plus', { partnerId: 'above', packageId: 'all' }],
    ]);
  });

  it('takes 400 bytes in memory, like what leaves it, and a partner below takes 150', () => {
    const { sizeOf } = partnerStockAggregate.snapshot;
    const sizes = [
      given(partnerStockAggregate, []),
      stock(),
      stock(recorded()),
      stock(recorded(), joined('meyer'), sold(), recorded({ packageId: 'other' })),
    ].map((one) => sizeOf(one.state()));
    expect(sizes).toEqual([1_000, 1_150, 1_550, 2_500]);
  });
});

describe('a package entered as dates (E4)', () => {
  const dates = { validFromDate: '2026-01-01', validUntilDate: '2026-12-31' };
  const dated = recorded(dates);
  const ZONES = [
    ['Europe/Berlin', '2025-12-31T23:00:00Z', '2026-12-31T23:00:00Z'],
    ['America/New_York', '2026-01-01T05:00:00Z', '2027-01-01T05:00:00Z'],
    ['Pacific/Kiritimati', '2025-12-31T10:00:00Z', '2026-12-31T10:00:00Z'],
  ] as const;
  const issued = (from: string, until: string): PartnerStockEvent => ({
    type: 'UnitsIssued',
    at: NOW,
    data: {
      packageId: 'plus',
      licenseId: 'license',
      projectId: 'hafenblick',
      units: units(120, 100, 10),
      features: [...FEATURES],
      validFrom: at(from),
      validUntil: at(until),
      ...dates,
      packageValidUntil: at(until),
    },
  });

  it.each(ZONES)('is days of the project in %s where it is issued', (timeZone, from, until) => {
    stock(dated)
      .when(issue({ timeZone }))
      .then([issued(from, until)]);
    // The same dates, named.
    const named = { validFrom: at(from), validUntil: at(until), ...dates };
    stock(dated)
      .when(issue({ timeZone, ...named }))
      .then([issued(from, until)]);
  });

  it('is exceeded by the day after in the zone of the project', () => {
    const validUntil = at('2027-01-01T23:00:00Z');
    const limitedBy = {
      packageId: 'plus',
      name: 'Plus 1000',
      validFrom: at('2025-12-31T23:00:00Z'),
      validUntil: at('2026-12-31T23:00:00Z'),
    };
    stock(dated)
      .when(issue({ timeZone: 'Europe/Berlin', validUntil, validUntilDate: '2027-01-01' }))
      .then({
        code: 'PERIOD_OUTSIDE_PARENT',
        side: 'end',
        requestedFrom: limitedBy.validFrom,
        requestedUntil: validUntil,
        limitedBy,
      });
  });

  it('is days in UTC where it is sold, and keeps its dates at the buyer', () => {
    stock(dated)
      .when(sell())
      .then([sold(dates)]);
  });

  it('has no dates where it is sold for a narrower term', () => {
    const part = { validFrom: NOW - 5, validUntil: NOW + 5 };
    stock(dated)
      .when(sell(part))
      .then([sold(part)]);
  });
});
