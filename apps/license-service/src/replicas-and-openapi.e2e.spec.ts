import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import { restriction, Service, units } from './service-under-test.harness.js';

const p = 'hafenblick';
// Events of another replica arrive a moment later.
const settings = { GROUP_FEED_WAIT_MS: '60000' };
let one: Service;
let other: Service;
beforeAll(async () => {
  one = await Service.start({ settings });
  await one.hafenblick(p, await one.nordlicht());
  other = await Service.start({ database: one.database, settings });
});
afterAll(async () => {
  await other.leave();
  await one.stop();
});

describe('two replicas', () => {
  const assignments = `/projects/${p}/groups/u1/assignments`;

  it('give the last unit to one caller', async () => {
    await one.put(`/projects/${p}/groups/u1/restriction`, restriction(units(5)));
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) => (index % 2 ? one : other).post(assignments, { resource: 'sip_number' })),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(5);
    expect(answers.filter(({ body }) => body.code === 'LIMIT_EXCEEDED' || body.code === 'OVERLOADED')).toHaveLength(15);
  });

  it('sell and issue a stock once', async () => {
    const { packageId } = await one.posted('/partners/nordlicht/packages', { name: 'Ten', units: units(10) });
    const issue = { type: 'plus', partnerId: 'nordlicht', packageId, units: units(3) };
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, index) => (index % 2 ? one : other).post(`/projects/${p}/licenses`, issue)),
    );
    const issued = answers.filter(({ status }) => status === 201).length;
    expect(issued).toBeLessThanOrEqual(3);
    const stocked = (await one.get('/partners/nordlicht/stock')).body.packages.find(
      (each: { packageId: string }) => each.packageId === packageId,
    );
    expect(stocked.available.sip_number).toBe(10 - 3 * issued);
    const granted = async (replica: Service) => {
      const { items } = (await replica.get(`/projects/${p}/licenses`)).body;
      return items.filter(({ source }: { source: { packageId?: string } }) => source.packageId === packageId).length;
    };
    // Events written by another replica arrive a moment later.
    while ((await granted(one)) < issued || (await granted(other)) < issued) await delay(10);
    expect([await granted(one), await granted(other)]).toEqual([issued, issued]);
  });

  it('find groups that only the other replica has received', async () => {
    await other.groups(p, { late: 'b' });
    expect(await one.post(`/projects/${p}/groups/late/assignments`, { resource: 'sip_number' })).toMatchObject({
      status: 201,
    });
    await one.groups(p, { later: 'b' });
    expect(await other.get(`/projects/${p}/groups/later/quota`)).toMatchObject({ status: 200 });
  });
});

describe('GET /api/v1/openapi.json', () => {
  it('describes every route, with an example of its answer and the problems it has', async () => {
    const { body } = await one.get('/openapi.json');
    const routes = Object.entries<Record<string, { responses: object; summary?: string }>>(body.paths).flatMap(
      ([path, methods]) =>
        Object.entries(methods).map(
          ([method, route]) => [`${method.toUpperCase()} ${path.replace('/api/v1', '')}`, route] as const,
        ),
    );
    const names = routes.map(([name]) => name);
    expect(names).toEqual(
      expect.arrayContaining([
        'POST /partners/{partnerId}/packages',
        'POST /partners/{partnerId}/packages/{packageId}/sales',
        'GET /partners/{partnerId}/stock',
        'POST /projects/{p}/licenses',
        'GET /projects/{p}/licenses',
        'POST /projects/{p}/licenses/{l}/extend',
        'POST /projects/{p}/licenses/{l}/suspend',
        'POST /projects/{p}/licenses/{l}/reinstate',
        'POST /projects/{p}/licenses/{l}/revoke',
        'PUT /projects/{p}/groups/{g}/restriction',
        'GET /projects/{p}/groups/{g}/restriction',
        'GET /projects/{p}/groups/{g}/quota',
        'POST /projects/{p}/groups/{g}/assignments',
        'GET /projects/{p}/groups/{g}/assignments',
        'DELETE /projects/{p}/groups/{g}/assignments/{a}',
        'POST /projects/{p}/allotment-transfers',
        'PUT /projects/{p}/restrictions',
        'POST /projects/{p}/assignments',
        'POST /projects/{p}/releases',
        'POST /projects/{p}/quotas',
        'POST /projects/{p}/groups/{g}/relocation-check',
        'POST /projects/{p}/groups/{g}/departure-check',
        'GET /projects/{p}/history',
      ]),
    );
    for (const [name, { responses, summary }] of routes)
      expect([name, summary, Object.keys(responses)]).toEqual([
        name,
        expect.any(String),
        expect.arrayContaining([expect.stringMatching(/^2/)]),
      ]);
  });
});
