import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Service, units } from '../service-under-test.harness.js';

let service: Service;
let plus: string;
beforeAll(async () => {
  service = await Service.start();
  plus = await service.nordlicht();
  await service.partner('hansen', 'nordlicht');
  await service.partner('hansen-sub', 'hansen');
  await service.partner('suedwind', null, 'suedwind');
});
afterAll(() => service.stop());

const packageOf = async (partnerId: string, packageId: string) =>
  (await service.get(`/partners/${partnerId}/stock`)).body.packages.find(
    (stocked: { packageId: string }) => stocked.packageId === packageId,
  );
const types = (events: readonly { type: string; streamName: string }[]) =>
  events.map((event) => [event.type, event.streamName]);
const nothingRecorded = async (work: () => Promise<unknown>) => expect(await service.recordedWhile(work)).toEqual([]);

describe('POST /partners/{id}/packages', () => {
  it('puts the package on the stock', async () => {
    expect(await packageOf('nordlicht', plus)).toMatchObject({
      name: 'Plus 1000',
      from: null,
      units: units(1_000, 800, 100),
      features: ['siri', 'elevators'],
      validFrom: '2026-01-01T00:00:00.000Z',
      validUntil: '2027-01-01T00:00:00.000Z',
      status: 'active',
    });
  });

  it('starts now and without end, unlimited, where nothing else is said', async () => {
    const body = { name: 'Endless', units: units(null, null, null) };
    const { packageId } = await service.posted('/partners/suedwind/packages', body);
    expect(await packageOf('suedwind', packageId)).toMatchObject({
      units: units(null, null, null),
      available: units(null, null, null),
      validFrom: '2026-06-01T10:00:00.000Z',
      validUntil: null,
    });
  });

  it('records one event, who asked, and answers the revision', async () => {
    let answer;
    const events = await service.recordedWhile(async () => {
      answer = await service.post('/partners/suedwind/packages', { name: 'One', units: units(1) });
    });
    expect(types(events)).toEqual([['PackageRecorded', 'partner_stock-suedwind']]);
    expect(events[0]?.metadata).toMatchObject({ actor: 'user:admin', tenantId: 'suedwind' });
    expect(answer).toMatchObject({ status: 201, etag: `"${events[0]?.revision}"` });
  });

  it('previews with dryRun', async () => {
    await nothingRecorded(async () => {
      const answer = await service.post('/partners/nordlicht/packages?dryRun=true', { name: 'One', units: units(1) });
      expect(answer).toMatchObject({
        status: 200,
        body: { events: [{ type: 'PackageRecorded', at: '2026-06-01T10:00:00.000Z', data: { validUntil: null } }] },
      });
    });
  });

  it('records once for one idempotency key', async () => {
    const send = () =>
      service.post(
        '/partners/suedwind/packages',
        { name: 'Once', units: units(5) },
        { 'idempotency-key': 'package-once' },
      );
    const events = await service.recordedWhile(async () => {
      const [first, again] = [await send(), await send()];
      expect(again.body).toEqual(first.body);
    });
    expect(events).toHaveLength(1);
  });

  it.each([
    ['hansen', { name: 'N', units: units(1) }, 400, { code: 'VALIDATION', errors: [{ field: 'partnerId' }] }],
    ['nobody', { name: 'N', units: units(1) }, 404, { code: 'NOT_FOUND', what: 'partner', id: 'nobody' }],
    ['nordlicht', { name: 'N', units: units(1, 2) }, 409, { code: 'SIP_BELOW_MOBILE', sipNumber: 1, mobileApp: 2 }],
    ['nordlicht', { name: 'N', units: units(0) }, 400, { code: 'VALIDATION', errors: [{ field: 'units' }] }],
    [
      'nordlicht',
      { name: 'N', units: units(1), validFrom: '2026-01-01', validUntil: '2026-05-31' },
      400,
      { code: 'VALIDATION', errors: [{ field: 'validUntil' }] },
    ],
  ])('refuses on %s: %j', async (partnerId, body, status, problem) => {
    await nothingRecorded(async () => {
      expect(await service.post(`/partners/${partnerId}/packages`, body)).toMatchObject({ status, body: problem });
    });
  });
});

