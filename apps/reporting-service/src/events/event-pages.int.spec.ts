import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createLogger } from '@allotree/basics';
import type { CloudEvent, PulledEvent } from '@allotree/contracts';
import { createTestDatabase, type TestDatabase } from '@allotree/testing';
import fc from 'fast-check';
import type { DataSource } from 'typeorm';
import { openDataSource } from '../persistence/data-source.js';
import { Arrivals } from './arrivals.js';
import { matches, type EventFilter } from './event-filter.js';
import { EventLog } from './event-log.js';
import { EventPages } from './event-pages.js';
import { numbers, published } from './events.fixture.js';

const logger = createLogger({ service: 'reporting-service', level: 'silent' });

let database: TestDatabase;
let dataSource: DataSource;
let pages: EventPages;
beforeAll(async () => {
  database = await createTestDatabase();
  dataSource = await openDataSource(database.connectionString);
  pages = new EventPages(dataSource);
});
afterAll(async () => {
  await dataSource.destroy();
  await database.drop();
});

const store = async (events: readonly CloudEvent[]): Promise<void> => {
  await dataSource.query('TRUNCATE reporting.event');
  await new EventLog(dataSource, new Arrivals(dataSource, logger), logger).record(events);
};

/** Follows `next` until there is no more. */
const pull = async (filter: EventFilter, limit: number): Promise<{ pages: PulledEvent[][]; next: bigint }> => {
  const read: PulledEvent[][] = [];
  for (let after = 0n; ;) {
    const page = await pages.page({ filter, after, limit });
    read.push([...page!.items]);
    after = page!.next;
    if (!page!.hasMore) return { pages: read, next: after };
  }
};
const head = async (): Promise<bigint> => {
  const [row] = await dataSource.query('SELECT coalesce(max(position), 0) AS head FROM reporting.event');
  return BigInt(row.head);
};

const TENANTS = ['nord', 'sued', 'west', null];
const TYPES = ['allotree.license-suspended.v1', 'allotree.license-revoked.v1', 'allotree.license-reinstated.v1'];
/** Of each tenant two. */
const subjectOf = (tenant: string | null, which: number): string => `${tenant ?? 'user'}-${which}`;

const anEvent = fc.record({
  tenant: fc.constantFrom(...TENANTS),
  which: fc.nat(1),
  type: fc.constantFrom(...TYPES),
});
const aFilter = fc.record({
  tenants: fc.option(fc.uniqueArray(fc.constantFrom('nord', 'sued', 'west', 'nobody'), { minLength: 1 })),
  types: fc.option(fc.uniqueArray(fc.constantFrom(...TYPES), { minLength: 1 })),
  subject: fc.option(fc.constantFrom('nord-0', 'nord-1', 'sued-0', 'user-0', 'nothing')),
});

describe('pages of the event log', () => {
  it('hold exactly the events of the filter, in their order, for any size of a page', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(anEvent, { maxLength: 40 }),
        fc.array(fc.tuple(aFilter, fc.integer({ min: 1, max: 12 })), { minLength: 1, maxLength: 8 }),
        async (given, asked) => {
          const events = given.map(({ tenant, which, type }, index) =>
            published(index, { tenantid: tenant, subject: subjectOf(tenant, which), type }),
          );
          await store(events);
          for (const [filter, limit] of asked) {
            const expected = events.filter((event) => matches(filter, { ...event, tenant_id: event.tenantid }));
            const { pages: read, next } = await pull(filter, limit);
            expect({ filter, ids: read.flat().map(({ id }) => id) }).toEqual({
              filter,
              ids: expected.map(({ id }) => id),
            });
            expect(Math.max(0, ...read.map(({ length }) => length))).toBeLessThanOrEqual(limit);
            expect(next).toBe(await head());
          }
        },
      ),
      { numRuns: 40 },
    );
  });

  it('go on where an empty one ended, when events come later', async () => {
    await store([published(1)]);
    const filter = { tenants: ['nordlicht'], types: null, subject: null };
    const first = await pages.page({ filter, after: 0n, limit: 10 });
    const empty = await pages.page({ filter, after: first!.next, limit: 10 });
    expect(empty).toEqual({ items: [], next: first!.next, hasMore: false });
    await new EventLog(dataSource, new Arrivals(dataSource, logger), logger).record([published(1), published(2)]);
    const second = await pages.page({ filter, after: empty!.next, limit: 10 });
    expect(second!.items.map(({ id }) => id)).toEqual(['event-2']);
  });

  it('do not exist after the end', async () => {
    await store([published(1)]);
    const filter = { tenants: null, types: null, subject: null };
    expect(await pages.page({ filter, after: (await head()) + 1n, limit: 10 })).toBeNull();
  });

  it('are short where their data is large, and have one event at least', async () => {
    const large = (number: number, bytes: number) => published(number, { data: { text: 'x'.repeat(bytes) } });
    await store([large(1, 5_000_000), large(2, 1_500_000), large(3, 1_500_000), large(4, 1_500_000), published(5)]);
    const { pages: read } = await pull({ tenants: ['nordlicht'], types: null, subject: null }, 100);
    expect(read.map((items) => items.map(({ id }) => id))).toEqual([
      ['event-1'],
      ['event-2', 'event-3'],
      ['event-4', 'event-5'],
    ]);
  });

  it('with a filter look at a bounded number of events each, and still find every one', async () => {
    await store([published(0, { type: TYPES[1]! })]);
    await dataSource.query(`
      INSERT INTO reporting.event (id, source, type, subject, at, actor, correlation_id, tenant_id, data, bytes)
      SELECT 'bulk-' || n, '/license-service', '${TYPES[0]}', 'hafenblick', now(), 'a', 'c', 'nordlicht', '{}', 2
      FROM generate_series(1, 25000) AS n`);
    const log = new EventLog(dataSource, new Arrivals(dataSource, logger), logger);
    await log.record([published(1, { type: TYPES[1]! })]);
    await dataSource.query('ANALYZE reporting.event');
    for (const filter of [
      { tenants: ['nordlicht'], types: [TYPES[1]!], subject: null },
      { tenants: null, types: [TYPES[1]!], subject: null },
      { tenants: ['nordlicht', 'sued'], types: [TYPES[1]!], subject: 'hafenblick' },
    ]) {
      const { pages: read } = await pull(filter, 100);
      expect(read.map((items) => items.map(({ id }) => id))).toEqual([['event-0'], [], ['event-1']]);
    }
  });
});

describe('row-level security', () => {
  it('keeps events of other tenants out, even of a query that names no tenant', async () => {
    await store(numbers(1, 6).map((number) => published(number, { tenantid: TENANTS[number % 4]! })));
    const { pages: read } = await pull({ tenants: ['nord'], types: null, subject: 'hafenblick' }, 100);
    expect(read.flat().every(({ tenantid }) => tenantid === 'nord')).toBe(true);
  });
});
