import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Service, units } from '../service-under-test.harness.js';

let service: Service;
let plus: string;
beforeAll(async () => {
  service = await Service.start();
  plus = await service.nordlicht();
  await service.partner('suedwind', null, 'suedwind');
});
afterAll(() => service.stop());

let count = 0;
async function project(more: Parameters<Service['project']>[1] = {}): Promise<string> {
  const projectId = `project-${(count += 1)}`;
  await service.project(projectId, more);
  return projectId;
}
const issue = (more: object = {}) => ({
  type: 'plus',
  partnerId: 'nordlicht',
  packageId: plus,
  units: units(12, 10, 1),
  ...more,
});
const licensesOf = async (p: string) => (await service.get(`/projects/${p}/licenses`)).body.items;
const types = (events: readonly { type: string; streamName: string }[]) =>
  events.map(({ type, streamName }) => `${streamName} ${type}`);
const nothingRecorded = async (work: () => Promise<unknown>) => expect(await service.recordedWhile(work)).toEqual([]);

describe('POST /projects/{p}/licenses: plus (L3)', () => {
  it('debits the stock and grants the license', async () => {
    const p = await project();
    let answer;
    const events = await service.recordedWhile(async () => {
      answer = await service.post(`/projects/${p}/licenses`, issue());
    });
    const {
      body: { licenseId },
    } = answer!;
    expect(types(events).slice(0, 2)).toEqual(['partner_stock-nordlicht UnitsIssued', `project-${p} LicenseGranted`]);
    expect(answer).toMatchObject({ status: 201, etag: `"${events.at(-1)?.revision}"` });
    expect(await licensesOf(p)).toEqual([
      {
        licenseId,
        type: 'plus',
        units: units(12, 10, 1),
        features: expect.arrayContaining(['siri', 'elevators']),
        validFrom: '2026-01-01T00:00:00.000Z',
        validUntil: '2027-01-01T00:00:00.000Z',
        validFromDate: '2026-01-01',
        validUntilDate: '2026-12-31',
        source: {
          kind: 'package',
          partnerId: 'nordlicht',
          packageId: plus,
          packageValidUntil: '2027-01-01T00:00:00.000Z',
        },
        status: 'active',
        externalId: null,
        suspendedReason: null,
        revokedReason: null,
      },
    ]);
    const [stocked] = (await service.get('/partners/nordlicht/stock')).body.packages;
    expect(stocked).toMatchObject({ issued: units(12, 10, 1), available: units(988, 790, 99) });
  });

  it('is issued once for one idempotency key', async () => {
    const p = await project();
    const send = () => service.post(`/projects/${p}/licenses`, issue(), { 'idempotency-key': 'issue-once' });
    const [first, again] = [await send(), await send()];
    expect(again).toEqual(first);
    expect(await licensesOf(p)).toHaveLength(1);
  });

  it('takes dates as days of the project (E4)', async () => {
    const p = await project({ timeZone: 'America/New_York' });
    await service.posted(`/projects/${p}/licenses`, issue({ validFrom: '2026-06-01', validUntil: '2026-06-30' }));
    expect(await licensesOf(p)).toMatchObject([
      { validFrom: '2026-06-01T04:00:00.000Z', validUntil: '2026-07-01T04:00:00.000Z' },
    ]);
  });

  it('previews debit and grant with dryRun', async () => {
    const p = await project();
    await nothingRecorded(async () => {
      const answer = await service.post(`/projects/${p}/licenses?dryRun=true`, issue());
      expect(answer).toMatchObject({
        status: 200,
        body: {
          events: expect.arrayContaining([
            expect.objectContaining({ type: 'UnitsIssued' }),
            expect.objectContaining({ type: 'LicenseGranted' }),
          ]),
          effects: { suspended: [], reinstated: [], released: [], clamped: [] },
        },
      });
    });
  });

  it.each([
    [{ units: units(5_000) }, 409, { code: 'STOCK_EXHAUSTED', resource: 'sip_number', requested: 5_000 }],
    [{ units: units(1, 2) }, 409, { code: 'SIP_BELOW_MOBILE' }],
    [{ features: ['whitelabel'] }, 409, { code: 'FEATURE_NOT_AVAILABLE', feature: 'whitelabel' }],
    [{ validUntil: '2027-01-01' }, 409, { code: 'PERIOD_OUTSIDE_PARENT' }],
    [{ packageId: 'nothing' }, 404, { code: 'NOT_FOUND', what: 'package', id: 'nothing' }],
    [{ partnerId: 'nobody' }, 404, { code: 'NOT_FOUND', what: 'partner', id: 'nobody' }],
    // Another tenant does not exist from here.
    [{ partnerId: 'suedwind' }, 404, { code: 'NOT_FOUND', what: 'partner', id: 'suedwind' }],
  ])('refuses %j and debits nothing', async (more, status, problem) => {
    const p = await project();
    await nothingRecorded(async () => {
      expect(await service.post(`/projects/${p}/licenses`, issue(more))).toMatchObject({ status, body: problem });
    });
  });

  it('needs a project', async () => {
    await nothingRecorded(async () => {
      const answer = await service.post('/projects/nowhere/licenses', issue());
      expect(answer).toMatchObject({ status: 404, body: { code: 'NOT_FOUND', what: 'project', id: 'nowhere' } });
    });
  });
});

