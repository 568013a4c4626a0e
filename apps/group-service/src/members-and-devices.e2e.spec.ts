import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { deriveId } from '@allotree/event-sourcing';
import { Devices } from './devices/devices.js';
import { Service } from './service-under-test.harness.js';
import { DEVICE_HANDLER, type DeviceHandler } from './tokens.js';

let service: Service;
let p: string;
let a: string;
let serial = 0;
beforeAll(async () => {
  service = await Service.start();
});
afterAll(() => service.stop());
beforeEach(async () => {
  p = await service.project();
  a = await service.group(p, p, 'A');
  serial += 1;
});

const kim = { email: 'kim@example.com', name: 'Kim', role: 'site_administrator' };
const device = () => ({ serialNumber: `SN-${serial}`, model: 'AA-12' });
const typesOf = async (work: () => Promise<unknown>): Promise<string[]> =>
  (await service.recordedWhile(work)).map((event) => event.type);

describe('members', () => {
  it('are recorded, listed and removed', async () => {
    const added = await service.post(`/projects/${p}/groups/${a}/members`, kim);
    expect(added.status).toBe(201);
    expect((await service.get(`/projects/${p}/groups/${a}/members`)).body).toEqual({
      items: [
        {
          ...kim,
          memberId: added.body.memberId,
          userId: added.body.userId,
          groupId: a,
          externalId: null,
          addedAt: expect.any(String),
        },
      ],
      nextCursor: null,
    });
    expect((await service.delete(`/projects/${p}/groups/${p}/members/${added.body.memberId}`)).status).toBe(404);
    expect((await service.delete(`/projects/${p}/groups/${a}/members/${added.body.memberId}`)).status).toBe(204);
    expect((await service.get(`/projects/${p}/groups/${a}/members`)).body.items).toEqual([]);
    expect((await service.delete(`/projects/${p}/groups/${a}/members/${added.body.memberId}`)).body.what).toBe(
      'member',
    );
    expect((await service.published(p)).slice(-2).map(({ type }) => type)).toEqual([
      'allotree.member-added.v1',
      'allotree.member-removed.v1',
    ]);
  });

  it('are one for an e-mail address in a group; the role changes', async () => {
    const first = await service.post(`/projects/${p}/groups/${a}/members`, kim);
    const types = await typesOf(async () => {
      expect((await service.post(`/projects/${p}/groups/${a}/members`, kim)).body).toEqual(first.body);
      const again = await service.post(`/projects/${p}/groups/${a}/members`, {
        ...kim,
        email: 'KIM@example.com',
        role: 'concierge',
      });
      expect(again.body).toEqual(first.body);
    });
    expect(types).toEqual(['MemberAdded']);
    expect((await service.get(`/projects/${p}/groups/${a}/members`)).body.items).toEqual([
      expect.objectContaining({ ...kim, role: 'concierge' }),
    ]);
  });

  it('need a group', async () => {
    const types = await typesOf(async () => {
      expect((await service.post(`/projects/${p}/groups/nowhere/members`, kim)).body).toMatchObject({
        code: 'NOT_FOUND',
        what: 'group',
      });
      expect((await service.post(`/projects/nowhere/groups/nowhere/members`, kim)).body).toMatchObject({
        code: 'NOT_FOUND',
        what: 'project',
      });
      expect((await service.get(`/projects/${p}/groups/nowhere/members`)).status).toBe(404);
    });
    expect(types).toEqual([]);
  });
});

describe('devices (L2)', () => {
  it('are added, listed and removed', async () => {
    const types = await typesOf(async () => {
      const added = await service.post(`/projects/${p}/groups/${a}/devices`, device());
      expect([added.status, added.body, added.etag]).toEqual([201, { serialNumber: device().serialNumber }, '"2"']);
    });
    expect(types).toEqual(['DeviceClaimed', 'DeviceAdded']);
    expect((await service.get(`/projects/${p}/groups/${a}/devices`)).body.items).toEqual([
      { ...device(), groupId: a, externalId: null, addedAt: expect.any(String) },
    ]);
    expect(await typesOf(() => service.post(`/projects/${p}/groups/${a}/devices`, device()))).toEqual([]);
    const removed = await typesOf(async () => {
      expect((await service.delete(`/projects/${p}/groups/${a}/devices/${device().serialNumber}`)).status).toBe(204);
    });
    expect(removed).toEqual(['DeviceRemoved', 'DeviceReleased']);
    expect((await service.delete(`/projects/${p}/groups/${a}/devices/${device().serialNumber}`)).body.what).toBe(
      'device',
    );
    expect((await service.get(`/projects/${p}/groups/${a}/devices`)).body.items).toEqual([]);
    expect((await service.published(p)).slice(-2).map(({ type }) => type)).toEqual([
      'allotree.device-registered.v1',
      'allotree.device-removed.v1',
    ]);
  });

  it('are in one project at a time, and in one group of it', async () => {
    await service.post(`/projects/${p}/groups/${a}/devices`, device());
    const other = await service.project('Other');
    const types = await typesOf(async () => {
      const elsewhere = await service.post(`/projects/${other}/groups/${other}/devices`, device());
      expect(elsewhere).toMatchObject({
        status: 409,
        body: { code: 'DEVICE_ELSEWHERE', serialNumber: device().serialNumber, groupId: null },
      });
      const here = await service.post(`/projects/${p}/groups/${p}/devices`, device());
      expect(here).toMatchObject({ status: 409, body: { code: 'DEVICE_ELSEWHERE', groupId: a } });
    });
    expect(types).toEqual([]);
    await service.delete(`/projects/${p}/groups/${a}/devices/${device().serialNumber}`);
    expect((await service.post(`/projects/${other}/groups/${other}/devices`, device())).status).toBe(201);
  });

  it('need a group, and claim nothing where there is none', async () => {
    expect(await typesOf(() => service.post(`/projects/${p}/groups/nowhere/devices`, device()))).toEqual([]);
  });

  it('go to one of two projects that want the same at once', async () => {
    const other = await service.project('Other');
    const answers = await Promise.all([
      service.post(`/projects/${p}/groups/${p}/devices`, device()),
      service.post(`/projects/${other}/groups/${other}/devices`, device()),
    ]);
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409]);
  });

  it('reach their tree after a crash between the two steps, and the claim of a group that is gone is released', async () => {
    const handler = service.app.get<DeviceHandler>(DEVICE_HANDLER, { strict: false });
    const claim = (serialNumber: string, groupId: string) => {
      const commandId = deriveId(serialNumber, 'crashed');
      const claimed = { projectId: p, tenantId: 't', groupId, model: 'AA-12', claimId: deriveId(commandId, 'claim') };
      const context = { commandId, correlationId: 'c', causationId: null, actor: 'user:admin', tenantId: null };
      return handler.execute(serialNumber, { type: 'ClaimDevice', serialNumber, ...claimed, proof: null }, context);
    };
    await claim(device().serialNumber, a);
    await claim(`${device().serialNumber}-lost`, 'gone');
    await service.settled();
    expect((await service.get(`/projects/${p}/groups/${a}/devices`)).body.items).toEqual([
      expect.objectContaining(device()),
    ]);
    const devices = service.app.get(Devices, { strict: false });
    expect(await devices.claimOf(`${device().serialNumber}-lost`)).toBeNull();
  });
});
