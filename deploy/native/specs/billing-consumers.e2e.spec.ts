import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '@allotree/testing';
import { workbench } from '@allotree/testing/running-system';
import pg from 'pg';
import { missingOf } from '../backends.mjs';
import { freePort } from '../server.mjs';
import {
  firstLinesOf,
  linesOf,
  PYTHON,
  PYTHON_EXAMPLE,
  startStory,
  typescriptExample,
  type Example,
  type Story,
} from './billing-consumers.harness.js';

jest.setTimeout(300_000);

const CLOSED = 'allotree.usage-period-closed.v1';
const USE = [
  'assignment-made',
  'assignments-made',
  'assignments-released',
  'assignments-suspended',
  'assignments-reinstated',
].map((name) => `allotree.${name}.v1`);
const RESOURCES = ['mobile_app', 'sip_number', 'ukey2'];

let bench: Awaited<ReturnType<typeof workbench>>;
let database: TestDatabase;
let story: Story;
const hooks: {
  readonly example: string;
  readonly port: number;
  readonly endpointId: string;
  readonly secret: string;
}[] = [];

beforeAll(async () => {
  bench = await workbench();
  database = await createTestDatabase();
  const { api } = await bench.start({
    TEST_CLOCK: '1',
    DUE_TICK_MS: '100',
    RATE_LIMIT_PER_CALLER: '0',
    WEBHOOKS_ALLOW_INSECURE: 'true',
  });
  for (const example of ['TypeScript', 'Python']) {
    const port = await freePort();
    const request = { url: `http://127.0.0.1:${port}/`, types: [...USE, CLOSED] };
    const created = await api.post<{ endpointId: string; secret: string }>('/webhook-endpoints', request);
    // Nobody listens yet.
    await api.ask({ method: 'PATCH', path: `/webhook-endpoints/${created.endpointId}`, body: { status: 'paused' } });
    hooks.push({ ...created, example, port });
  }
  story = await startStory(api, (now) => api.put('/test-clock', { now }));
  await story.endOfPeriod();
});
afterAll(async () => {
  await bench.clear();
  await database.drop();
});

const environment = () => ({
  ...story.environment,
  DATABASE_URL: database.connectionString,
  DATABASE: join(bench.dataDir, 'billing.sqlite'),
});
const consume = (example: Example): Promise<string[]> => linesOf(example, ['pull', '--once'], environment());
const sums: Record<string, string[]> = {};

const missing = missingOf(PYTHON);

/** The consumers begin at the first event again, with everything they know. */
async function forgetPlaces(url: string, file: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query('DELETE FROM billing_example.place');
  await client.end();
  if (missing) return;
  const program = `import sqlite3; db = sqlite3.connect(${JSON.stringify(file)}); db.execute("DELETE FROM place"); db.commit()`;
  await linesOf({ ...PYTHON_EXAMPLE, args: ['-c', program] }, [], {});
}

/** The headers of a webhook with the body `{}`. */
function signed(secret: string, timestamp: number): Record<string, string> {
  const key = Buffer.from(secret.replace('whsec_', ''), 'base64');
  const signature = createHmac('sha256', key).update(`id.${timestamp}.{}`).digest('base64');
  return { 'webhook-id': 'id', 'webhook-timestamp': String(timestamp), 'webhook-signature': `v1,${signature}` };
}

/** Until the receiver listens; only the timeout of the spec ends it. */
async function untilUp(ask: () => Promise<number>): Promise<void> {
  while ((await ask().catch(() => 0)) !== 401) await new Promise((go) => setTimeout(go, 50));
}

/** A pull feed with these events and no others. */
async function feedOf(events: readonly object[]): Promise<{ url: string; stop: () => void }> {
  const server = createServer((request, response) => {
    const isFeed = request.url?.startsWith('/events') === true;
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(isFeed ? { items: events, next: 'end', hasMore: false } : { access_token: 'x' }));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, stop: () => server.close() };
}

