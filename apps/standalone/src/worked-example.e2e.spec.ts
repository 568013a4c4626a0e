import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Api, readLocalSignIn } from '@allotree/api-client';
import { applyProjectFile, Narrator, nodeAt, readProjectFile, type Tree } from '@allotree/demo';
import { createLogger, FixedClock } from '@allotree/basics';
import {
  createTestDatabase,
  documentedFetch,
  endedCheck,
  EventStoreDbDouble,
  publishedDocument,
  type TestDatabase,
} from '@allotree/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { readConfiguration } from './configuration.js';
import { DataFolder } from './data-folder.js';
import { startStandalone, type Standalone } from './standalone.js';

const MINUTE = 60_000;

/** Where the events are kept, and how many of projects there are to be seen from outside. */
interface Events {
  readonly variables: Record<string, string>;
  count(database: TestDatabase): Promise<{ inPostgres: number; inEventStoreDb: number }>;
  stop(): Promise<void>;
}

const STORES: readonly { name: string; open(): Promise<Events> }[] = [
  {
    name: 'PostgreSQL',
    open: async () => ({
      variables: {},
      count: async (database) => ({ inPostgres: await countEvents(database), inEventStoreDb: 0 }),
      stop: () => Promise.resolve(),
    }),
  },
  {
    name: 'EventStoreDB',
    open: async () => {
      const double = await EventStoreDbDouble.start();
      const held = () => double.log.entries.filter(({ streamName }) => streamName.startsWith('project-')).length;
      return {
        variables: { EVENT_STORE_URL: double.url },
        count: async (database) => ({ inPostgres: await countEvents(database), inEventStoreDb: held() }),
        stop: () => double.stop(),
      };
    },
  },
];

/** Of projects; 0 where there is no table of events at all. */
async function countEvents({ connectionString }: TestDatabase): Promise<number> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    const { rows } = await client.query<{ events: string | null }>(
      "SELECT to_regclass('events.event')::text AS events",
    );
    if (rows[0]?.events === null) return 0;
    const counted = await client.query<{ n: number }>(
      "SELECT count(*)::int AS n FROM events.event WHERE stream_name LIKE 'project-%'",
    );
    return counted.rows[0]?.n ?? 0;
  } finally {
    await client.end();
  }
}