describe('POST /projects/{p}/licenses: trial (L1)', () => {
  it('is unlimited with every feature for 30 days', async () => {
    const p = await project({ timeZone: 'Europe/Berlin' });
    await service.posted(`/projects/${p}/licenses`, { type: 'trial' });
    const [trial] = await licensesOf(p);
    expect(trial).toMatchObject({
      type: 'trial',
      units: units(null, null, null),
      source: { kind: 'manual' },
      validFrom: '2026-06-01T10:00:00.000Z',
      validUntil: '2026-07-01T10:00:00.000Z',
      status: 'active',
    });
    expect(trial.features).toHaveLength(11);
  });

  it('ends on request, and may be granted again by a server administrator', async () => {
    const p = await project();
    await service.posted(`/projects/${p}/licenses`, { type: 'trial', validUntil: '2026-06-10' });
    await service.posted(`/projects/${p}/licenses`, { type: 'trial', validFrom: '2026-06-11' });
    expect((await licensesOf(p)).map(({ status, validUntil }: never) => [status, validUntil])).toEqual([
      ['active', '2026-06-11T00:00:00.000Z'],
      ['scheduled', '2026-07-11T00:00:00.000Z'],
    ]);
  });

  it('refuses an end in the past', async () => {
    const p = await project();
    await nothingRecorded(async () => {
      const answer = await service.post(`/projects/${p}/licenses`, { type: 'trial', validUntil: '2026-05-31' });
      expect(answer).toMatchObject({ status: 400, body: { code: 'VALIDATION', errors: [{ field: 'validUntil' }] } });
    });
  });
});

