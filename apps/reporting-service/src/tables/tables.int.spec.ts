import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { until } from '@allotree/testing/until';
import type { CloudEvent } from '@allotree/contracts';
import { createLogger } from '@allotree/basics';
import { ProjectionChecks } from '@allotree/service';
import { addDays, dateAt, measure, startOfDay } from '@allotree/domain';
import { createTestDatabase, mended, tamperWith, type TestDatabase } from '@allotree/testing';
import fc from 'fast-check';
import type { DataSource } from 'typeorm';
import { Arrivals } from '../events/arrivals.js';
import { EventLog } from '../events/event-log.js';
import { openDataSource } from '../persistence/data-source.js';
import { aboutGroups, aboutLicensing, aboutPartner, at, PROJECT } from './history.fixture.js';
import { REPORTING } from '../tokens.js';
import { TablesProjection } from './tables-projection.js';

const logger = createLogger({ service: 'reporting-service', level: 'silent' });
const TABLES = [
  'partner_version',
  'project_version',
  'group_version',
  'member_version',
  'device_version',
  'basic_license_version',
  'license_version',
  'restriction_version',
  'member_limit_version',
  'assignment_version',
  'usage_step',
  'usage_day',
  'event_of_group',
  'subject_progress',
];

const hour = (instant: Date): number => (instant.getTime() - at(0).getTime()) / 3_600_000;
const units = (sip_number: number | null) => ({ sip_number, mobile_app: null, ukey2: 0 });
const inFlat = (assignmentId: string, path: readonly string[]) => ({
  assignmentId,
  groupId: 'f',
  resource: 'sip_number' as const,
  path: [...path],
});
const IN_A = ['p', 'a', 'u', 'f'];
const IN_B = ['p', 'b', 'u', 'f'];

/** A project in whose building A a flat uses numbers; its unit moves to building B and is removed there. */
function historyOf(groups = aboutGroups('p'), licensing = aboutLicensing('p')): readonly CloudEvent[] {
  const allotment = (allotmentId: string) => ({
    allotmentId,
    type: 'plus' as const,
    units: units(5),
    features: ['siri' as const],
    validFrom: at(0).toISOString(),
    validUntil: null,
  });
  const section = (...ids: readonly string[]) => ({
    groupId: 'a',
    enabled: true,
    poolMode: 'shared' as const,
    gracePeriodDays: 0,
    reminder: null,
    allotments: ids.map(allotment),
    place: null,
  });
  const member = { groupId: 'f', memberId: 'm', userId: 'kim', email: 'kim@example.com', name: 'Kim', role: 'user' };
  const device = { groupId: 'u', serialNumber: 'AA-1', model: 'IP Style' };
  return [
    groups(0, 'allotree.project-created.v1', PROJECT),
    groups(1, 'allotree.groups-placed.v1', {
      groups: [
        { groupId: 'a', parentId: 'p', type: 'building', name: 'A' },
        { groupId: 'b', parentId: 'p', type: 'building', name: 'B', externalId: 'ERP B' },
        { groupId: 'u', parentId: 'a', type: 'unit', name: 'Unit' },
        { groupId: 'f', parentId: 'u', type: 'apartment', name: 'Flat' },
      ],
    }),
    licensing(2, 'allotree.license-granted.v1', {
      licenseId: 'plus',
      type: 'plus',
      units: units(100),
      features: ['siri', 'elevators'],
      validFrom: at(0).toISOString(),
      validUntil: at(500).toISOString(),
      source: { kind: 'manual' },
      externalId: 'ERP 1',
    }),
    licensing(3, 'allotree.license-extended.v1', { licenseId: 'plus', validUntil: at(900).toISOString() }),
    licensing(4, 'allotree.license-suspended.v1', { licenseId: 'plus', reason: 'unpaid' }),
    licensing(5, 'allotree.license-reinstated.v1', { licenseId: 'plus' }),
    groups(5, 'allotree.member-added.v1', member),
    groups(5, 'allotree.device-registered.v1', device),
    groups(6, 'allotree.device-changed.v1', { groupId: 'u', serialNumber: 'AA-1', externalId: 'ERP D' }),
    licensing(5, 'allotree.basic-license-started.v1', { serialNumber: 'AA-1', groupId: 'u' }),
    licensing(5, 'allotree.restriction-changed.v1', section('first')),
    licensing(5, 'allotree.restriction-changed.v1', section('first', 'third', 'second')),
    licensing(6, 'allotree.restriction-changed.v1', section('second', 'first', 'fourth')),
    licensing(6, 'allotree.member-limits-changed.v1', {
      groupId: 'f',
      userId: 'kim',
      limits: units(1),
      featuresOff: ['siri'],
      place: null,
    }),
    licensing(6, 'allotree.assignment-made.v1', inFlat('s1', IN_A)),
    licensing(6, 'allotree.assignments-made.v1', { assignments: [inFlat('s2', IN_A)] }),
    licensing(6.5, 'allotree.assignments-suspended.v1', { assignments: [inFlat('s2', IN_A)] }),
    licensing(7, 'allotree.group-relocated.v1', {
      groupId: 'u',
      parentId: 'b',
      previousPath: IN_A.slice(0, 3),
      path: IN_B.slice(0, 3),
    }),
    groups(7, 'allotree.group-moved.v1', { groupId: 'u', parentId: 'b' }),
    licensing(8, 'allotree.assignments-reinstated.v1', { assignments: [inFlat('s2', IN_B)] }),
    licensing(8, 'allotree.assignment-changed.v1', { ...inFlat('s1', IN_B), externalId: 'ERP S' }),
    groups(9, 'allotree.group-changed.v1', { groupId: 'a', type: 'building', name: 'Building A' }),
    groups(10, 'allotree.member-removed.v1', member),
    licensing(10, 'allotree.basic-license-ended.v1', { serialNumber: 'AA-1' }),
    groups(11, 'allotree.device-removed.v1', device),
    groups(11, 'allotree.group-removed.v1', { groupId: 'u' }),
    licensing(11, 'allotree.assignments-released.v1', {
      assignments: [inFlat('s1', IN_B), inFlat('s2', IN_B)],
      reason: 'group_removed',
    }),
    licensing(12, 'allotree.license-revoked.v1', { licenseId: 'plus', reason: 'over' }),
    groups(13, 'allotree.project-closed.v1', { reason: 'sold' }),
  ];
}
const HISTORY = [...historyOf()];