/** What the worked example says happens as time passes (docs/domain/words.md#example), over HTTP on the file of the demo. */
describe.each(STORES)('the worked example, from 2026-06-01 on, with its events in $name', ({ name, open }) => {
  const clock = new FixedClock('2026-06-01T08:00:00Z');
  let database: TestDatabase;
  let events: Events;
  let folder: string;
  let standalone: Standalone;
  let api: Api;
  let tree: Tree;
  const lines: string[] = [];

  beforeAll(async () => {
    database = await createTestDatabase();
    events = await open();
    folder = await mkdtemp(join(tmpdir(), 'allotree-worked-'));
    const configuration = readConfiguration({
      DATABASE_URL: database.connectionString,
      PORT: '0',
      LOG_LEVEL: 'silent',
      ...events.variables,
    });
    const logger = createLogger({ service: 'standalone', level: 'silent' });
    standalone = await startStandalone({ configuration, folder: await DataFolder.open(folder), logger, clock });
    const { url } = standalone;
    const token = (await readLocalSignIn(folder, Date.now()))?.accessToken ?? '';
    api = new Api(url, token, documentedFetch('standalone', publishedDocument(url)));
    const path = resolve(import.meta.dirname, '../../../examples/hafenblick.yaml');
    const file = readProjectFile(path, await readFile(path, 'utf8'));
    ({ tree } = await applyProjectFile({
      api,
      file,
      narrator: new Narrator((line) => lines.push(line)),
      clock: () => clock.now(),
    }));
  }, 2 * MINUTE);

  afterAll(async () => {
    await standalone.stop();
    await events.stop();
    await database.drop();
    await rm(folder, { recursive: true, force: true });
  }, MINUTE);

  const pathOf = (place: string): string => `/projects/${tree.root.groupId}/groups/${nodeAt(tree, place).groupId}`;

  /** `consumed/suspended` of numbers, apps and UKEY2. */
  const useAt = async (place: string): Promise<string> => {
    const { resources } = await api.get<{ resources: Record<string, { consumed: number; suspended: number }> }>(
      `${pathOf(place)}/quota`,
    );
    return ['sip_number', 'mobile_app', 'ukey2']
      .map((name) => `${resources[name]?.consumed}/${resources[name]?.suspended}`)
      .join(' ');
  };

  it('is applied, with its terms counted from that day', () => {
    expect(lines).toContainEqual(expect.stringContaining('Building A: 80/60/5 (numbers/apps/UKEY2), until 2026-12-01'));
    expect(lines).toContainEqual(
      expect.stringContaining('until 2027-01-01 asked for, limited by Building A 80 until 2026-12-01'),
    );
  });

  it('keeps its events there and nowhere else, and is ready', async () => {
    const { inPostgres, inEventStoreDb } = await events.count(database);
    expect({ inPostgres: inPostgres > 0, inEventStoreDb: inEventStoreDb > 0 }).toEqual({
      inPostgres: name === 'PostgreSQL',
      inEventStoreDb: name === 'EventStoreDB',
    });
    const ready = (await (await fetch(`${standalone.url}/health/ready`)).json()) as { checks: object };
    expect(ready).toMatchObject({ status: 'up', checks: { database: 'up' } });
    expect('events' in ready.checks).toBe(name === 'EventStoreDB');
  });

  it('uses all 80 numbers of building A', async () => {
    expect(await useAt('Building A')).toBe('80/0 55/0 5/0');
    expect(await useAt('Building B')).toBe('10/0 8/0 0/0');
  });

  it('suspends all of building A when its term ends, and leaves building B alone', async () => {
    clock.moveTo('2026-11-30T22:59:59.999Z');
    expect(await useAt('Building A')).toBe('80/0 55/0 5/0');
    clock.moveTo('2026-11-30T23:00:00Z');
    expect(await useAt('Building A')).toBe('0/80 0/55 0/5');
    expect(await useAt('Building B')).toBe('10/0 8/0 0/0');
  });

  it('refuses more with a link to the reasons', async () => {
    const flat = pathOf('Building A / Unit 1');
    const refused = await api.ask({ method: 'POST', path: `${flat}/assignments`, body: { resource: 'ukey2' } });
    expect(refused).toMatchObject({ ok: false, problem: { code: 'LICENSE_EXPIRED' } });
    const { why } = (refused as unknown as { problem: { why: string } }).problem;
    const building = { groupId: nodeAt(tree, 'Building A').groupId, isBinding: true, limit: 0 };
    expect(await api.get(why)).toMatchObject({
      groupId: nodeAt(tree, 'Building A / Unit 1').groupId,
      at: '2026-11-30T23:00:00.000Z',
      resource: 'ukey2',
      levels: expect.arrayContaining([expect.objectContaining(building)]),
    });
  });

  it('brings all of it back when building A is extended', async () => {
    const { allotments, ...settings } = await api.get<{ allotments: Record<string, unknown>[]; groupId: string }>(
      `${pathOf('Building A')}/restriction`,
    );
    const { groupId: _groupId, ...rest } = settings;
    const longer = allotments.map(({ status: _status, ...allotment }) => ({ ...allotment, validUntil: '2026-12-30' }));
    await api.put(`${pathOf('Building A')}/restriction`, { ...rest, allotments: longer });
    // Unit 2 has an end of its own; unit 1 follows building A.
    expect(await useAt('Building A / Unit 1')).toBe('45/0 30/0 5/0');
    expect(await useAt('Building A / Unit 2')).toBe('0/35 0/25 0/0');
    const unit2 = await api.get<{ allotments: Record<string, unknown>[] }>(
      `${pathOf('Building A / Unit 2')}/restriction`,
    );
    const extended = unit2.allotments.map(({ status: _status, ...allotment }) => ({
      ...allotment,
      validUntil: '2026-12-30',
    }));
    await api.put(`${pathOf('Building A / Unit 2')}/restriction`, { enabled: true, allotments: extended });
    expect(await useAt('Building A')).toBe('80/0 55/0 5/0');
  });

  it('falls back to the Basic licenses of its three devices when Plus ends: the oldest pairs keep working', async () => {
    clock.moveTo('2026-12-31T23:00:00Z');
    expect(await useAt('Building A')).toBe('0/80 0/55 0/5');
    expect(await useAt('Building B')).toBe('6/4 6/2 0/0');
    const quota = await api.get<{ resources: Record<string, { effectiveLimit: number; available: number }> }>(
      `${pathOf('Hafenblick')}/quota`,
    );
    expect(quota.resources['sip_number']).toMatchObject({ effectiveLimit: 6, available: 0 });
  });

  it('gave the dealer’s own project everything for thirty days, and nothing after them', async () => {
    const projects = await api.list<{ projectId: string; name: string }>('/projects');
    const own = projects.find(({ name }) => name === 'Kaiser showroom')?.projectId ?? '';
    const { items } = await api.get<{ items: { type: string; status: string; validUntil: string }[] }>(
      `/projects/${own}/licenses`,
    );
    expect(items).toMatchObject([{ type: 'trial', status: 'expired', validUntil: '2026-07-01T08:00:00.000Z' }]);
    const quota = await api.get<{ resources: Record<string, { effectiveLimit: number }> }>(
      `/projects/${own}/groups/${own}/quota`,
    );
    expect(quota.resources['sip_number']?.effectiveLimit).toBe(0);
  });

  it('can make a projection again, by command', async () => {
    const before = await api.list<{ name: string }>(`/projects/${tree.root.groupId}/groups`);
    await api.post('/group-service/projections/tree_view/rebuild', {});
    const groups = () => api.list<{ name: string }>(`/projects/${tree.root.groupId}/groups`);
    expect(await groups()).toEqual(before);
    const rebuilt = await endedCheck((path) => api.get(path), 'group-service', 'tree_view');
    expect(rebuilt).toMatchObject({ kind: 'rebuild', status: 'equal', differences: [] });
    expect(await groups()).toEqual(before);
    const namesOf = async (service: string): Promise<string[]> =>
      (await api.get<{ items: { name: string }[] }>(`/${service}/projections`)).items.map(({ name }) => name);
    expect(await namesOf('group-service')).toEqual(expect.arrayContaining(['tree_view', 'publish_groups']));
    expect(await namesOf('license-service')).toEqual(expect.arrayContaining(['history', 'publish-licensing']));
    const refused = await api.ask({
      method: 'POST',
      path: '/group-service/projections/publish_groups/rebuild',
      body: {},
    });
    expect(refused).toMatchObject({ ok: false, problem: { code: 'NOT_FOUND' } });
  });
});
