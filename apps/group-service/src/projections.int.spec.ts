import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { until } from '@allotree/testing/until';
import { joinRequestAggregate, type JoinRequestFacts } from '@allotree/domain';
import { Subscriptions } from '@allotree/event-sourcing';
import { PG_POOL } from '@allotree/basics';
import { ProjectionChecks } from '@allotree/service';
import { mended, newEvent, tamperWith } from '@allotree/testing';
import type pg from 'pg';
import { Service } from './service-under-test.harness.js';
import { GROUPS } from './tokens.js';

let service: Service;
beforeAll(async () => {
  service = await Service.start();
});
afterAll(() => service.stop());

const ok = async (answer: ReturnType<Service['post']>): Promise<void> => {
  const { status, body } = await answer;
  expect([status < 300, body]).toEqual([true, body]);
};

/** Something of every kind that has rows. */
async function fill(): Promise<void> {
  const distributor = await service.distributor();
  const p = await service.project('Hafenblick', distributor);
  const [a, b] = [await service.group(p, p, 'A'), await service.group(p, p, 'B')];
  const flat = await service.group(p, a, 'Flat 1', 'apartment');
  await service.group(p, b, 'Flat 2', 'apartment');
  await ok(
    service.post(`/projects/${p}/groups/${flat}/members`, { email: 'eva@example.com', name: 'Eva', role: 'user' }),
  );
  await ok(service.post(`/projects/${p}/groups/${flat}/devices`, { serialNumber: 'AA-1', model: 'AA-12' }));
  await ok(service.post(`/projects/${p}/groups/${flat}/move`, { parentId: b }));
  await ok(service.patch(`/projects/${p}/groups/${b}`, { name: 'Building B' }));
  await ok(service.delete(`/projects/${p}/groups/${a}`));
  await ok(service.post(`/roles?tenantId=${distributor}`, { name: 'Reader', permissions: ['groups:read'] }));
  const devices = [{ serialNumber: 'BB-1', claimCode: '7K2M-9QXT-4B8R' }];
  await ok(service.request('PUT', '/device-catalogue', { devices }));
  const request: JoinRequestFacts = {
    requestId: 'r1',
    distributorId: distributor,
    tenantId: distributor,
    partnerId: 'dahl',
    kind: 'dealer',
    name: 'Dahl',
    administrator: { administratorId: 'u1', name: 'Dora', email: 'dora@dahl.example' },
    project: { projectId: 'dahl-p', name: 'Dahl', timeZone: 'UTC' },
  };
  const events = [newEvent('JoinRequested', request), newEvent('JoinRejected', { requestId: 'r1', reason: 'R' })];
  await service.store.append([{ streamName: `${joinRequestAggregate.category}-r1`, expectedRevision: -1, events }]);
  await service.settled();
}

describe('the projections of the group service', () => {
  it('are what their events give; a row that was tampered with is found and mended', async () => {
    await fill();
    const subscriptions = service.app.get(Subscriptions, { strict: false });
    const names = subscriptions.projections();
    const projections = Object.fromEntries(names.map((name) => [name, subscriptions.replay(name)?.tables ?? []]));
    const pool = service.app.get<pg.Pool>(PG_POOL, { strict: false });
    const found = await tamperWith({
      checks: service.app.get(ProjectionChecks, { strict: false }),
      schema: GROUPS,
      projections,
      query: (sql) => pool.query(sql),
    });
    expect(found).toEqual(
      Object.fromEntries(Object.entries(projections).map(([name, tables]) => [name, mended(GROUPS, tables)])),
    );
    expect(names).toHaveLength(6);
  });

  it('are verified and rebuilt over HTTP', async () => {
    const path = '/group-service/projections';
    const rebuilt = await service.post(`${path}/tree_view/rebuild`, undefined);
    expect([rebuilt.status, rebuilt.body]).toEqual([202, { checkId: expect.any(String) }]);
    const { checkId } = rebuilt.body as { checkId: string };
    const lastCheck = async () => {
      const { items } = (await service.get(path)).body as { items: { name: string; lastCheck: { status: string } }[] };
      return items.find(({ name }) => name === 'tree_view')!.lastCheck;
    };
    const ended = await until(lastCheck, ({ status }) => status !== 'running');
    expect(ended).toMatchObject({ checkId, kind: 'rebuild', status: 'equal', differences: [], error: null });
    for (const name of ['publish_groups', 'nothing'])
      for (const kind of ['rebuild', 'verify'])
        expect(await service.post(`${path}/${name}/${kind}`, undefined)).toMatchObject({
          status: 404,
          body: { code: 'NOT_FOUND' },
        });
    expect((await service.post(`${path}/Tree/verify`, undefined)).body).toMatchObject({ code: 'VALIDATION' });
  });
});