const license = (change: object) => ({
  license_id: 'plus',
  sip_number: 100,
  valid_until: at(500),
  suspended_reason: null,
  revoked_reason: null,
  external_id: 'ERP 1',
  ...change,
});

let database: TestDatabase;
let dataSource: DataSource;
beforeAll(async () => {
  database = await createTestDatabase();
  dataSource = await openDataSource(database.connectionString);
});
afterAll(async () => {
  await dataSource.destroy();
  await database.drop();
});
const clear = async (): Promise<void> => {
  const tables = [...TABLES, 'event'].map((table) => `reporting.${table}`).join(', ');
  await dataSource.query(`TRUNCATE ${tables} RESTART IDENTITY`);
  await dataSource.query('UPDATE reporting.tables_position SET position = 0');
};
beforeEach(clear);

const open = (on = dataSource) => {
  const log = new EventLog(on, new Arrivals(on, logger), logger);
  return { log, tables: new TablesProjection(on, log, logger) };
};

async function untilProjected(): Promise<void> {
  const behind = `SELECT (SELECT coalesce(max(position), 0) FROM reporting.event) - position AS behind FROM reporting.tables_position`;
  await until(
    () => dataSource.query<{ behind: string }[]>(behind),
    ([row]) => row?.behind === '0',
  );
}

/** Records the events in these batches and waits until the tables have them. */
async function record(...batches: readonly (readonly CloudEvent[])[]): Promise<void> {
  const { log, tables } = open();
  tables.onApplicationBootstrap();
  for (const batch of batches) {
    if (batch.length > 0) await log.record(batch);
    await untilProjected();
  }
  await tables.onModuleDestroy();
}

type Rows = Readonly<Record<string, unknown>>[];
const rowsOf = (table: string): Promise<Rows> =>
  dataSource.query(`SELECT * FROM reporting.${table} row ORDER BY row::text`);

