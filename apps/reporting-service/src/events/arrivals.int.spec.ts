import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createLogger } from '@allotree/basics';
import { createTestDatabase, type TestDatabase } from '@allotree/testing';
import type { DataSource } from 'typeorm';
import { openDataSource } from '../persistence/data-source.js';
import { Arrivals, MAX_WAITING_OF_CALLER, type Wait } from './arrivals.js';
import { EventLog } from './event-log.js';
import { numbers, published } from './events.fixture.js';

const logger = createLogger({ service: 'reporting-service', level: 'silent' });
const LONG_MS = 60_000;

let database: TestDatabase;
let dataSource: DataSource;
let arrivals: Arrivals;
/** As another process writes. */
let elsewhere: EventLog;
beforeAll(async () => {
  database = await createTestDatabase();
  dataSource = await openDataSource(database.connectionString);
});
afterAll(async () => {
  await dataSource.destroy();
  await database.drop();
});
beforeEach(async () => {
  await dataSource.query('TRUNCATE reporting.event RESTART IDENTITY');
  arrivals = new Arrivals(dataSource, logger);
  elsewhere = new EventLog(dataSource, new Arrivals(dataSource, logger), logger);
});
afterEach(() => arrivals.onModuleDestroy());

const wait = (change: Partial<Wait> = {}): Promise<void> =>
  arrivals.next({
    caller: 'billing',
    position: 0n,
    filter: { tenants: ['nordlicht'], types: null, subject: null },
    milliseconds: LONG_MS,
    signal: new AbortController().signal,
    ...change,
  });

const of = (tenant: string) => ({ tenants: [tenant], types: null, subject: null });

/** The statements that the service sends to the database meanwhile. */
const countQueries = (): (() => number) => {
  let count = 0;
  const query = dataSource.query.bind(dataSource);
  dataSource.query = ((...given: Parameters<typeof query>) => {
    count += 1;
    return query(...given);
  }) as typeof dataSource.query;
  return () => {
    dataSource.query = query;
    return count;
  };
};

describe('a request that waits', () => {
  it('is woken by an event of its filter that another process stored', async () => {
    const waiting = wait();
    await elsewhere.record([published(1)]);
    await waiting;
  });

  it('is not woken by an event of another tenant, type or subject', async () => {
    const woken: string[] = [];
    const types = ['allotree.license-revoked.v1'];
    const all = [
      wait({ filter: of('sued') }).then(() => woken.push('tenant')),
      wait({ filter: { ...of('nordlicht'), types } }).then(() => woken.push('type')),
      wait({ filter: { ...of('nordlicht'), subject: 'seeblick' } }).then(() => woken.push('subject')),
    ];
    const matching = wait();
    await elsewhere.record([published(1)]);
    await matching;
    expect(woken).toEqual([]);
    await elsewhere.record([published(2, { tenantid: 'sued' })]);
    await all[0];
    await elsewhere.record([published(3, { type: types[0]! })]);
    await all[1];
    await elsewhere.record([published(4, { subject: 'seeblick' })]);
    await all[2];
    expect(woken).toEqual(['tenant', 'type', 'subject']);
  });

  it('misses no event that was looked at before it came', async () => {
    const other = wait({ filter: of('sued') });
    const first = wait();
    await elsewhere.record([published(1)]);
    await first;
    // It has read up to 0, and the process has looked at 1 already.
    await wait({ position: 0n });
    arrivals.onModuleDestroy();
    await other;
  });

  it('ends when its time is over, its caller is gone, or the process stops', async () => {
    await wait({ milliseconds: 1 });
    const gone = new AbortController();
    const left = wait({ signal: gone.signal });
    gone.abort();
    await left;
    await wait({ signal: gone.signal });
    const stopped = wait();
    arrivals.onModuleDestroy();
    await stopped;
    await wait();
  });

  it('shares one query with all others', async () => {
    const queries = countQueries();
    const all = numbers(1, 200).map((number) => wait({ caller: `caller ${number}` }));
    await elsewhere.record([published(1)]);
    await Promise.all(all);
    expect(queries()).toBeLessThan(20);
  });
});

describe('too many requests of one caller', () => {
  it('are refused, and those of others are not', async () => {
    const own = numbers(1, MAX_WAITING_OF_CALLER).map(() => wait());
    await expect(wait()).rejects.toMatchObject({ code: 'RATE_LIMITED', facts: { retryAfterSeconds: 1 } });
    const other = wait({ caller: 'crm' });
    await elsewhere.record([published(1)]);
    await Promise.all([...own, other]);
    await wait({ position: 0n });
  });
});
