import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { until } from '@allotree/testing/until';
import { createLogger } from '@allotree/basics';
import { measure, windowsOf } from '@allotree/domain';
import { createTestDatabase, type TestDatabase } from '@allotree/testing';
import pg from 'pg';
import type { DataSource } from 'typeorm';
import { Arrivals } from '../events/arrivals.js';
import { EventLog } from '../events/event-log.js';
import { openDataSource } from '../persistence/data-source.js';
import { aboutGroups, aboutLicensing, aboutPartner, at, PROJECT } from '../tables/history.fixture.js';
import { TablesProjection } from '../tables/tables-projection.js';
import { prepareAnalysis } from './analysis-schema.js';
import { FUNCTIONS, Logins, VIEWS, type NewLogin } from './index.js';

const logger = createLogger({ service: 'reporting-service', level: 'silent' });

let database: TestDatabase;
let dataSource: DataSource;
let owner: pg.Client;
let logins: Logins;
const clients: pg.Client[] = [];
beforeAll(async () => {
  database = await createTestDatabase();
  dataSource = await openDataSource(database.connectionString);
  owner = new pg.Client({ connectionString: database.connectionString });
  await owner.connect();
  logins = new Logins(owner);
  const log = new EventLog(dataSource, new Arrivals(dataSource, logger), logger);
  const tables = new TablesProjection(dataSource, log, logger);
  tables.onApplicationBootstrap();
  await log.record([...historyOf('nord', 'nordlicht'), ...historyOf('sued', 'suedwind')]);
  await until(
    () => tables.lag(),
    ([lag]) => lag?.behind === 0,
  );
  await tables.onModuleDestroy();
});
afterAll(async () => {
  await Promise.all(clients.map((client) => client.end().catch(() => undefined)));
  for (const { login } of await logins.list()) await logins.revoke(login);
  await owner.end();
  await dataSource.destroy();
  await database.drop();
});

/** A project with a restricted building, in it a restricted unit, and numbers in use in both. */
function historyOf(projectId: string, tenantId: string) {
  const [groups, licensing] = [aboutGroups(projectId, tenantId), aboutLicensing(projectId, tenantId)];
  const allotment = (allotmentId: string, sip_number: number, validUntil: Date | null) => ({
    allotmentId,
    type: 'plus' as const,
    units: { sip_number, mobile_app: 0, ukey2: null },
    features: ['siri' as const],
    validFrom: at(0).toISOString(),
    validUntil: validUntil && validUntil.toISOString(),
  });
  const section = { enabled: true, gracePeriodDays: 0, reminder: null, place: null };
  const number = (assignmentId: string, path: readonly string[]) => ({
    assignmentId,
    groupId: path.at(-1)!,
    resource: 'sip_number' as const,
    path: [...path],
  });
  const member = { groupId: 'u', memberId: 'm', userId: 'kim', email: 'kim@example.com', name: 'Kim', role: 'user' };
  const device = { groupId: 'u', serialNumber: `AA-${projectId}`, model: 'IP Style' };
  const partner = {
    partnerId: tenantId,
    tenantId,
    kind: 'distributor' as const,
    name: tenantId,
    parentPartnerId: null,
  };
  return [
    aboutPartner(tenantId, partner),
    groups(0, 'allotree.project-created.v1', { ...PROJECT, name: projectId, partnerId: tenantId, tenantId }),
    groups(1, 'allotree.groups-placed.v1', {
      groups: [
        { groupId: 'a', parentId: projectId, type: 'building', name: 'A' },
        { groupId: 'u', parentId: 'a', type: 'unit', name: 'Unit' },
        { groupId: 'w', parentId: 'a', type: 'unit', name: 'Other unit' },
      ],
    }),
    groups(1, 'allotree.member-added.v1', member),
    groups(1, 'allotree.device-registered.v1', device),
    licensing(1, 'allotree.basic-license-started.v1', { serialNumber: device.serialNumber, groupId: 'u' }),
    licensing(2, 'allotree.license-granted.v1', {
      licenseId: 'plus',
      type: 'plus',
      units: { sip_number: 10, mobile_app: 5, ukey2: null },
      features: ['siri'],
      validFrom: at(0).toISOString(),
      validUntil: at(900).toISOString(),
      source: { kind: 'manual' },
    }),
    licensing(3, 'allotree.restriction-changed.v1', {
      ...section,
      groupId: 'a',
      poolMode: 'reserved',
      allotments: [allotment('a1', 6, null), allotment('a2', 3, at(500))],
    }),
    licensing(3, 'allotree.restriction-changed.v1', {
      ...section,
      groupId: 'u',
      poolMode: 'shared',
      allotments: [allotment('u1', 4, null)],
    }),
    licensing(3, 'allotree.member-limits-changed.v1', {
      groupId: 'u',
      userId: 'kim',
      limits: { sip_number: 1, mobile_app: null, ukey2: 0 },
      featuresOff: [],
      place: null,
    }),
    licensing(4, 'allotree.assignment-made.v1', number('s1', [projectId, 'a', 'u'])),
    licensing(30, 'allotree.assignment-made.v1', number('s2', [projectId, 'a', 'w'])),
    licensing(60, 'allotree.assignment-made.v1', number('s3', [projectId, 'a', 'w'])),
    licensing(800, 'allotree.assignments-released.v1', {
      assignments: [number('s3', [projectId, 'a', 'w'])],
      reason: 'released',
    }),
  ];
}

