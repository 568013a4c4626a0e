import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { PG_POOL } from '@allotree/basics';
import type pg from 'pg';
import { Service } from '../../service-under-test.harness.js';

let service: Service;
let p: string;
let number = 0;
beforeAll(async () => {
  service = await Service.start();
});
afterAll(() => service.stop());
beforeEach(async () => {
  p = await service.project();
  number += 1;
  await service.app.get<pg.Pool>(PG_POOL, { strict: false }).query('TRUNCATE groups.attempt');
});
afterEach(async () => {
  expect((await service.delete('/device-catalogue')).status).toBe(204);
});

const CODE = '7K2M-9QXT-4B8R';
const put = (devices: readonly { serialNumber: string; claimCode: string }[], query = '') =>
  service.request('PUT', `/device-catalogue${query}`, { devices });
const sold = async (...serialNumbers: string[]): Promise<void> => {
  const { status } = await put(serialNumbers.map((serialNumber) => ({ serialNumber, claimCode: CODE })));
  expect(status).toBe(200);
};
const add = (serialNumber: string, claimCode?: string, { project = p, query = '' } = {}) =>
  service.post(`/projects/${project}/groups/${project}/devices${query}`, {
    serialNumber,
    model: 'AA-12',
    ...(claimCode !== undefined && { claimCode }),
  });
const recordedWhile = async (work: () => Promise<unknown>): Promise<string[]> => {
  const before = await service.store.head();
  await work();
  const events = await service.store.readAll(['device', 'device_catalogue', 'group_tree'], before, 1_000);
  return events.map(({ type }) => type);
};

