import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { until } from '@allotree/testing/until';
import type { ExportAnswer, ExportRequest } from '@allotree/contracts';
import { parse } from 'csv-parse/sync';
import { parquetReadObjects } from 'hyparquet';
import { Service } from '../service-under-test.harness.js';
import { aboutGroups, aboutLicensing, aboutPartner, at, PROJECT } from '../tables/history.fixture.js';
import { MAX_EXPORTS } from './exports.js';

let service: Service;
let key: Record<string, string>;
beforeAll(async () => {
  service = await Service.start();
  await service.publish(...historyOf('nord', 'nordlicht'), ...historyOf('sued', 'suedwind'));
  await service.untilProjected();
  key = await service.key('nordlicht');
}, 60_000);
afterAll(() => service.stop());

/** A project with two groups, whose names a spreadsheet would compute, and numbers in use. */
function historyOf(projectId: string, tenantId: string) {
  const [groups, licensing] = [aboutGroups(projectId, tenantId), aboutLicensing(projectId, tenantId)];
  const partner = {
    partnerId: tenantId,
    tenantId,
    kind: 'distributor' as const,
    name: tenantId,
    parentPartnerId: null,
  };
  const number = (assignmentId: string, path: readonly string[]) => ({
    assignmentId: `${projectId}-${assignmentId}`,
    groupId: path.at(-1)!,
    resource: 'sip_number' as const,
    path: [...path],
  });
  return [
    aboutPartner(tenantId, partner),
    groups(0, 'allotree.project-created.v1', { ...PROJECT, name: projectId, partnerId: tenantId, tenantId }),
    groups(1, 'allotree.groups-placed.v1', {
      groups: [
        { groupId: `${projectId}-a`, parentId: projectId, type: 'building', name: '=HYPERLINK("//evil")' },
        { groupId: `${projectId}-b`, parentId: projectId, type: 'building', name: 'B, "quoted"' },
      ],
    }),
    licensing(4, 'allotree.assignment-made.v1', number('s1', [projectId, `${projectId}-a`])),
    licensing(30, 'allotree.assignment-made.v1', number('s2', [projectId, `${projectId}-b`])),
    licensing(400, 'allotree.assignments-released.v1', {
      assignments: [number('s1', [projectId, `${projectId}-a`])],
      reason: 'released',
    }),
  ];
}

const ask = (request: object, headers = key) => service.post('/exports', request, headers);

/** Asks for an export and waits until it is finished. */
async function exported(request: ExportRequest, headers = key): Promise<ExportAnswer> {
  const { status, body } = await ask(request, headers);
  expect([status, body]).toEqual([202, expect.objectContaining({ status: expect.any(String) })]);
  const now = async () => (await service.get(`/exports/${body.exportId}`, headers)).body as ExportAnswer;
  return until(now, (answer) => answer.status === 'done' || answer.status === 'failed');
}

async function bytesOf(request: ExportRequest, headers = key): Promise<Buffer> {
  const { manifest, rows, exportId } = await exported(request, headers);
  const [file] = manifest!.files;
  const bytes = await service.download(file!.path, headers);
  expect([bytes.length, createHash('sha256').update(bytes).digest('hex'), file!.rows]).toEqual([
    file!.bytes,
    file!.sha256,
    rows,
  ]);
  await service.delete(`/exports/${exportId}`, headers);
  return bytes;
}

const PERIOD = { from: at(0).toISOString(), to: at(24 * 61).toISOString() };
const groupsAt = { dataset: 'groups', at: at(10).toISOString() } as const;