async function connect({ login, password }: NewLogin): Promise<pg.Client> {
  const url = new URL(database.connectionString);
  url.username = login;
  url.password = password;
  const client = new pg.Client({ connectionString: url.href });
  client.on('error', () => undefined);
  await client.connect();
  clients.push(client);
  return client;
}

const quotaOf = async (group: string, instant: Date) => {
  const client = await connect(await logins.grant(null, 1, new Date()));
  const { rows } = await client.query<{ resource: string; effective_limit: string; available: string }>(
    'SELECT * FROM quota_at($1, $2, $3) ORDER BY resource',
    ['nord', group, instant],
  );
  return rows;
};

describe('the schema for people who ask in SQL', () => {
  it('has a comment on every view, column and function', async () => {
    const { rows } = await owner.query<{ name: string }>(`
      SELECT c.relname || coalesce('.' || a.attname, '') AS name FROM pg_class c
      LEFT JOIN LATERAL (SELECT attname, attnum FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0
        UNION ALL SELECT NULL, 0) AS a ON true
      WHERE c.relnamespace = 'analysis'::regnamespace AND c.relkind = 'v' AND col_description(c.oid, a.attnum) IS NULL
        AND (a.attnum > 0 OR obj_description(c.oid, 'pg_class') IS NULL)
      UNION ALL
      SELECT proname FROM pg_proc WHERE pronamespace = 'analysis'::regnamespace AND obj_description(oid, 'pg_proc') IS NULL`);
    expect(rows).toEqual([]);
    const [views] = await dataSource.query(`SELECT count(*)::int FROM pg_views WHERE schemaname = 'analysis'`);
    expect(views).toEqual({ count: VIEWS.length });
  });

  it('is created anew only where it is of another version', async () => {
    const oids = () =>
      dataSource.query(`SELECT oid FROM pg_class WHERE relnamespace = 'analysis'::regnamespace ORDER BY oid`);
    const before = await oids();
    await prepareAnalysis(dataSource);
    expect(await oids()).toEqual(before);
    await dataSource.query(`COMMENT ON SCHEMA analysis IS 'The past, for people who ask in SQL. Version 0.'`);
    await prepareAnalysis(dataSource);
    expect(await oids()).not.toEqual(before);
    await dataSource.query(`COMMENT ON SCHEMA analysis IS 'of the finance department'`);
    await expect(prepareAnalysis(dataSource)).rejects.toThrow('schema "analysis" of somebody else');
    await dataSource.query(`COMMENT ON SCHEMA analysis IS 'The past, for people who ask in SQL. Version 0.'`);
    await prepareAnalysis(dataSource);
  });
});

