import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { until } from '@allotree/testing/until';
import { createLogger } from '@allotree/basics';
import type { CloudEvent } from '@allotree/contracts';
import { createTestDatabase, startDatabaseProxy, type TestDatabase } from '@allotree/testing';
import fc from 'fast-check';
import { pino } from 'pino';
import type { DataSource } from 'typeorm';
import { openDataSource } from '../persistence/data-source.js';
import { Arrivals } from './arrivals.js';
import { EventLog } from './event-log.js';
import { EventPages } from './event-pages.js';
import { numbers, published } from './events.fixture.js';

const logger = createLogger({ service: 'reporting-service', level: 'silent' });
const EVERYTHING = { tenants: null, types: null, subject: null };

let database: TestDatabase;
let dataSource: DataSource;
let other: DataSource;
beforeAll(async () => {
  database = await createTestDatabase();
  dataSource = await openDataSource(database.connectionString);
  other = await openDataSource(database.connectionString);
});
afterAll(async () => {
  await dataSource.destroy();
  await other.destroy();
  await database.drop();
});
beforeEach(() => dataSource.query('TRUNCATE reporting.event'));

const logOn = (rows: DataSource): EventLog => new EventLog(rows, new Arrivals(rows, logger), logger);
const rowsNow = (): Promise<{ position: string; id: string; data: unknown }[]> =>
  dataSource.query('SELECT position, id, data FROM reporting.event ORDER BY position');
const idsNow = async (): Promise<string[]> => (await rowsNow()).map(({ id }) => id);
const idsOf = (some: readonly number[]): string[] => some.map((number) => `event-${number}`);

describe('the event log', () => {
  it('keeps an event unchanged, with attributes it does not know, and nothing about its delivery', async () => {
    const event = { ...published(1), newer: 'crm-7', traceparent: '00-x', onlyfor: 'billing', tenantid: null };
    await logOn(dataSource).record([event as CloudEvent]);
    const page = await new EventPages(dataSource).page({ filter: EVERYTHING, after: 0n, limit: 10 });
    const { traceparent: _1, onlyfor: _2, tenantid: _3, causationid: _4, ...kept } = event;
    expect(page?.items).toEqual([kept]);
  });

  it('appends every event once, however often and in whatever batches it comes again', async () => {
    const log = logOn(dataSource);
    await log.record(numbers(1, 20).map((number) => published(number)));
    const before = await rowsNow();
    const batch = fc.array(fc.integer({ min: 1, max: 20 }), { maxLength: 10 });
    await fc.assert(
      fc.asyncProperty(fc.array(batch, { maxLength: 5 }), async (batches) => {
        await Promise.all(batches.map((some) => log.record(some.map((number) => published(number)))));
        expect(await rowsNow()).toEqual(before);
      }),
      { numRuns: 50 },
    );
    // The same id from another source is another event.
    await log.record([published(1, { source: '/group-service' })]);
    expect(await idsNow()).toEqual([...before.map(({ id }) => id), 'event-1']);
  });

  it('takes the events of two writers, and shows a reader none that it has passed', async () => {
    const writers = [logOn(dataSource), logOn(other)];
    const pages = new EventPages(dataSource);
    const seen: string[] = [];
    let done = false;
    const read = async (): Promise<void> => {
      for (let after = 0n, isLast = false; !isLast;) {
        isLast = done;
        const page = await pages.page({ filter: EVERYTHING, after, limit: 7 });
        seen.push(...page!.items.map(({ id }) => id));
        after = page!.next;
        isLast &&= !page!.hasMore;
      }
    };
    const reading = read();
    // Both write most events, as two consumers do while one takes over from the other.
    await Promise.all(
      writers.map(async (writer, index) => {
        for (let from = 1; from <= 400; from += 4) {
          const some = numbers(from, from + 3 + index * 2).map((number) => published(number));
          await Promise.all([writer.record(some), writer.record([published(1_000 + from * 2 + index)])]);
        }
      }),
    );
    done = true;
    await reading;
    expect(seen).toEqual(await idsNow());
    expect(new Set(seen).size).toBe(seen.length);
    const ofProject = seen.filter((id) => Number(id.slice(6)) <= 402);
    expect(ofProject).toEqual(idsOf(numbers(1, 402)));
  });

  it('lets no event become visible before an earlier position that is not committed yet', async () => {
    const runner = other.createQueryRunner();
    await runner.startTransaction();
    await runner.query(`SELECT pg_advisory_xact_lock(hashtextextended('allotree reporting.event', 0))`);
    await runner.query(
      `INSERT INTO reporting.event (id, source, type, subject, at, actor, correlation_id, data, bytes)
       VALUES ('slow', '/license-service', 'allotree.x.v1', 's', now(), 'a', 'c', '{}', 2)`,
    );
    const recorded = logOn(dataSource).record([published(1)]);
    const waiting = `SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`;
    await until(async () => (await dataSource.query(waiting)).length > 0);
    expect(await idsNow()).toEqual([]);
    await runner.commitTransaction();
    await runner.release();
    await recorded;
    expect(await idsNow()).toEqual(['slow', 'event-1']);
  });

  it('has nothing of a writer that is killed between insert and commit, until its events come again', async () => {
    const runner = other.createQueryRunner();
    await runner.startTransaction();
    const [{ pid }] = await runner.query('SELECT pg_backend_pid() AS pid');
    await runner.query(`SELECT pg_advisory_xact_lock(hashtextextended('allotree reporting.event', 0))`);
    await runner.query(
      `INSERT INTO reporting.event (id, source, type, subject, at, actor, correlation_id, data, bytes)
       VALUES ('event-1', '/license-service', 'allotree.x.v1', 's', now(), 'a', 'c', '{}', 2)`,
    );
    const again = logOn(dataSource).record(numbers(1, 3).map((number) => published(number)));
    await dataSource.query('SELECT pg_terminate_backend($1)', [pid]);
    await again;
    await runner.release().catch(() => undefined);
    expect(await idsNow()).toEqual(idsOf([1, 2, 3]));
  });
});

describe('an event that the database refuses', () => {
  it('fails alone: those that came together with it are stored', async () => {
    const log = logOn(dataSource);
    const outcomes = await Promise.allSettled([
      log.record([published(1)]),
      log.record([published(2, { data: { reason: 'a\u0000b' } })]),
      log.record([published(3), published(4)]),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(await idsNow()).toEqual(idsOf([1, 3, 4]));
  });
});

describe('a database that is away', () => {
  it('is waited for: no event is given up, and the order stays', async () => {
    const proxy = await startDatabaseProxy(database.connectionString);
    const behind = await openDataSource(proxy.connectionString);
    const warnings = new PassThrough();
    const log = new EventLog(behind, new Arrivals(behind, logger), pino(warnings));
    await log.record([published(1)]);
    proxy.cut();
    const recorded = log.record([published(2), published(3)]);
    const [warning] = (await once(warnings, 'data')) as [Buffer];
    expect(JSON.parse(warning.toString())).toMatchObject({ msg: expect.stringMatching(/retrying$/), events: 2 });
    const later = log.record([published(4)]);
    proxy.restore();
    await Promise.all([recorded, later]);
    expect(await idsNow()).toEqual(idsOf([1, 2, 3, 4]));
    await behind.destroy();
    await proxy.close();
  });
});