describe('the example consumers, from the pull feed', () => {
  const inTurn = async (example: Example): Promise<void> => {
    const lines = await consume(example);
    const closed = lines.map((line) => line.split(' '));
    expect(closed.map(([project, , , resource, , , verdict]) => [project, resource, verdict])).toEqual(
      // The partial period before the first whole one, too.
      [...RESOURCES, ...RESOURCES].map((resource) => [story.projectId, resource, 'equal']),
    );
    expect(closed.slice(3).every(([, , , , unitMs]) => BigInt(unitMs!) > 0n)).toBe(true);
    // Everything was seen, and the place is kept.
    expect(await consume(example)).toEqual([]);
    sums[example.name] = lines;
  };

  it('measure use as the totals of the periods do, in TypeScript', async () => inTurn(await typescriptExample()));

  (missing ? it.skip : it)(
    `measure use as the totals of the periods do, in Python${missing ? ` (skipped: ${missing.message})` : ''}`,
    () => inTurn(PYTHON_EXAMPLE),
  );

  (missing ? it.skip : it)('print the same', () => expect(sums['Python']).toEqual(sums['TypeScript']));

  it('refuse webhooks that are not signed, and measure from the others what they measure from the pull feed', async () => {
    const other = await createTestDatabase();
    for (const example of [await typescriptExample(), ...(missing ? [] : [PYTHON_EXAMPLE])]) {
      const { port, endpointId, secret } = hooks.find((hook) => hook.example === example.name)!;
      const env = {
        DATABASE_URL: other.connectionString,
        DATABASE: join(bench.dataDir, 'webhooks.sqlite'),
        PORT: String(port),
        WEBHOOK_SECRET: secret,
      };
      const printed = firstLinesOf(example, { more: ['webhooks'], number: sums[example.name]!.length, env });
      const send = (headers: Record<string, string>) =>
        fetch(`http://127.0.0.1:${port}/`, { method: 'POST', headers, body: '{}' }).then(({ status }) => status);
      await untilUp(() => send({}));
      const now = Math.floor(Date.now() / 1_000);
      const old = signed(secret, now - 301);
      const broken = { ...signed(secret, now), 'webhook-id': 'another' };
      expect([await send(old), await send(broken), await send({ ...old, 'webhook-signature': 'v1,' })]).toEqual([
        401, 401, 401,
      ]);
      await story.api.ask({ method: 'PATCH', path: `/webhook-endpoints/${endpointId}`, body: { status: 'active' } });
      expect(await printed).toEqual(sums[example.name]);
      await story.api.ask({ method: 'DELETE', path: `/webhook-endpoints/${endpointId}` });
    }
    await other.drop();
  });

  it('go on with the next period, and count nothing twice that comes again', async () => {
    await story.endOfPeriod();
    const examples = [await typescriptExample(), ...(missing ? [] : [PYTHON_EXAMPLE])];
    await forgetPlaces(database.connectionString, environment().DATABASE);
    for (const example of examples) {
      const lines = await consume(example);
      expect(lines.map((line) => line.split(' ').at(-1))).toEqual(['equal', 'equal', 'equal']);
    }
  });

  it('come to the same where events come twice and in any order, and the unknown among them', async () => {
    const { items } = await story.api.get<{ items: object[] }>('/events?limit=1000');
    const unknown = { ...items[0], id: 'unknown', type: 'allotree.something-new.v1', data: null };
    const feed = await feedOf([...items.toReversed(), unknown, ...items]);
    const other = await createTestDatabase();
    const env = {
      ...environment(),
      API_URL: feed.url,
      DATABASE_URL: other.connectionString,
      DATABASE: join(bench.dataDir, 'reordered.sqlite'),
    };
    for (const example of [await typescriptExample(), ...(missing ? [] : [PYTHON_EXAMPLE])]) {
      const lines = await linesOf(example, ['pull', '--once'], env);
      // A period is printed again whenever something comes late: the last line of each counts.
      const last = new Map(lines.map((line) => [line.split(' ').slice(0, 4).join(' '), line.split(' ').at(-1)]));
      expect([...last.values()]).toEqual(Array.from({ length: 9 }, () => 'equal'));
    }
    feed.stop();
    await other.drop();
  });
});