/** All rows of all tables. Positions are those of the log, and another order of arrival has others. */
async function everything(withPositions = true): Promise<unknown> {
  const all = await Promise.all(
    TABLES.map(async (table) => {
      if (table === 'event_of_group' && !withPositions) return [table, (await rowsOf(table)).length];
      const rows = await rowsOf(table);
      const shown = rows.map(({ position, ...row }) => JSON.stringify(withPositions ? { position, ...row } : row));
      return [table, shown.sort()];
    }),
  );
  return Object.fromEntries(all);
}

describe('the tables of the past', () => {
  it('have a version of each thing for as long as it was so', async () => {
    await record(HISTORY);
    const versions = await dataSource.query(
      'SELECT group_id, path, name, from_at, until_at FROM reporting.group_version ORDER BY group_id, from_at',
    );
    expect(versions).toEqual([
      { group_id: 'a', path: ['p', 'a'], name: 'A', from_at: at(1), until_at: at(9) },
      { group_id: 'a', path: ['p', 'a'], name: 'Building A', from_at: at(9), until_at: null },
      { group_id: 'b', path: ['p', 'b'], name: 'B', from_at: at(1), until_at: null },
      { group_id: 'f', path: ['p', 'a', 'u', 'f'], name: 'Flat', from_at: at(1), until_at: at(7) },
      { group_id: 'f', path: ['p', 'b', 'u', 'f'], name: 'Flat', from_at: at(7), until_at: at(11) },
      { group_id: 'p', path: ['p'], name: 'Hafenblick', from_at: at(0), until_at: null },
      { group_id: 'u', path: ['p', 'a', 'u'], name: 'Unit', from_at: at(1), until_at: at(7) },
      { group_id: 'u', path: ['p', 'b', 'u'], name: 'Unit', from_at: at(7), until_at: at(11) },
    ]);
    expect(
      await dataSource.query(
        `SELECT license_id, sip_number, valid_until, suspended_reason, revoked_reason, external_id, from_at, until_at
         FROM reporting.license_version ORDER BY from_at`,
      ),
    ).toEqual([
      license({ from_at: at(2), until_at: at(3) }),
      license({ from_at: at(3), until_at: at(4), valid_until: at(900) }),
      license({ from_at: at(4), until_at: at(5), valid_until: at(900), suspended_reason: 'unpaid' }),
      license({ from_at: at(5), until_at: at(12), valid_until: at(900) }),
      license({ from_at: at(12), until_at: null, valid_until: at(900), revoked_reason: 'over', external_id: null }),
    ]);
  });

  it('count the use of a group and everything below it, from a move on at its new place', async () => {
    await record(HISTORY);
    const steps: { group_id: string; at: Date; in_force: number; suspended: number }[] = await dataSource.query(
      `SELECT group_id, at, in_force, suspended FROM reporting.usage_step WHERE resource = 'sip_number' ORDER BY at, group_id`,
    );
    expect(steps.map((step) => [step.group_id, hour(step.at), step.in_force, step.suspended])).toEqual([
      ...['a', 'f', 'p', 'u'].map((group) => [group, 6, 2, 0]),
      ...['a', 'f', 'p', 'u'].map((group) => [group, 6.5, 1, 1]),
      ['a', 7, 0, 0],
      ['b', 7, 1, 1],
      ...['b', 'f', 'p', 'u'].map((group) => [group, 8, 2, 0]),
      ...['b', 'f', 'p', 'u'].map((group) => [group, 11, 0, 0]),
    ]);
  });

  it('keep the order in which the allotments of a group were created', async () => {
    await record(HISTORY);
    const rows: { allotments: { allotmentId: string; sequence: number }[]; from_at: Date }[] = await dataSource.query(
      'SELECT allotments, from_at FROM reporting.restriction_version ORDER BY from_at',
    );
    const order = rows.map(({ allotments }) => allotments.map(({ allotmentId, sequence }) => [allotmentId, sequence]));
    expect(order).toEqual([
      [
        ['first', 1],
        ['third', 2],
        ['second', 3],
      ],
      [
        ['second', 3],
        ['first', 1],
        ['fourth', 4],
      ],
    ]);
  });

  it('have what else there is as the events say', async () => {
    await record(HISTORY);
    const shown = async (table: string, columns: string) =>
      dataSource.query(`SELECT ${columns}, from_at, until_at FROM reporting.${table} ORDER BY from_at`);
    expect(await shown('project_version', 'name, time_zone, is_closed')).toEqual([
      { name: 'Hafenblick', time_zone: 'Europe/Berlin', is_closed: false, from_at: at(0), until_at: at(13) },
      { name: 'Hafenblick', time_zone: 'Europe/Berlin', is_closed: true, from_at: at(13), until_at: null },
    ]);
    expect(await shown('member_version', 'group_id, member_id, user_id, email, role')).toEqual([
      {
        group_id: 'f',
        member_id: 'm',
        user_id: 'kim',
        email: 'kim@example.com',
        role: 'user',
        from_at: at(5),
        until_at: at(10),
      },
    ]);
    expect(await shown('device_version', 'serial_number, group_id, external_id')).toEqual([
      { serial_number: 'AA-1', group_id: 'u', external_id: null, from_at: at(5), until_at: at(6) },
      { serial_number: 'AA-1', group_id: 'u', external_id: 'ERP D', from_at: at(6), until_at: at(11) },
    ]);
    expect(await shown('basic_license_version', 'serial_number, group_id')).toEqual([
      { serial_number: 'AA-1', group_id: 'u', from_at: at(5), until_at: at(10) },
    ]);
    expect(await shown('member_limit_version', 'user_id, sip_number, mobile_app, ukey2, features_off')).toEqual([
      {
        user_id: 'kim',
        sip_number: 1,
        mobile_app: null,
        ukey2: 0,
        features_off: ['siri'],
        from_at: at(6),
        until_at: null,
      },
    ]);
    expect(await shown('assignment_version', 'assignment_id, external_id, is_suspended')).toEqual(
      expect.arrayContaining([
        { assignment_id: 's1', external_id: null, is_suspended: false, from_at: at(6), until_at: at(8) },
        { assignment_id: 's1', external_id: 'ERP S', is_suspended: false, from_at: at(8), until_at: at(11) },
        { assignment_id: 's2', external_id: null, is_suspended: true, from_at: at(6.5), until_at: at(8) },
        { assignment_id: 's2', external_id: null, is_suspended: false, from_at: at(8), until_at: at(11) },
      ]),
    );
  });

  it('take a clock that was corrected: what was recorded beyond it holds from the corrected instant', async () => {
    const licensing = aboutLicensing('p');
    await record(
      [
        HISTORY[0]!,
        licensing(5, 'allotree.assignment-made.v1', inFlat('s1', IN_A)),
        licensing(500, 'allotree.assignment-made.v1', inFlat('s2', IN_A)),
      ],
      [licensing(8, 'allotree.assignments-released.v1', { assignments: [inFlat('s1', IN_A)], reason: 'released' })],
    );
    const steps: { at: Date; in_force: number }[] = await dataSource.query(
      `SELECT at, in_force FROM reporting.usage_step WHERE group_id = 'f' ORDER BY at`,
    );
    expect(steps.map((step) => [hour(step.at), step.in_force])).toEqual([
      [5, 1],
      [8, 1],
    ]);
    const versions: { assignment_id: string; from_at: Date; until_at: Date | null }[] = await dataSource.query(
      'SELECT assignment_id, from_at, until_at FROM reporting.assignment_version ORDER BY from_at',
    );
    expect(versions).toEqual([
      { assignment_id: 's1', from_at: at(5), until_at: at(8) },
      { assignment_id: 's2', from_at: at(8), until_at: null },
    ]);
  });

  it('do not count what an event of 0.2.0 is about, which has no path', async () => {
    const licensing = aboutLicensing('p');
    const { path: _path, ...unplaced } = inFlat('s1', IN_A);
    await record([
      HISTORY[0]!,
      licensing(5, 'allotree.assignment-made.v1', unplaced),
      licensing(6, 'allotree.assignments-released.v1', { assignments: [inFlat('s1', IN_A)], reason: 'released' }),
    ]);
    expect(await rowsOf('usage_step')).toEqual([]);
    expect(await rowsOf('assignment_version')).toEqual([]);
  });

  it.each(['Europe/Berlin', 'Australia/Lord_Howe', 'Pacific/Apia', 'Asia/Kathmandu'])(
    'measure the days of %s as the domain does, also where the zone becomes known later',
    async (timeZone) => {
      const step = fc.record({ pass: fc.nat({ max: 40 }), isRelease: fc.boolean() });
      await fc.assert(
        fc.asyncProperty(
          fc.array(step, { minLength: 1, maxLength: 30 }),
          fc.boolean(),
          fc.integer({ min: 1, max: 12 }),
          async (steps, isLate, size) => {
            await clear();
            const licensing = aboutLicensing('p');
            const created = aboutGroups('p')(0, 'allotree.project-created.v1', { ...PROJECT, timeZone });
            const made: string[] = [];
            // Apia left out 2011-12-30.
            let hours = -24 * 5_275;
            const events = steps.flatMap(({ pass, isRelease }, index) => {
              hours += pass;
              const released = isRelease ? made.shift() : undefined;
              if (released !== undefined) {
                const assignments = [inFlat(released, IN_A)];
                return [licensing(hours, 'allotree.assignments-released.v1', { assignments, reason: 'released' })];
              }
              made.push(`s${index}`);
              return [licensing(hours, 'allotree.assignment-made.v1', inFlat(`s${index}`, IN_A))];
            });
            const batches = Array.from({ length: Math.ceil(events.length / size) }, (_, index) =>
              events.slice(index * size, (index + 1) * size),
            );
            await record(...(isLate ? [...batches, [created]] : [[created], ...batches]));
            const curve: { at: Date; in_force: number }[] = await dataSource.query(
              `SELECT at, in_force FROM reporting.usage_step WHERE group_id = 'u' ORDER BY at`,
            );
            const usage = { open: 0, steps: curve.map((each) => ({ at: each.at.getTime(), units: each.in_force })) };
            const days = [...new Set(usage.steps.map((each) => dateAt(each.at, timeZone)))];
            const expected = days.map((day) => {
              const period = { from: startOfDay(day, timeZone), until: startOfDay(addDays(day, 1), timeZone) };
              const { peakAt, unitMs, ...measures } = measure(usage, period);
              return { day, ...measures, peak_at: new Date(peakAt), unit_ms: unitMs.toString() };
            });
            const rows = await dataSource.query(
              `SELECT day::text, open, close, peak, peak_at, low, unit_ms FROM reporting.usage_day
             WHERE group_id = 'u' ORDER BY day`,
            );
            expect(rows).toEqual(expected);
          },
        ),
        { numRuns: 5 },
      );
    },
  );

  it('are what the events give; a row that was tampered with is found and mended', async () => {
    const half = HISTORY.length / 2;
    // Late events and those that come again are computed differently while they arrive.
    const partner = aboutPartner('nordlicht', {
      partnerId: 'nordlicht',
      tenantId: 'nordlicht',
      kind: 'distributor',
      name: 'Nordlicht',
      parentPartnerId: null,
    });
    await record([partner, ...HISTORY.slice(half)], HISTORY, [...HISTORY].reverse());
    const { tables } = open();
    const checks = new ProjectionChecks({ dataSource, schema: REPORTING, projections: tables, logger });
    await checks.onModuleInit();
    const projections = { tables: tables.replay().tables };
    const query = (sql: string): Promise<unknown> => dataSource.query(sql);
    const found = await tamperWith({ checks, schema: REPORTING, projections, query });
    expect(found).toEqual({ tables: mended(REPORTING, projections.tables) });
    expect(projections.tables.map(({ name }) => name).sort()).toEqual(TABLES.toSorted());
  });

  it('are the same however the events are cut into batches, come again, or come late', async () => {
    await record(HISTORY);
    const [exact, expected] = [await everything(), await everything(false)];
    await record(HISTORY);
    expect(await everything()).toEqual(exact);
    const order = fc.shuffledSubarray(HISTORY, { minLength: HISTORY.length });
    await fc.assert(
      fc.asyncProperty(order, fc.array(fc.nat({ max: HISTORY.length }), { maxLength: 4 }), async (events, cuts) => {
        await clear();
        const edges = [0, ...cuts.sort((a, b) => a - b), events.length];
        await record(...edges.slice(1).map((edge, index) => events.slice(edges[index], edge)));
        expect(await everything(false)).toEqual(expected);
      }),
      { numRuns: 5 },
    );
  });
});
