import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Subscriptions, type CommandContext } from '@allotree/event-sourcing';
import { randomUUID } from 'node:crypto';
import { Devices } from '../devices.js';
import { Service } from '../../service-under-test.harness.js';
import { DEVICE_HANDLER, TREE_HANDLER, type DeviceHandler, type TreeHandler } from '../../tokens.js';

let service: Service;
let p: string;
let other: string;
let number = 0;
beforeAll(async () => {
  service = await Service.start();
});
afterAll(() => service.stop());
beforeEach(async () => {
  p = await service.project();
  other = await service.project('Other');
  number += 1;
});

const context = (): CommandContext => ({
  commandId: randomUUID(),
  correlationId: 'c',
  causationId: null,
  actor: 'user:admin',
  tenantId: null,
});

interface Claim {
  readonly stream: string;
  readonly serialNumber: string;
  readonly claimId: string;
}

/** A claim of an earlier version, kept under the serial number as typed. */
const claim = async (projectId: string, { stream, serialNumber, claimId }: Claim): Promise<void> => {
  const facts = { serialNumber, projectId, tenantId: 't', groupId: projectId, model: 'AA-12', claimId, proof: null };
  const handler = service.app.get<DeviceHandler>(DEVICE_HANDLER, { strict: false });
  expect((await handler.execute(stream, { type: 'ClaimDevice', ...facts }, context())).kind).toBe('accepted');
};

const addedEarlier = async (projectId: string, serialNumber: string): Promise<void> => {
  const claimId = randomUUID();
  await claim(projectId, { stream: serialNumber, serialNumber, claimId });
  const command = { type: 'AddDevice', projectId, groupId: projectId, serialNumber, model: 'AA-12', claimId } as const;
  const trees = service.app.get<TreeHandler>(TREE_HANDLER, { strict: false });
  expect((await trees.execute(projectId, command, context())).kind).toBe('accepted');
};

const add = (projectId: string, serialNumber: string, by = service) =>
  by.post(`/projects/${projectId}/groups/${projectId}/devices`, { serialNumber, model: 'AA-12' });
const remove = (projectId: string, serialNumber: string) =>
  service.delete(`/projects/${projectId}/groups/${projectId}/devices/${serialNumber}`);
const claimOf = (serialNumber: string) => service.app.get(Devices, { strict: false }).claimOf(serialNumber);

const spellings = (): string[] => [
  `mv-${number}-a:b.c`,
  `MV${number}ABC`,
  `mv${number}abc`,
  `MV-${number}-ABC`,
  `M-V-${number}-A.B.C`,
];

describe('a serial number', () => {
  it('is one in every spelling: in one project at a time', async () => {
    const [typed, ...others] = spellings();
    expect((await add(p, typed as string)).status).toBe(201);
    const recorded = await service.recordedWhile(async () => {
      for (const spelling of others) {
        expect(await add(other, spelling)).toMatchObject({ status: 409, body: { code: 'DEVICE_ELSEWHERE' } });
        const dry = await service.post(`/projects/${other}/groups/${other}/devices?dryRun=true`, {
          serialNumber: spelling,
          model: 'AA-12',
        });
        expect(dry).toMatchObject({ status: 409, body: { code: 'DEVICE_ELSEWHERE' } });
        expect((await add(p, spelling)).status).toBe(201);
      }
    });
    expect(recorded).toEqual([]);
    expect((await remove(p, others[0] as string)).status).toBe(204);
    expect((await add(other, others[1] as string)).status).toBe(201);
  });
});

describe('a claim of an earlier version', () => {
  it('is found by every spelling, and ends with its device', async () => {
    const [typed, ...others] = spellings();
    await addedEarlier(p, typed as string);
    await service.settled();
    for (const spelling of spellings())
      expect(await add(other, spelling)).toMatchObject({ status: 409, body: { code: 'DEVICE_ELSEWHERE' } });
    expect((await remove(p, others[0] as string)).status).toBe(204);
    await service.settled();
    expect((await add(other, others[1] as string)).status).toBe(201);
  });

  it('holds for the first request after a start', async () => {
    await service.app.get(Subscriptions, { strict: false }).stop();
    await addedEarlier(p, `first-${number}`);
    const replica = await service.replica();
    try {
      expect(await add(other, `FIRST${number}`, replica)).toMatchObject({ status: 409 });
    } finally {
      await replica.stop();
      await service.app.get(Subscriptions, { strict: false }).start();
    }
  });

  it('replaces the second claim that another spelling made for the same project', async () => {
    const serialNumber = `twice-${number}`;
    await service.app.get(Subscriptions, { strict: false }).stop();
    await addedEarlier(p, serialNumber);
    await claim(p, { stream: `TWICE${number}`, serialNumber: `TWICE${number}`, claimId: 'second' });
    await service.app.get(Subscriptions, { strict: false }).start();
    await service.settled();
    expect(await claimOf(serialNumber)).not.toBe('second');
    expect((await remove(p, serialNumber)).status).toBe(204);
    await service.settled();
    expect((await add(other, serialNumber)).status).toBe(201);
  });

  it('stays where it is while another project holds the key, and neither loses its device', async () => {
    const serialNumber = `both-${number}`;
    await service.app.get(Subscriptions, { strict: false }).stop();
    await addedEarlier(p, serialNumber);
    await addedEarlier(other, `BOTH${number}`);
    await service.app.get(Subscriptions, { strict: false }).start();
    await service.settled();
    for (const project of [p, other])
      expect((await service.get(`/projects/${project}/groups/${project}/devices`)).body.items).toHaveLength(1);
    expect((await remove(other, `BOTH${number}`)).status).toBe(204);
    expect((await remove(p, serialNumber)).status).toBe(204);
    await service.settled();
    expect(await claimOf(serialNumber)).toBeNull();
    expect((await add(p, serialNumber)).status).toBe(201);
  });

  it('is released in its new place where its device has left meanwhile', async () => {
    const serialNumber = `left-${number}`;
    await addedEarlier(p, serialNumber);
    const devices = service.app.get(Devices, { strict: false });
    const facts = { serialNumber, projectId: p, tenantId: 't', groupId: p, model: 'AA-12', claimId: 'late' };
    await service.settled();
    expect((await remove(p, serialNumber)).status).toBe(204);
    await claim(p, { stream: serialNumber, serialNumber, claimId: 'late' });
    await devices.moveClaim(serialNumber, facts, context());
    await service.settled();
    expect((await remove(p, serialNumber)).status).toBe(204);
    expect(await claimOf(serialNumber)).toBeNull();
    await devices.moveClaim(serialNumber, facts, context());
    expect(await claimOf(serialNumber)).toBeNull();
  });
});