describe('the device catalogue (L2)', () => {
  it('takes devices with their codes, once each, and lists them without', async () => {
    const devices = ['A', 'B'].map((letter) => ({ serialNumber: `LIST-${number}-${letter}`, claimCode: CODE }));
    const types = await recordedWhile(async () => {
      expect((await put(devices)).body).toEqual({ changed: 2, unchanged: 0 });
      const respelled = devices.map(({ serialNumber }) => ({ serialNumber, claimCode: CODE.toLowerCase() }));
      expect((await put(respelled)).body).toEqual({ changed: 0, unchanged: 2 });
    });
    expect(types.sort()).toEqual(['DeviceCatalogueOpened', 'DeviceCatalogued', 'DeviceCatalogued']);
    const { body } = await service.get('/device-catalogue?limit=200');
    const listed = body.items as { serialNumber: string }[];
    expect(listed.map(({ serialNumber }) => serialNumber).toSorted()).toEqual(
      devices.map(({ serialNumber }) => serialNumber),
    );
    for (const item of listed) expect(Object.keys(item)).toEqual(['serialNumber', 'cataloguedAt']);
  });

  it('keeps no code, in no event, row or answer', async () => {
    const secret = 'SECRET-CODE-99';
    const before = await service.store.head();
    const dry = await put([{ serialNumber: `SECRET-${number}`, claimCode: secret }], '?dryRun=true');
    expect(dry.body.events).toEqual([
      { type: 'DeviceCatalogued', data: { serialNumber: `SECRET-${number}` } },
      { type: 'DeviceCatalogueOpened', data: {} },
    ]);
    await put([{ serialNumber: `SECRET-${number}`, claimCode: secret }]);
    const events = await service.store.readAll(['device'], before, 1_000);
    const texts = JSON.stringify(events.map(({ data, metadata }) => [data, metadata]));
    expect(texts).toContain('claimCodeHash');
    expect(texts).not.toMatch(/SECRET-?CODE-?99/i);
  });

  it('lets only its devices in, with their codes; an unknown number, a wrong code and none are answered alike', async () => {
    const serialNumber = `SOLD-${number}`;
    await sold(serialNumber);
    const answers: unknown[] = [];
    const types = await recordedWhile(async () => {
      for (const query of ['', '?dryRun=true'])
        for (const [named, code] of [
          [serialNumber, 'WRONG-CODE-1'],
          [serialNumber, undefined],
          [`OTHR-${number}`, CODE],
          [`OTHR-${number}`, undefined],
        ] as const) {
          const { status, body } = await add(named, code, { query });
          const { code: problem, title, detail } = body as Record<string, string>;
          answers.push([status, problem, title, detail?.replace(named, '<serial number>')]);
        }
    });
    expect(types).toEqual([]);
    expect(answers[0]).toEqual([
      409,
      'CLAIM_CODE_INVALID',
      expect.any(String),
      expect.stringMatching(/^The serial number <serial number> or its claim code/),
    ]);
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect((await add(`sold.${number}`, CODE.toLowerCase())).status).toBe(201);
  });

  it('does not reveal where a device is to a caller without its code', async () => {
    const serialNumber = `BUSY-${number}`;
    await sold(serialNumber);
    const project = await service.project('Other');
    expect((await add(serialNumber, CODE, { project })).status).toBe(201);
    expect((await add(serialNumber, 'WRONG-CODE-1')).body.code).toBe('CLAIM_CODE_INVALID');
    expect((await add(serialNumber, CODE)).body.code).toBe('DEVICE_ELSEWHERE');
  });

  it('slows guesses down, and gives right ones back', async () => {
    const serialNumber = `GUESS-${number}`;
    await sold(serialNumber);
    const statuses: number[] = [];
    for (let guess = 0; guess < 12; guess += 1)
      statuses.push(
        (await add(serialNumber, `WRONG-CODE-${guess}`, { query: guess % 2 ? '?dryRun=true' : '' })).status,
      );
    expect(statuses.slice(0, 10)).toEqual(Array.from({ length: 10 }, () => 409));
    expect(statuses).toContain(429);
    await service.app.get<pg.Pool>(PG_POOL, { strict: false }).query('TRUNCATE groups.attempt');
    for (let again = 0; again < 12; again += 1) expect((await add(serialNumber, CODE)).status).toBe(201);
  });

  it('leaves devices that are in use where they are', async () => {
    const serialNumber = `OLD-${number}`;
    expect((await add(serialNumber)).status).toBe(201);
    await sold(`NEW-${number}`);
    expect((await add(serialNumber)).status).toBe(201);
    const devices = `/projects/${p}/groups/${p}/devices`;
    expect((await service.get(devices)).body.items).toHaveLength(1);
    expect((await service.delete(`${devices}/${serialNumber}`)).status).toBe(204);
    expect((await add(serialNumber)).body.code).toBe('CLAIM_CODE_INVALID');
    expect((await service.delete('/device-catalogue')).status).toBe(204);
    expect((await add(serialNumber)).status).toBe(201);
  });

  it('does a repeated request once, under its key', async () => {
    const headers = { 'idempotency-key': `catalogue-${number}` };
    const body = { devices: [{ serialNumber: `KEY-${number}`, claimCode: CODE }] };
    const first = await service.request('PUT', '/device-catalogue', body, headers);
    const again = await service.request('PUT', '/device-catalogue', body, headers);
    expect([first.body, again.body]).toEqual([
      { changed: 1, unchanged: 0 },
      { changed: 1, unchanged: 0 },
    ]);
  });

  it.each([
    ['no device', [], 'devices'],
    ['a short code', [{ serialNumber: 'S1', claimCode: '7K2M' }], 'devices[0].claimCode'],
    ['an empty code', [{ serialNumber: 'S1', claimCode: '--------' }], 'devices[0].claimCode'],
    [
      'one number in two spellings',
      [
        { serialNumber: 'S-1', claimCode: CODE },
        { serialNumber: 's1', claimCode: CODE },
      ],
      'devices[1].serialNumber',
    ],
    [
      'more than 1,000 devices',
      Array.from({ length: 1_001 }, (_, n) => ({ serialNumber: `S${n}`, claimCode: CODE })),
      'devices',
    ],
  ])('refuses %s', async (_what, devices, field) => {
    const types = await recordedWhile(async () => {
      expect(await put(devices)).toMatchObject({ status: 400, body: { code: 'VALIDATION', errors: [{ field }] } });
    });
    expect(types).toEqual([]);
  });

  it('is the vendor’s alone', async () => {
    const headers = await service.signedInAs('somebody');
    for (const method of ['GET', 'PUT', 'DELETE']) {
      const body = method === 'PUT' ? { devices: [{ serialNumber: 'S1', claimCode: CODE }] } : undefined;
      expect((await service.request(method, '/device-catalogue', body, headers)).status).toBe(403);
    }
  });
});
