import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { departureOf } from '@allotree/domain';
import type { CommandContext } from '@allotree/event-sourcing';
import { Service } from './service-under-test.harness.js';
import { PARTNER_HANDLER, type PartnerHandler } from './tokens.js';
import { Trees } from './groups/trees.js';

let service: Service;
let replica: Service;
beforeAll(async () => {
  service = await Service.start();
  replica = await service.replica();
});
afterAll(async () => {
  await replica.stop();
  await service.stop();
});

const context = (commandId: string): CommandContext => ({
  commandId,
  correlationId: 'c',
  causationId: null,
  actor: 'user:admin',
  tenantId: null,
});

/** A replica sees the writes of another one a moment later. */
const eventually = async (isSo: () => Promise<boolean>): Promise<void> => {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    if (await isSo()) return;
    await delay(100);
  }
  throw new Error('it never became so');
};

describe('after a crash', () => {
  it('between a registration and its project, the project is created', async () => {
    const handler = service.app.get<PartnerHandler>(PARTNER_HANDLER, { strict: false });
    const administrator = { administratorId: 'u', name: 'Ada', email: 'ada@example.com' };
    const project = { projectId: 'half-project', name: 'Office', timeZone: 'UTC' };
    const facts = {
      partnerId: 'half',
      kind: 'distributor',
      name: 'Half',
      administrator,
      project,
      parent: null,
    } as const;
    await handler.execute('half', { type: 'RegisterPartner', ...facts }, context('half-registered'));
    await service.settled();
    expect((await service.get('/projects/half-project')).body).toMatchObject({
      name: 'Office',
      partnerId: 'half',
      tenantId: 'half',
    });
    const published = await service.published('half-project');
    expect(published.map(({ type }) => type)).toEqual(['allotree.project-created.v1', 'allotree.member-added.v1']);
  });

  it('between the arrival of a subtree in another project and its departure, it departs', async () => {
    const from = await service.project('From');
    const { partnerId } = (await service.get(`/projects/${from}`)).body as { partnerId: string };
    const to = await service.project('To', partnerId);
    const a = await service.group(from, from, 'A');
    const trees = service.app.get(Trees, { strict: false });
    const left = await trees.look(from, (state) => departureOf(state, a));
    if (!left.ok) throw new Error(left.refusal.code);
    const adopt = { type: 'AdoptSubtree', projectId: to, newId: 'adopted', parentId: to, ...left.departure } as const;
    await trees.run(adopt, { context: context('half-moved'), dryRun: false });
    await service.settled();
    expect((await service.get(`/projects/${from}/groups/${a}`)).status).toBe(404);
    expect((await service.get(`/projects/${to}/groups/adopted_0`)).status).toBe(200);
  });
});

describe('two replicas', () => {
  it('give a name to one of many who want it, and a device to one project', async () => {
    const p = await service.project();
    const q = await replica.project('Q');
    const both = [service, replica];
    const requests = Array.from({ length: 12 }, (_, i) =>
      (both[i % 2] as Service).post(`/projects/${p}/groups`, { parentId: p, type: 'building', name: 'The one' }),
    );
    const statuses = (await Promise.all(requests)).map(({ status }) => status);
    expect(statuses.filter((status) => status === 201)).toHaveLength(1);
    expect(statuses.filter((status) => status === 409)).toHaveLength(11);
    const devices = await Promise.all([
      service.post(`/projects/${p}/groups/${p}/devices`, { serialNumber: 'WANTED', model: 'm' }),
      replica.post(`/projects/${q}/groups/${q}/devices`, { serialNumber: 'WANTED', model: 'm' }),
    ]);
    expect(devices.map(({ status }) => status).sort()).toEqual([201, 409]);
  });

  it('show in a list at once what the other wrote', async () => {
    const [writer, reader] = [service, replica];
    for (let n = 0; n < 10; n++) {
      const projectId = await writer.project(`Listed ${n}`);
      const { items } = (await reader.get('/projects?limit=200')).body;
      expect(items.map((item: { projectId: string }) => item.projectId)).toContain(projectId);
      const group = await writer.group(projectId, projectId, 'A');
      const groups = (await reader.get(`/projects/${projectId}/groups?parentId=${projectId}`)).body.items;
      expect(groups.map((item: { groupId: string }) => item.groupId)).toEqual([group]);
    }
  });

  it('see the writes of the other, and publish each event once', async () => {
    const p = await service.project();
    await service.post(`/projects/${p}/groups/generate`, { parentId: p, units: { count: 3 } });
    const created = await replica.post(`/projects/${p}/groups`, { parentId: p, type: 'unit', name: 'Unit 4' });
    expect(created).toMatchObject({ status: 201, etag: '"2"' });
    await eventually(async () => (await service.get(`/projects/${p}/groups/${created.body.groupId}`)).status === 200);
    await replica.settled();
    expect((await service.published(p)).map(({ type }) => type)).toEqual([
      'allotree.project-created.v1',
      'allotree.groups-placed.v1',
      'allotree.groups-placed.v1',
    ]);
    const names = (await service.get(`/projects/${p}/groups?parentId=${p}`)).body.items.map(
      (item: { name: string }) => item.name,
    );
    expect(names).toEqual(['Unit 1', 'Unit 2', 'Unit 3', 'Unit 4']);
  });
});