describe('POST /partners/{id}/packages/{packageId}/sales', () => {
  const sales = () => `/partners/nordlicht/packages/${plus}/sales`;

  it('moves units down, the rest stays; the buyer can sell on', async () => {
    const before = (await packageOf('nordlicht', plus)).available;
    const sale = { toPartnerId: 'hansen', units: units(200, 150, 20), features: ['siri'], validUntil: '2026-11-30' };
    let sold = '';
    const events = await service.recordedWhile(async () => {
      sold = (await service.posted(sales(), sale)).packageId;
    });
    expect(types(events)).toEqual([
      ['PackageSold', 'partner_stock-nordlicht'],
      ['PackageReceived', 'partner_stock-hansen'],
    ]);
    expect(await packageOf('nordlicht', plus)).toMatchObject({
      sold: units(200, 150, 20),
      available: units(before.sip_number - 200, before.mobile_app - 150, before.ukey2 - 20),
    });
    expect(await packageOf('hansen', sold)).toMatchObject({
      name: 'Plus 1000',
      from: { partnerId: 'nordlicht', packageId: plus },
      units: units(200, 150, 20),
      features: ['siri'],
      validFrom: '2026-01-01T00:00:00.000Z',
      validUntil: '2026-12-01T00:00:00.000Z',
    });

    const onward = await service.posted(`/partners/hansen/packages/${sold}/sales`, {
      toPartnerId: 'hansen-sub',
      units: units(1),
    });
    expect(await packageOf('hansen-sub', onward.packageId)).toMatchObject({ features: ['siri'], units: units(1) });
  });

  it('previews with dryRun', async () => {
    await nothingRecorded(async () => {
      const answer = await service.post(`${sales()}?dryRun=true`, { toPartnerId: 'hansen', units: units(1) });
      expect(answer).toMatchObject({
        status: 200,
        body: { events: [{ type: 'PackageSold' }, { type: 'PackageReceived' }] },
      });
    });
  });

  it.each([
    [
      { toPartnerId: 'hansen', units: units(1_001) },
      409,
      {
        code: 'STOCK_EXHAUSTED',
        resource: 'sip_number',
        requested: 1_001,
        available: expect.any(Number),
        packageId: expect.any(String),
      },
    ],
    [{ toPartnerId: 'hansen', units: units(null) }, 409, { code: 'STOCK_EXHAUSTED', requested: null }],
    [
      { toPartnerId: 'hansen', units: units(1), validUntil: '2027-01-01' },
      409,
      {
        code: 'PERIOD_OUTSIDE_PARENT',
        requestedUntil: '2027-01-02T00:00:00.000Z',
        limitedBy: { name: 'Plus 1000', validFrom: '2026-01-01T00:00:00.000Z', validUntil: '2027-01-01T00:00:00.000Z' },
      },
    ],
    [
      { toPartnerId: 'hansen', units: units(1), features: ['whitelabel'] },
      409,
      { code: 'FEATURE_NOT_AVAILABLE', feature: 'whitelabel' },
    ],
    [{ toPartnerId: 'hansen', units: units(1, 2) }, 409, { code: 'SIP_BELOW_MOBILE' }],
    [{ toPartnerId: 'suedwind', units: units(1) }, 404, { code: 'NOT_FOUND', what: 'partner', id: 'suedwind' }],
    [{ toPartnerId: 'nordlicht', units: units(1) }, 404, { code: 'NOT_FOUND', what: 'partner' }],
    [
      { toPartnerId: 'hansen', units: units(1), validUntil: '2026-05-31' },
      400,
      { code: 'VALIDATION', errors: [{ field: 'validUntil' }] },
    ],
  ])('refuses %j', async (body, status, problem) => {
    await nothingRecorded(async () => {
      expect(await service.post(sales(), body)).toMatchObject({ status, body: problem });
    });
  });

  it('refuses a package of somebody else', async () => {
    await nothingRecorded(async () => {
      const answer = await service.post(`/partners/hansen/packages/${plus}/sales`, {
        toPartnerId: 'hansen-sub',
        units: units(1),
      });
      expect(answer).toMatchObject({ status: 404, body: { code: 'NOT_FOUND', what: 'package' } });
    });
  });
});

describe('GET /partners/{id}/stock', () => {
  it('is empty for a new partner and 404 for nobody', async () => {
    await service.partner('new', 'nordlicht');
    expect(await service.get('/partners/new/stock')).toMatchObject({
      status: 200,
      body: { partnerId: 'new', kind: 'dealer', packages: [] },
    });
    expect(await service.get('/partners/nobody/stock')).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } });
  });
});

describe('a package entered as dates (E4)', () => {
  const dates = { validFrom: '2026-01-01', validUntil: '2026-06-30' };
  const UNTIL = [
    ['Europe/Berlin', '2026-06-30T22:00:00.000Z'],
    ['America/New_York', '2026-07-01T04:00:00.000Z'],
    ['Pacific/Kiritimati', '2026-06-30T10:00:00.000Z'],
  ] as const;
  let packageId: string;
  beforeAll(async () => {
    const body = { name: 'Half a year', units: units(100), ...dates };
    ({ packageId } = await service.posted('/partners/nordlicht/packages', body));
  });

  it('is shown with its dates', async () => {
    expect(await packageOf('nordlicht', packageId)).toMatchObject({
      validUntil: '2026-07-01T00:00:00.000Z',
      validFromDate: '2026-01-01',
      validUntilDate: '2026-06-30',
    });
  });

  it.each(UNTIL)('covers the same dates of a license and an allotment in %s', async (timeZone, validUntil) => {
    const projectId = timeZone.replace(/\W/g, '-').toLowerCase();
    await service.project(projectId, { timeZone });
    const issue = { type: 'plus', partnerId: 'nordlicht', packageId, units: units(5) };
    for (const named of [{}, dates]) await service.posted(`/projects/${projectId}/licenses`, { ...issue, ...named });
    const { items } = (await service.get(`/projects/${projectId}/licenses`)).body;
    expect(items).toHaveLength(2);
    for (const license of items)
      expect(license).toMatchObject({ validUntil, validFromDate: '2026-01-01', validUntilDate: '2026-06-30' });
    const allotments = [{ type: 'plus', units: units(10), ...dates }];
    const put = await service.put(`/projects/${projectId}/groups/${projectId}/restriction`, {
      enabled: true,
      allotments,
    });
    expect(put.status).toBe(200);
    const extended = await service.post(`/projects/${projectId}/licenses/${items[0].licenseId}/extend`, {
      validUntil: '2026-06-30',
    });
    expect(extended.status).toBe(200);
    const beyond = await service.post(`/projects/${projectId}/licenses`, { ...issue, validUntil: '2026-07-01' });
    expect(beyond).toMatchObject({ status: 409, body: { code: 'PERIOD_OUTSIDE_PARENT' } });
  });

  it('has no end where a date after 9998 is named', async () => {
    const body = { name: 'ERP', units: units(1), validUntil: '9999-12-31' };
    const { packageId: endless } = await service.posted('/partners/nordlicht/packages', body);
    expect(await packageOf('nordlicht', endless)).toMatchObject({ validUntil: null });
  });
});
