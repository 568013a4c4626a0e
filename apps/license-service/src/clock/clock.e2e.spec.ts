import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { NOW, restriction, Service, units } from '../service-under-test.harness.js';

/** A machine whose clock was half a year ahead for a moment has touched a project. */
const AHEAD = '2027-01-15T10:00:00.000Z';
const p = 'hafenblick';

let service: Service;
let plus: string;
beforeAll(async () => {
  service = await Service.start();
  plus = await service.nordlicht();
  await service.hafenblick(p, plus);
  await service.put(at('a/restriction'), restriction(units(80, 60), { validUntil: '2026-11-30' }));
  await service.posted(at('a/assignments'), { resource: 'sip_number' });
  service.clock.moveTo(AHEAD);
  await service.put(at('b/restriction'), { enabled: true, allotments: [] });
  service.clock.moveTo(NOW);
});
afterAll(() => service.stop());

const at = (path: string): string => `/projects/${p}/groups/${path}`;
const issue = () => ({ type: 'plus', partnerId: 'nordlicht', packageId: plus, units: units(5) });
const behind = { status: 409, body: { code: 'CLOCK_BEHIND', now: NOW, lastRecorded: AHEAD } };
const stock = async () => (await service.get('/partners/nordlicht/stock')).body.packages[0].available;

describe('a project whose last decision is dated later', () => {
  it('refuses what depends on the time, with both instants, and takes nothing from a stock', async () => {
    const before = await stock();
    const recorded = await service.recordedWhile(async () => {
      expect(await service.post(`/projects/${p}/licenses`, issue())).toMatchObject(behind);
      expect(await service.post(at('a/assignments'), { resource: 'sip_number' })).toMatchObject(behind);
      expect(await service.put(at('a/restriction'), restriction(units(1)))).toMatchObject(behind);
    });
    expect(recorded).toEqual([]);
    expect(await stock()).toEqual(before);
  });

  it('takes in the facts of the group service', async () => {
    const recorded = await service.recordedWhile(() => service.groups(p, { c: p }));
    expect(recorded.map(({ type }) => type)).toEqual(['GroupsPlaced']);
  });

  it('is brought back to the present by the operator alone', async () => {
    const correct = (query = '', headers = {}) =>
      service.post(`/projects/${p}/clock-corrections${query}`, undefined, headers);
    const somebody = await service.signedInAs('somebody');
    expect((await correct('', somebody)).status).toBe(404);
    const preview = await correct('?dryRun=true');
    expect(preview.body.effects.reinstated).toEqual([{ groupId: 'a', resource: 'sip_number', count: 1 }]);
    expect(await correct()).toMatchObject({ status: 200, body: { lastRecorded: AHEAD } });
    expect(await correct()).toMatchObject({ status: 200, body: { lastRecorded: null } });

    const { body } = await service.get(at('a/quota'));
    expect(body).toMatchObject({
      status: 'active',
      resources: { sip_number: { consumed: 1, suspended: 0, limit: 80 } },
    });
    expect(await service.post(`/projects/${p}/licenses`, issue())).toMatchObject({ status: 201 });
    const [licenses, history] = [
      await service.get(`/projects/${p}/licenses`),
      await service.get(`/projects/${p}/history`),
    ];
    expect(licenses.body.items.map(({ status }: { status: string }) => status)).toEqual(['active', 'active']);
    expect(history.body.items).toContainEqual(
      expect.objectContaining({ what: 'ClockCorrected', details: { lastRecorded: AHEAD } }),
    );
  });

  it('gets the trial of its registration with all of its days, should it have been opened by such a clock', async () => {
    service.clock.moveTo(AHEAD);
    await service.project('opened-ahead');
    service.clock.moveTo(NOW);
    await service.project('opened-ahead', { trial: true });
    const { body } = await service.get('/projects/opened-ahead/licenses');
    expect(body.items).toMatchObject([{ type: 'trial', validFrom: AHEAD, validUntil: '2027-02-14T10:00:00.000Z' }]);
  });
});

it('a stock is judged by the present, whatever clock has touched it', async () => {
  service.clock.moveTo(AHEAD);
  await service.partner('west', 'nordlicht');
  service.clock.moveTo(NOW);
  await service.project('unspoilt');
  expect(await service.post('/projects/unspoilt/licenses', issue())).toMatchObject({ status: 201 });
});
