import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { until } from '@allotree/testing/until';
import type { CloudEvent } from '@allotree/contracts';
import { createLogger } from '@allotree/basics';
import { createTestDatabase, type TestDatabase } from '@allotree/testing';
import fc from 'fast-check';
import type { DataSource, EntityManager } from 'typeorm';
import { Arrivals } from '../events/arrivals.js';
import { EventLog } from '../events/event-log.js';
import { openDataSource } from '../persistence/data-source.js';
import { aboutLicensing, at } from '../tables/history.fixture.js';
import { TablesProjection } from '../tables/tables-projection.js';
import { followEvents } from './account-feed.js';
import { Documents } from './documents.js';
import { factsOfEvents } from './event-facts.js';
import { issueProjects } from './issue-projects.js';
import { totalsOf } from './project-facts.js';
import { totalsText } from './project-statements.js';
import { SigningKey } from './signing-key.js';
import { closed, iso, JULY, JUNE, partners, projectOf, termsSet } from './statements.fixture.js';
import { factsOfTables } from './tables-facts.js';
import { verifyAccounts } from './verification.js';

const logger = createLogger({ service: 'reporting-service', level: 'silent' });
const now = at(JULY + 1).getTime();

let database: TestDatabase;
let dataSources: DataSource[];
let rows: DataSource;
let log: EventLog;
let tables: TablesProjection;
beforeAll(async () => {
  database = await createTestDatabase();
  dataSources = [];
  for (let n = 0; n < 3; n += 1) dataSources.push(await openDataSource(database.connectionString));
  rows = dataSources[0]!;
  log = new EventLog(rows, new Arrivals(rows, logger), logger);
  tables = new TablesProjection(rows, log, logger);
  tables.onApplicationBootstrap();
});
afterAll(async () => {
  await tables.onModuleDestroy();
  for (const dataSource of dataSources) await dataSource.destroy();
  await database.drop();
});

async function record(events: readonly CloudEvent[]): Promise<void> {
  await log.record(events);
  await until(
    () => tables.lag(),
    (lags) => lags.every(({ behind }) => behind === 0),
  );
}

type Change = { readonly hours: number } & (
  | { readonly kind: 'assign' | 'release' | 'suspend' | 'reinstate'; readonly id: number }
  | {
      readonly kind: 'grant';
      readonly id: number;
      readonly units: number | null;
      readonly from: number;
      readonly until: number;
    }
  | {
      readonly kind: 'extend' | 'suspendLicense' | 'reinstateLicense' | 'revoke';
      readonly id: number;
      readonly until: number;
    }
  | { readonly kind: 'device' | 'noDevice'; readonly id: number }
);

const hours = fc.integer({ min: 0, max: 1_000 });
const ids = fc.nat(3);
const changes: fc.Arbitrary<readonly Change[]> = fc
  .array(
    fc.oneof(
      fc.record({ kind: fc.constantFrom('assign', 'release', 'suspend', 'reinstate' as const), hours, id: ids }),
      fc.record({
        kind: fc.constant('grant' as const),
        hours,
        id: ids,
        units: fc.option(fc.nat(9)),
        from: hours,
        until: hours,
      }),
      fc.record({
        kind: fc.constantFrom('extend', 'suspendLicense', 'reinstateLicense', 'revoke' as const),
        hours,
        id: ids,
        until: hours,
      }),
      fc.record({ kind: fc.constantFrom('device', 'noDevice' as const), hours, id: ids }),
    ),
    { maxLength: 30 },
  )
  .map((all) => (all as Change[]).sort((a, b) => a.hours - b.hours));

/** The events of changes that the license service would accept. */
function eventsOf(projectId: string, all: readonly Change[]): readonly CloudEvent[] {
  const licensing = aboutLicensing(projectId);
  const [assigned, suspended, licenses, devices] = [
    new Set<number>(),
    new Set<number>(),
    new Set<number>(),
    new Set<number>(),
  ];
  const one = (id: number) => ({
    assignments: [{ assignmentId: `a${id}`, groupId: projectId, resource: 'sip_number' as const, path: [projectId] }],
  });
  const license = (id: number) => ({ licenseId: `l${id}` });
  return all.flatMap((change): CloudEvent[] => {
    const { hours: hour, id } = change;
    switch (change.kind) {
      case 'assign':
        if (assigned.has(id)) return [];
        assigned.add(id);
        return [licensing(hour, 'allotree.assignments-made.v1', one(id))];
      case 'release':
        if (!assigned.delete(id)) return [];
        suspended.delete(id);
        return [licensing(hour, 'allotree.assignments-released.v1', { ...one(id), reason: 'released' })];
      case 'suspend':
        if (!assigned.has(id) || suspended.has(id)) return [];
        suspended.add(id);
        return [licensing(hour, 'allotree.assignments-suspended.v1', one(id))];
      case 'reinstate':
        return suspended.delete(id) ? [licensing(hour, 'allotree.assignments-reinstated.v1', one(id))] : [];
      case 'grant':
        if (licenses.has(id)) return [];
        licenses.add(id);
        return [
          licensing(hour, 'allotree.license-granted.v1', {
            ...license(id),
            type: 'plus',
            units: { sip_number: change.units, mobile_app: 0, ukey2: null },
            features: [],
            validFrom: iso(Math.min(change.from, change.until)),
            validUntil: iso(Math.max(change.from, change.until) + 1),
            source: { kind: 'package', partnerId: 'dahl', packageId: 'package' },
          }),
        ];
      case 'extend':
        if (!licenses.has(id)) return [];
        return [
          licensing(hour, 'allotree.license-extended.v1', { ...license(id), validUntil: iso(change.until + 1_000) }),
        ];
      case 'suspendLicense':
      case 'revoke': {
        if (!licenses.has(id)) return [];
        const type = change.kind === 'revoke' ? 'allotree.license-revoked.v1' : 'allotree.license-suspended.v1';
        if (change.kind === 'revoke') licenses.delete(id);
        return [licensing(hour, type, { ...license(id), reason: 'Overdue' })];
      }
      case 'reinstateLicense':
        return licenses.has(id) ? [licensing(hour, 'allotree.license-reinstated.v1', license(id))] : [];
      case 'device':
        if (devices.has(id)) return [];
        devices.add(id);
        return [licensing(hour, 'allotree.basic-license-started.v1', { serialNumber: `d${id}`, groupId: projectId })];
      case 'noDevice':
        return devices.delete(id)
          ? [licensing(hour, 'allotree.basic-license-ended.v1', { serialNumber: `d${id}` })]
          : [];
    }
  });
}

