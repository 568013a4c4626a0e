import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '@allotree/testing';
import { workbench } from '@allotree/testing/running-system';
import pg from 'pg';
import { missingOf } from '../backends.mjs';
import {
  linesOf,
  PYTHON,
  PYTHON_EXAMPLE,
  startStory,
  typescriptExample,
  type Example,
  type Story,
} from './billing-consumers.harness.js';

jest.setTimeout(300_000);

const RESOURCES = ['mobile_app', 'sip_number', 'ukey2'];

let bench: Awaited<ReturnType<typeof workbench>>;
let database: TestDatabase;
let story: Story;

beforeAll(async () => {
  bench = await workbench();
  database = await createTestDatabase();
  const { api } = await bench.start({ TEST_CLOCK: '1', DUE_TICK_MS: '100', RATE_LIMIT_PER_CALLER: '0' });
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