describe('changing a license', () => {
  async function issued(more: object = {}): Promise<[project: string, path: string]> {
    const p = await project();
    const { licenseId } = await service.posted(`/projects/${p}/licenses`, issue(more));
    return [p, `/projects/${p}/licenses/${licenseId}`];
  }

  it('extends it within its package', async () => {
    const [, path] = await issued({ validUntil: '2026-06-30' });
    const events = await service.recordedWhile(async () => {
      const answer = await service.post(`${path}/extend`, { validUntil: '2026-12-31' });
      expect(answer).toMatchObject({ status: 200, body: { validUntil: '2027-01-01T00:00:00.000Z', status: 'active' } });
    });
    expect(events.map(({ type }) => type)).toEqual(['LicenseExtended']);
  });

  it.each([
    [{ validUntil: '2027-01-01' }, 409, { code: 'PERIOD_OUTSIDE_PARENT' }],
    [{ validUntil: null }, 409, { code: 'PERIOD_OUTSIDE_PARENT', requestedUntil: null }],
    [{ validUntil: '2026-06-15' }, 400, { code: 'VALIDATION', errors: [{ field: 'validUntil' }] }],
  ])('refuses to extend to %j', async (body, status, problem) => {
    const [, path] = await issued({ validUntil: '2026-06-30' });
    await nothingRecorded(async () => {
      expect(await service.post(`${path}/extend`, body)).toMatchObject({ status, body: problem });
    });
  });

  it('suspends, reinstates and revokes it, each once', async () => {
    const [p, path] = await issued();
    const events = await service.recordedWhile(async () => {
      expect(await service.post(`${path}/suspend`, { reason: 'Overdue' })).toMatchObject({
        status: 200,
        body: { status: 'suspended', suspendedReason: 'Overdue' },
      });
      await service.post(`${path}/suspend`, { reason: 'Overdue' });
      expect(await service.post(`${path}/reinstate`)).toMatchObject({ status: 200, body: { status: 'active' } });
      expect(await service.post(`${path}/reinstate`, {})).toMatchObject({ status: 200 });
      expect(await service.post(`${path}/revoke`, { reason: 'Over' })).toMatchObject({
        status: 200,
        body: { status: 'revoked', revokedReason: 'Over' },
      });
      await service.post(`${path}/revoke`, { reason: 'Over' });
    });
    expect(types(events)).toEqual(
      ['LicenseSuspended', 'LicenseReinstated', 'LicenseRevoked'].map((type) => `project-${p} ${type}`),
    );
    await nothingRecorded(async () => {
      const answer = await service.post(`${path}/suspend`, { reason: 'Again' });
      expect(answer).toMatchObject({ status: 409, body: { code: 'LICENSE_REVOKED' } });
    });
  });

  it('suspends what depends on it, and the preview says so', async () => {
    const [p, path] = await issued();
    await service.posted(`/projects/${p}/groups/${p}/assignments`, { resource: 'sip_number' });
    await nothingRecorded(async () => {
      const { body } = await service.post(`${path}/revoke?dryRun=true`, { reason: 'Over' });
      expect(body.effects.suspended).toEqual([{ groupId: p, resource: 'sip_number', count: 1 }]);
    });
    await service.post(`${path}/revoke`, { reason: 'Over' });
    const { body } = await service.get(`/projects/${p}/groups/${p}/quota`);
    expect(body.resources.sip_number).toMatchObject({ effectiveLimit: 0, consumed: 0, suspended: 1 });
  });

  it('needs one that is there', async () => {
    const p = await project();
    for (const [change, body] of Object.entries({
      extend: { validUntil: null },
      suspend: { reason: 'R' },
      reinstate: {},
      revoke: { reason: 'R' },
    }))
      await nothingRecorded(async () => {
        const answer = await service.post(`/projects/${p}/licenses/nothing/${change}`, body);
        expect(answer).toMatchObject({ status: 404, body: { code: 'NOT_FOUND', what: 'license', id: 'nothing' } });
      });
  });

  it('honours If-Match', async () => {
    const [, path] = await issued();
    const stale = await service.post(`${path}/suspend`, { reason: 'R' }, { 'if-match': '"0"' });
    expect(stale).toMatchObject({ status: 412, body: { code: 'STALE_REVISION' } });
  });
});

describe('GET /projects/{p}/licenses', () => {
  it('shows the Basic licenses of all devices as one', async () => {
    const p = await project();
    for (const serialNumber of ['1', '2', '3'])
      await service.fact('allotree.device-registered.v1', {
        projectId: p,
        groupId: p,
        serialNumber: `${p}-${serialNumber}`,
        model: 'AA-12',
      });
    expect(await licensesOf(p)).toMatchObject([
      {
        licenseId: null,
        type: 'basic',
        units: units(6, 6, 0),
        source: { kind: 'devices', count: 3 },
        validUntil: null,
      },
    ]);
  });

  it('is 404 for a project that is not there', async () => {
    expect(await service.get('/projects/nowhere/licenses')).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } });
  });
});