/** The history of a project that is billed. */
function historyOf(projectId: string, all: readonly Change[]): readonly CloudEvent[] {
  const licensing = aboutLicensing(projectId);
  return [
    projectOf(projectId, 'dahl', 'postpaid'),
    termsSet(licensing, JUNE),
    ...eventsOf(projectId, all).map(afterTerms),
  ];
}

/** The terms are the first event of a project. */
const afterTerms = (event: CloudEvent): CloudEvent => {
  const sequence = String(Number(event.sequence) + 1).padStart(16, '0');
  return { ...event, id: `later ${event.id}`, sequence };
};

const source = (tx: EntityManager | DataSource) => ({
  query: <Row>(sql: string, parameters?: unknown[]): Promise<Row[]> => tx.query(sql, parameters),
});

describe('random histories', () => {
  it('have the same totals in the tables and in a replay of the events', async () => {
    let project = 0;
    await record(partners());
    await fc.assert(
      fc.asyncProperty(fc.array(changes, { minLength: 1, maxLength: 5 }), async (histories) => {
        const projects = histories.map((all) => ({ projectId: `r${(project += 1)}`, all }));
        for (const { projectId, all } of projects) await record(historyOf(projectId, all));
        const needed = projects.map(({ projectId }) => ({
          projectId,
          from: at(JUNE).getTime(),
          until: at(JULY).getTime(),
        }));
        const [tabled, replayed] = [
          await factsOfTables(source(rows), needed),
          await factsOfEvents(source(rows), needed),
        ];
        for (const { projectId, from, until } of needed) {
          const period = { from, until };
          expect(totalsText(totalsOf(tabled.get(projectId)!, period))).toEqual(
            totalsText(totalsOf(replayed.get(projectId)!, period)),
          );
        }
      }),
      { numRuns: 30 },
    );
  });
});

const PROJECTS = 60;

/** A step of the issuer, as each of several processes does it. */
const step = (dataSource: DataSource, key: SigningKey, die = false): Promise<boolean> =>
  dataSource.transaction(async (tx) => {
    const more = await issueProjects(source(tx), { documents: new Documents(key), now, logger });
    if (die) throw new Error('killed before the commit');
    return more;
  });

describe('many processes', () => {
  it('issue each statement once, also where some are killed at any time', async () => {
    const names = Array.from({ length: PROJECTS }, (_, n) => `m${n}`);
    await record(
      names.flatMap((projectId) => {
        const licensing = aboutLicensing(projectId);
        return [
          projectOf(projectId, 'dahl', 'postpaid'),
          termsSet(licensing, JUNE),
          closed(licensing, [JUNE, JULY], 'postpaid', {}),
        ];
      }),
    );
    while (await rows.transaction((tx) => followEvents(source(tx))));
    const keys = dataSources.map((dataSource) => new SigningKey(dataSource, {} as never));
    for (let round = 0; round < 2; round += 1)
      await Promise.allSettled(dataSources.map((dataSource, n) => step(dataSource, keys[n]!, true)));
    expect(await rows.query('SELECT FROM reporting.document')).toEqual([]);
    expect(await rows.query('SELECT FROM reporting.billing_outbox')).toEqual([]);
    const issued = "SELECT count(*)::integer AS count FROM reporting.document WHERE account_id LIKE 'dahl:m%'";
    for (;;) {
      const attempts = dataSources.map((dataSource, n) => step(dataSource, keys[n]!, n === 1));
      await Promise.allSettled(attempts);
      const [{ count }]: [{ count: number }] = await rows.query(issued);
      if (count === PROJECTS) break;
    }
    for (const [n, dataSource] of dataSources.entries()) await step(dataSource, keys[n]!);
    const documents: { account_id: string; number: number }[] = await rows.query(
      "SELECT account_id, number FROM reporting.document WHERE account_id LIKE 'dahl:m%'",
    );
    expect(documents).toHaveLength(PROJECTS);
    expect(new Set(documents.map(({ account_id, number }) => `${account_id} ${number}`)).size).toBe(PROJECTS);
    expect(await rows.query('SELECT FROM reporting.billing_outbox')).toHaveLength(documents.length);
    for await (const { faults } of verifyAccounts(source(rows), 'dahl:m0')) expect(faults).toEqual([]);
  });
});