describe('an export', () => {
  it('has the same rows in every format, of the tenants of the caller alone', async () => {
    const csv = parse((await bytesOf({ ...groupsAt, format: 'csv' })).toString(), { columns: true }) as Record<
      string,
      string
    >[];
    const lines = (await bytesOf({ ...groupsAt, format: 'ndjson' })).toString().trim().split('\n');
    const json = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    const parquet = await parquetReadObjects({ file: await arrayBufferOf({ ...groupsAt, format: 'parquet' }) });
    expect(json.map(({ group_id, name, level, path }) => ({ group_id, name, level, path }))).toEqual([
      { group_id: 'nord', name: 'nord', level: 0, path: ['nord'] },
      { group_id: 'nord-a', name: '=HYPERLINK("//evil")', level: 1, path: ['nord', 'nord-a'] },
      { group_id: 'nord-b', name: 'B, "quoted"', level: 1, path: ['nord', 'nord-b'] },
    ]);
    expect(csv.map(({ name, level, path, placed_at }) => [name, level, JSON.parse(path!), placed_at])).toEqual([
      ['nord', '0', ['nord'], at(0).toISOString()],
      [`'=HYPERLINK("//evil")`, '1', ['nord', 'nord-a'], at(1).toISOString()],
      ['B, "quoted"', '1', ['nord', 'nord-b'], at(1).toISOString()],
    ]);
    const comparable = (row: Record<string, unknown>) => ({
      ...row,
      level: Number(row['level']),
      position: Number(row['position']),
      placed_at: new Date(row['placed_at'] as string).toISOString(),
      from_at: new Date(row['from_at'] as string).toISOString(),
    });
    expect(parquet.map(comparable)).toEqual(json.map(comparable));
    const xlsx = await bytesOf({ ...groupsAt, format: 'xlsx' });
    expect(xlsx.subarray(0, 2).toString()).toBe('PK');
  });

  it.each(['partners', 'projects', 'groups', 'members', 'devices', 'licenses', 'allotments', 'assignments'] as const)(
    'of %s can be empty, and has its columns',
    async (dataset) => {
      const request = { dataset, format: 'csv', at: '1999-01-01T00:00:00Z' } as const;
      const [head, ...rows] = parse((await bytesOf(request)).toString()) as string[][];
      expect([rows, head?.includes('from_at')]).toEqual([[], true]);
      for (const format of ['parquet', 'xlsx', 'ndjson'] as const) await bytesOf({ ...request, format });
    },
  );

  it('of use adds up, in whatever windows, and covers what was in use before', async () => {
    const rowsIn = async (request: object): Promise<Record<string, string>[]> =>
      parse((await bytesOf({ format: 'csv', ...request } as ExportRequest)).toString(), { columns: true });
    const whole = await rowsIn({ dataset: 'usage_of_projects', ...PERIOD, filter: 'resource = "sip_number"' });
    expect(whole).toMatchObject([
      { partner_id: 'nordlicht', project_id: 'nord', open: '0', close: '1', peak: '2', peak_at: at(30).toISOString() },
    ]);
    const sum = (rows: Record<string, string>[]): bigint =>
      rows.reduce((all, row) => all + BigInt(row['unit_ms']!), 0n);
    for (const window of ['P1D', 'P1W', 'P1M']) {
      const rows = await rowsIn({ dataset: 'usage_of_projects', ...PERIOD, window, filter: 'resource = "sip_number"' });
      expect([window, sum(rows)]).toEqual([window, sum(whole)]);
    }
    const groups = await rowsIn({
      dataset: 'usage_of_groups',
      ...PERIOD,
      filter: 'peak > 0 AND group_type = "building"',
    });
    expect(groups.map(({ group_id, peak }) => [group_id, peak])).toEqual([
      ['nord-a', '1'],
      ['nord-b', '1'],
    ]);
    expect(sum(groups)).toBe(sum(whole));
    const later = { from: at(100).toISOString(), to: at(200).toISOString() };
    expect(await rowsIn({ dataset: 'usage_of_projects', ...later, filter: 'peak > 0' })).toMatchObject([
      { open: '2', peak: '2' },
    ]);
  });

  it('of events has those of the period, in order', async () => {
    const bytes = await bytesOf({ dataset: 'events', format: 'ndjson', ...PERIOD, filter: 'type : "assignment"' });
    const events = bytes
      .toString()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { type: string; subject: string });
    expect(events.map(({ type, subject }) => [type, subject])).toEqual([
      ['allotree.assignment-made.v1', 'nord'],
      ['allotree.assignment-made.v1', 'nord'],
      ['allotree.assignments-released.v1', 'nord'],
    ]);
  });

  it('has everything for somebody who sees every tenant', async () => {
    const admin = await service.as({ serverAdministrator: true, userId: 'admin' });
    const bytes = await bytesOf({ dataset: 'projects', format: 'ndjson' }, admin);
    expect(bytes.toString().trim().split('\n')).toHaveLength(2);
  });

  it('is known to the one who asked for it alone', async () => {
    const { exportId, manifest } = await exported({ ...groupsAt, format: 'csv' });
    for (const other of [await service.key('nordlicht', 'other key'), await service.key('suedwind')]) {
      for (const path of [`/exports/${exportId}`, manifest!.files[0]!.path])
        expect(await service.get(path, other)).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } });
      expect(await service.delete(`/exports/${exportId}`, other)).toMatchObject({ status: 404 });
      const { items } = (await service.get('/exports', other)).body as { items: ExportAnswer[] };
      expect(items.map((each) => each.exportId)).not.toContain(exportId);
    }
    // Somebody with the same id who no longer sees that tenant.
    const moved = await service.key('suedwind', 'key');
    expect(await service.get(`/exports/${exportId}`, moved)).toMatchObject({ status: 404 });
    expect((await service.get('/exports', key)).body.items).toMatchObject([{ exportId, status: 'done' }]);
    await service.delete(`/exports/${exportId}`, key);
    expect((await service.get('/exports', key)).body.items).toEqual([]);
  });

  it('is written by another process where one was killed, and gone after its time', async () => {
    const { exportId } = await exported({ ...groupsAt, format: 'csv' });
    await service.rows(
      `UPDATE reporting.export SET status = 'running', rows = 1, manifest = NULL WHERE export_id = $1`,
      [exportId],
    );
    await service.rows(`INSERT INTO reporting.export_piece VALUES ($1, 7, 'left behind')`, [exportId]);
    let now = await service.get(`/exports/${exportId}`, key);
    for (; now.body.status !== 'done'; now = await service.get(`/exports/${exportId}`, key))
      await new Promise((resolve) => setTimeout(resolve, 50));
    const [file] = (now.body as ExportAnswer).manifest!.files;
    const bytes = await service.download(file!.path, key);
    expect([bytes.length, bytes.toString()]).toEqual([file!.bytes, expect.not.stringContaining('left behind')]);
    await service.rows(`UPDATE reporting.export SET expires_at = now() - interval '1 second'`);
    while ((await service.get(`/exports/${exportId}`, key)).status !== 404)
      await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await service.rows('SELECT * FROM reporting.export_piece')).toEqual([]);
  });

  it.each([
    [{ dataset: 'invoices', format: 'csv' }, 'dataset', 'Invalid option'],
    [{ dataset: 'groups', format: 'pdf' }, 'format', 'Invalid option'],
    [{ dataset: 'groups', format: 'csv', from: '2026-01-01T00:00:00Z' }, 'from', 'is not for groups: say at'],
    [{ dataset: 'events', format: 'csv', to: '2026-01-01T00:00:00Z' }, 'from', 'is required for events'],
    [{ dataset: 'events', format: 'csv', ...PERIOD, window: 'P1D' }, 'window', 'is not for events'],
    [{ dataset: 'usage_of_groups', format: 'csv', from: PERIOD.to, to: PERIOD.from }, 'to', 'must be after from'],
    [{ dataset: 'usage_of_groups', format: 'csv', ...PERIOD, timeZone: 'Europe/Nowhere' }, 'timeZone', 'time zone'],
    [
      { dataset: 'usage_of_groups', format: 'csv', from: '1971-01-01T00:00:00Z', to: PERIOD.to, window: 'P1D' },
      'window',
      'more than 10000 windows',
    ],
    [{ dataset: 'groups', format: 'csv', filter: 'nam = "x"' }, 'filter', 'did you mean "name"?'],
    [{ dataset: 'groups', format: 'csv', filter: 'level : "x"' }, 'filter', 'level'],
  ])('is refused where the request is wrong: %j', async (request, field, message) => {
    const { status, body } = await ask(request);
    expect([status, body.code]).toEqual([400, 'VALIDATION']);
    expect(body.errors).toContainEqual({ field, message: expect.stringContaining(message) });
    expect(await service.rows('SELECT * FROM reporting.export')).toEqual([]);
  });

  it('is refused to callers without a whole tenant, and beyond a number', async () => {
    expect(await ask({ ...groupsAt, format: 'csv' }, await service.as({}))).toMatchObject({
      status: 403,
      body: { code: 'FORBIDDEN' },
    });
    const answers = await Promise.all(
      Array.from({ length: MAX_EXPORTS + 3 }, () => ask({ ...groupsAt, format: 'ndjson' })),
    );
    expect(answers.filter(({ status }) => status === 202)).toHaveLength(MAX_EXPORTS);
    expect(answers.filter(({ status, body }) => status === 429 && body.code === 'RATE_LIMITED')).toHaveLength(3);
  });
});

const arrayBufferOf = async (request: ExportRequest): Promise<ArrayBuffer> => {
  const bytes = await bytesOf(request);
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer;
};