describe('a login for a tenant', () => {
  let client: pg.Client;
  beforeAll(async () => {
    client = await connect(await logins.grant('nordlicht', 30, new Date()));
  });

  it('sees rows of its tenant in every view, and of no other, whatever it sets', async () => {
    const own = await Promise.all(
      VIEWS.map(({ name }) =>
        owner.query(`SELECT * FROM reporting.${tableOf(name)} row WHERE tenant_id = 'nordlicht'`),
      ),
    );
    for (const setting of [
      '',
      `SET allotree.tenant = '*'`,
      `SET allotree.tenant = 'suedwind'`,
      'SET ROLE allotree_analyst',
      'SET default_transaction_read_only = off',
    ]) {
      await client.query(setting);
      for (const [index, { name }] of VIEWS.entries()) {
        const { rows } = await client.query(`SELECT * FROM ${name}`);
        expect(JSON.stringify(rows)).not.toContain('sued');
        // A narrower setting of its own can hide rows, never show more.
        expect([name, rows.length <= own[index]!.rows.length * 2]).toEqual([name, true]);
        if (setting === '') expect([name, rows.length]).not.toEqual([name, 0]);
      }
      await client.query('RESET ROLE');
      await client.query('RESET ALL');
    }
  });

  it.each([
    'SELECT * FROM reporting.event',
    'SELECT * FROM reporting.analyst',
    'SELECT * FROM reporting.usage_step',
    'SET ROLE allotree_caller',
    'SET SESSION AUTHORIZATION the_owner',
    'INSERT INTO usage_days SELECT * FROM usage_days',
    'DELETE FROM events',
    'CREATE TABLE public.mine (id int)',
    'CREATE VIEW analysis.mine AS SELECT 1',
    `CREATE OR REPLACE FUNCTION analysis.tenants() RETURNS text[] LANGUAGE sql AS $$ SELECT ARRAY['*'] $$`,
  ])('may not %s', async (statement) => {
    await client.query('SET default_transaction_read_only = off');
    const { rows } = await owner.query<{ name: string }>('SELECT quote_ident(current_user) AS name');
    await expect(client.query(statement.replace('the_owner', rows[0]!.name))).rejects.toMatchObject({
      code: expect.stringMatching(/^(42501|55000)$/),
    });
  });

  it('ends with its days, and when it is revoked', async () => {
    const granted = await logins.grant('nordlicht', 30, new Date());
    const one = await connect(granted);
    await owner.query(`UPDATE reporting.analyst SET valid_until = now() - interval '1 minute' WHERE login = $1`, [
      granted.login,
    ]);
    expect((await one.query('SELECT * FROM projects')).rows).toEqual([]);
    await logins.revoke(granted.login);
    await expect(one.query('SELECT 1')).rejects.toThrow();
    await expect(connect(granted)).rejects.toThrow('password authentication failed');
    await expect(logins.revoke(granted.login)).rejects.toThrow('there is no login');
    await expect(logins.grant('nobody', 1, new Date())).rejects.toThrow('there is no event of a tenant nobody');
  });
});

describe('the functions', () => {
  it('say what a group could use at an instant, reserved pools included', async () => {
    const numbers = async (group: string, instant: Date) =>
      (await quotaOf(group, instant)).find((each) => each.resource === 'sip_number');
    const unit = {
      resource: 'sip_number',
      own_limit: '4',
      effective_limit: '4',
      in_force: 1,
      suspended: 0,
      available: '3',
    };
    expect(await numbers('u', at(10))).toEqual(unit);
    // 9 of the building less the 4 of the unit and what is used beside it.
    expect(await numbers('w', at(10))).toMatchObject({
      own_limit: null,
      effective_limit: '9',
      in_force: 0,
      available: '5',
    });
    expect(await numbers('w', at(100))).toMatchObject({ in_force: 2, available: '3' });
    expect(await numbers('w', at(600))).toMatchObject({ effective_limit: '6', in_force: 2, available: '0' });
    expect(await numbers('nord', at(600))).toMatchObject({
      own_limit: null,
      effective_limit: '12',
      in_force: 3,
      available: '9',
    });
    expect(await numbers('nord', at(1_000))).toMatchObject({ effective_limit: '2', in_force: 2, available: '0' });
    expect(await quotaOf('nobody', at(10))).toEqual([]);
    const keys = (await quotaOf('u', at(10))).find((each) => each.resource === 'ukey2');
    expect(keys).toMatchObject({ own_limit: null, effective_limit: null, available: null });
  });

  it.each(['day', 'week', 'month', 'hour'])('measure the %ss of a zone as the domain does', async (window) => {
    const client = await connect(await logins.grant('nordlicht', 1, new Date()));
    const [from, until] = [at(-10), at(window === 'hour' ? 90 : 3_400)];
    const lengths = { hour: 'PT1H', day: 'P1D', week: 'P1W', month: 'P1M' } as const;
    const usage = {
      open: 0,
      steps: [4, 30, 60, 800].map((hour, index) => ({ at: at(hour).getTime(), units: [1, 2, 3, 2][index]! })),
    };
    const { rows } = await client.query<Record<string, unknown>>(
      `SELECT window_from, window_until, open, close, peak, peak_at, low, trunc(unit_ms)::text AS unit_ms
       FROM usage_windows('nord', 'nord', 'sip_number', $1, $2, $3)`,
      [from, until, window],
    );
    const period = { from: from.getTime(), until: until.getTime() };
    const windows = [...windowsOf(period, lengths[window as keyof typeof lengths], 'Europe/Berlin')];
    expect(rows).toEqual(
      windows.map((each) => {
        const { peakAt, unitMs, ...measures } = measure(usage, each);
        const edges = { window_from: new Date(each.from), window_until: new Date(each.until) };
        return { ...edges, ...measures, peak_at: new Date(peakAt), unit_ms: unitMs.toString() };
      }),
    );
    const { rows: whole } = await client.query<{ same: boolean }>(
      `SELECT (SELECT sum(unit_ms) FROM usage_windows('nord', 'nord', 'sip_number', $1, $2, $3))
         = (SELECT unit_ms FROM usage_between('nord', 'nord', 'sip_number', $1, $2)) AS same`,
      [from, until, window],
    );
    expect(whole).toEqual([{ same: true }]);
    expect(
      (await client.query(`SELECT * FROM usage_between('nord', 'nord', 'sip_number', $1, $1)`, [from])).rows,
    ).toEqual([]);
  });

  it('list the tree of an instant', async () => {
    const client = await connect(await logins.grant('nordlicht', 1, new Date()));
    const { rows } = await client.query('SELECT group_id, parent_id, level, sip_number, ukey2 FROM tree_at($1, $2)', [
      'nord',
      at(100),
    ]);
    expect(rows).toEqual([
      { group_id: 'nord', parent_id: null, level: 0, sip_number: 3, ukey2: 0 },
      { group_id: 'a', parent_id: 'nord', level: 1, sip_number: 3, ukey2: 0 },
      { group_id: 'w', parent_id: 'a', level: 2, sip_number: 2, ukey2: 0 },
      { group_id: 'u', parent_id: 'a', level: 2, sip_number: 1, ukey2: 0 },
    ]);
  });

  it('are all asked above or by one another', () => {
    const asked = ['usage_between', 'usage_windows', 'quota_at', 'tree_at', 'limits_at', 'capacity_at', 'usage_at'];
    expect(FUNCTIONS.map(({ name }) => name).sort()).toEqual(asked.sort());
  });
});

const tableOf = (view: string): string => /^\w+/.exec(VIEWS.find(({ name }) => name === view)!.from)![0];
