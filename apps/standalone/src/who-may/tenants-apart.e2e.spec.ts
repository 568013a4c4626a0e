import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CALLER_ROLE } from '@allotree/read-models';
import pg from 'pg';
import type { Answer } from '../whole-system.harness.js';
import { EXPECTATIONS, requestFor } from './expectations.fixture.js';
import { makeWorld, type Person, type World } from './world.fixture.js';

let world: World;
let db: pg.Client;
beforeAll(async () => {
  world = await makeWorld({ GROUP_FEED_WAIT_MS: '0', MAIL_COLLECT_SECONDS: '0' });
  db = new pg.Client({ connectionString: world.system.databaseUrl });
  await db.connect();
  await somethingEverywhere();
});
afterAll(async () => {
  await db.end();
  await world.system.stop();
});

const as = (person: Person, method: string, path: string, body?: object): Promise<Answer> =>
  world.system.ask(method, path, { token: world.tokens[person], body });

const TENANTS = [
  ['nord', 'company', 'project', 'buildingA'],
  ['sued', 'foreigner', 'foreignProject', 'foreignBuilding'],
] as const;

/** Both tenants have something of every kind. */
async function somethingEverywhere(): Promise<void> {
  const { system, ids } = world;
  for (const [tenant, person, project, group] of TENANTS) {
    const p = ids[project];
    const place = `/projects/${p}/groups/${ids[group]}`;
    const term = { validUntil: '2099-12-31' };
    const pack = await system.must('POST', `/partners/${ids[tenant]}/packages`, {
      name: 'Plus',
      units: { sip_number: 9, mobile_app: 9, ukey2: 9 },
      ...term,
    });
    const issue = { type: 'plus', partnerId: ids[tenant], packageId: pack.packageId, units: { sip_number: 5 } };
    await system.until(
      ({ status }) => status === 201,
      () => system.ask('POST', `/projects/${p}/licenses`, { body: issue }),
    );
    const administrator = { email: `admin-of-${tenant}@example.com`, name: 'Admin', role: 'site_administrator' };
    await system.must('POST', `/projects/${p}/groups/${p}/members`, administrator);
    await system.must('POST', `/projects/${p}/licenses`, { type: 'trial', ...term });
    const allotments = [{ type: 'plus', units: { sip_number: 3 }, ...term }];
    await system.must('PUT', `${place}/restriction`, { enabled: true, allotments });
    await system.must('POST', `${place}/assignments`, { resource: 'sip_number' });
    await system.must('POST', `${place}/devices`, { serialNumber: `SN-${tenant}`, model: 'AA-12' });
    await system.must('POST', `${place}/invitations`, {
      invitations: [{ email: `${tenant}-guest@example.com`, name: 'Guest', role: 'user' }],
    });
    await system.must('POST', `/roles?tenantId=${ids[tenant]}`, { name: 'Reader', permissions: ['groups:read'] });
    await system.must('POST', '/projects', { name: `A second project of ${tenant}`, partnerId: ids[tenant] });
    const key = { name: `Key of ${tenant}`, permissions: ['groups:read'] };
    expect((await as(person, 'POST', '/api-keys', { ...key, tenantId: ids[tenant] })).status).toBe(201);
    expect((await as(person, 'PUT', `/mail-templates/license_ended?tenantId=${ids[tenant]}`, {})).status).toBe(400);
    await system.until(
      ({ body }) => body.items.length > 0,
      () => as(person, 'GET', '/outbox'),
    );
  }
}

const rowsOf = async <Row extends object>(sql: string, parameters: unknown[] = []): Promise<Row[]> =>
  (await db.query<Row>(sql, parameters)).rows;

/** Does something as the callers of these tenants do, and takes it back. */
async function asCaller<Result>(tenants: readonly string[], work: () => Promise<Result>): Promise<Result> {
  await db.query('BEGIN');
  try {
    await db.query("SELECT set_config('role', $1, true), set_config('allotree.tenant', $2, true)", [
      CALLER_ROLE,
      tenants.join(','),
    ]);
    return await work();
  } finally {
    await db.query('ROLLBACK');
  }
}

/** Tables whose rows are not a tenant's, and why. No query of a caller reaches them at all. */
const NOT_OF_A_TENANT: Readonly<Record<string, string>> = {
  'events.event': 'the events themselves: read by stream, after the guard',
  'events.snapshot': 'made of the events',
  'events.store': 'one row about the store',
  'events.identity': 'one row about the store',
  'bus.message': 'on their way between services; each says its tenant',
  'bus.consumer_offset': 'how far consumers are',
  'http.idempotent_request': 'answers by key, of the one who has it',
  'identity.external': 'who a token of another issuer stands for, before a tenant is known',
  'identity.refused': 'sessions and users that are let in no more',
  'groups.catalogued_device': 'the devices that the vendor sold, for the server administrator alone',
  'groups.account': 'proves who somebody is, before a tenant is known',
  'groups.session': 'proves who somebody is, before a tenant is known',
  'groups.refresh_token': 'proves who somebody is, before a tenant is known',
  'groups.join_code': 'proves that a distributor invited somebody, before a tenant is known',
  'groups.registration': 'of somebody who has no tenant yet',
  'groups.password_reset': 'of somebody who is not signed in',
  'groups.known_network': 'of accounts, which belong to no tenant',
  'notifications.account': 'who is deactivated, in whichever tenants',
  'groups.attempt': 'of anybody, signed in or not',
  'reporting.analyst': 'who may ask in SQL, read by the function that pins the tenant',
  'reporting.export': 'of the one who asked for it',
  'reporting.export_piece': 'the files of exports',
  'reporting.tables_position': 'one row, how far the tables of the past are',
  'reporting.billing_position': 'one row, how far accounts and billing periods are',
  'reporting.statement_key': 'the keys that sign statements',
  'groups.account_mail': 'on their way to the queue, with what lets their reader in',
};
/** Of the machinery, in every schema that has them. */
const MACHINERY = [
  'migration',
  'checkpoint',
  'checkpoint_store',
  'projection_check',
  'published_history',
  'lease',
  'access_heard',
  'quota',
];

interface Table {
  readonly name: string;
  readonly is_protected: boolean;
  readonly has_tenant: boolean;
  readonly is_granted: boolean;
}

const tables = (): Promise<Table[]> =>
  rowsOf<Table>(
    `SELECT n.nspname || '.' || c.relname AS name,
            c.relrowsecurity AND c.relforcerowsecurity
              AND EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid AND p.polname = 'own_tenant') AS is_protected,
            EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id') AS has_tenant,
            has_schema_privilege($1, n.oid, 'USAGE') AND has_table_privilege($1, c.oid, 'SELECT') AS is_granted
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'p') AND n.nspname !~ '^(pg_|information_schema)' ORDER BY name`,
    [CALLER_ROLE],
  );

const isNotOfATenant = (name: string): boolean =>
  name in NOT_OF_A_TENANT || MACHINERY.includes(name.split('.')[1] ?? '') || name.startsWith('jobs.');

const protectedTables = async (): Promise<string[]> =>
  (await tables()).map(({ name }) => name).filter((name) => !isNotOfATenant(name));

describe('every table', () => {
  it('enforces row-level security, or is listed with a reason and inaccessible', async () => {
    const wrong = (await tables()).filter(({ name, is_protected, has_tenant, is_granted }) =>
      isNotOfATenant(name) ? is_granted : !is_protected || !has_tenant,
    );
    expect(wrong).toEqual([]);
  });

  it('gives a query without a condition the rows of the tenants that ask, and no others', async () => {
    const seen: Record<string, readonly string[]> = {};
    for (const table of await protectedTables()) {
      const count = (tenants: string[]) =>
        asCaller(tenants, () =>
          rowsOf<{ tenant_id: string }>(`SELECT DISTINCT tenant_id FROM ${table} WHERE tenant_id <> '' ORDER BY 1`),
        );
      const { nord, sued } = world.ids;
      const own = await count([nord]);
      expect({ table, own: own.filter((row) => row.tenant_id !== nord) }).toEqual({ table, own: [] });
      expect({ table, nobody: await count([]) }).toEqual({ table, nobody: [] });
      seen[table] = (await count([nord, sued])).map((row) => row.tenant_id);
    }
    const both = Object.entries(seen).filter(([, tenants]) => tenants.length === 2);
    expect(both.map(([table]) => table)).toEqual(expect.arrayContaining(['groups.project', 'groups.audit']));
    expect(both.map(([table]) => table)).toEqual(expect.arrayContaining(['licensing.allotment', 'licensing.license']));
    expect(both.map(([table]) => table)).toEqual(
      expect.arrayContaining(['notifications.mail', 'notifications.member']),
    );
  });

  it('takes no row of another tenant, and changes none', async () => {
    const { nord, sued } = world.ids;
    const changed = await asCaller(
      [nord],
      async () => (await db.query("UPDATE groups.project SET name = 'x'")).rowCount,
    );
    const own = await rowsOf('SELECT FROM groups.project WHERE tenant_id = $1', [nord]);
    expect(changed).toBe(own.length);
    const insert = "INSERT INTO notifications.mail_template VALUES ($1, 'invitation', 's', 'h', 1, now(), 'x')";
    await expect(asCaller([nord], () => db.query(insert, [sued]))).rejects.toMatchObject({ code: '42501' });
    await expect(asCaller([nord], () => db.query('SELECT FROM groups.account'))).rejects.toMatchObject({
      code: '42501',
    });
  });
});

const LISTS = [
  '/partners',
  '/projects',
  '/expiries',
  '/deliveries',
  '/outbox',
  '/audit',
  '/api-keys',
  '/roles',
  '/events',
] as const;
/** Here the tenant is named. */
const OF_ONE_TENANT: readonly string[] = ['/roles'];

describe.each(LISTS)('GET %s', (list) => {
  it('shows each of two tenants its own, and nothing of the other', async () => {
    const of = async (person: Person, tenant: 'nord' | 'sued'): Promise<string> => {
      const query = OF_ONE_TENANT.includes(list) ? `tenantId=${world.ids[tenant]}` : 'limit=200';
      const { status, body } = await as(person, 'GET', `${list}?${query}`);
      expect({ status, isEmpty: body.items.length === 0 }).toEqual({ status: 200, isEmpty: false });
      return JSON.stringify(body);
    };
    const [nord, sued] = [await of('company', 'nord'), await of('foreigner', 'sued')];
    const { ids, userIds } = world;
    for (const foreign of [ids.sued, ids.foreignProject, ids.foreignBuilding, userIds.foreigner, 'of sued'])
      expect(nord).not.toContain(foreign);
    for (const foreign of [ids.nord, ids.project, ids.dealer, ids.buildingA, userIds.company, 'of nord'])
      expect(sued).not.toContain(foreign);
  });
});

describe('a cursor', () => {
  const page = async (person: Person, list: string, cursor?: string): Promise<Answer> =>
    as(person, 'GET', `${list}?limit=1${cursor === undefined ? '' : `&cursor=${encodeURIComponent(cursor)}`}`);
  const refused = { status: 400, body: { code: 'VALIDATION', errors: [{ field: 'cursor' }] } };

  it('leads to the next page only for its caller, in its list', async () => {
    const first = await page('company', '/projects');
    const second = await page('company', '/projects', first.body.nextCursor);
    expect(second.status).toBe(200);
    expect(second.body.items[0].projectId).not.toBe(first.body.items[0].projectId);
  });

  it('says nothing about where it leads', async () => {
    const cursors = [await page('company', '/projects'), await page('company', '/projects')].map(
      ({ body }) => body.nextCursor as string,
    );
    expect(new Set(cursors).size).toBe(2);
    for (const cursor of cursors) expect(Buffer.from(cursor, 'base64url').toString('latin1')).not.toMatch(/\d{6}/);
  });

  it('is none for another tenant, another person, another list, or changed', async () => {
    const { nextCursor } = (await page('company', '/projects')).body as { nextCursor: string };
    const changed = `${nextCursor.slice(0, 20)}${nextCursor[20] === 'A' ? 'B' : 'A'}${nextCursor.slice(21)}`;
    expect(await page('foreigner', '/projects', nextCursor)).toMatchObject(refused);
    expect(await page('dealer', '/projects', nextCursor)).toMatchObject(refused);
    expect(await page('company', '/partners', nextCursor)).toMatchObject(refused);
    expect(await page('company', '/projects', changed)).toMatchObject(refused);
    expect(await page('company', '/projects', Buffer.from('12').toString('base64url'))).toMatchObject(refused);
    expect(await page('company', '/projects', 'x')).toMatchObject(refused);
  });
});

describe('a body', () => {
  const writes = Object.entries(EXPECTATIONS).filter(([route]) => /^(POST|PUT|PATCH)/.test(route));
  /** Of two kinds of bodies the one is chosen by its type. */
  const KIND: Readonly<Record<string, object>> = { 'POST /projects/{p}/licenses': { type: 'trial' } };
  const STOWAWAY = { administrator: true, isAdmin: true, ownerId: 'x' };

  it.each(writes)('%s: takes along nothing that it does not name', async (route, expectation) => {
    const place = expectation.at.kind === 'partner' ? 'nord' : 'project';
    const { method, path } = requestFor(route, expectation, world, { place, userId: world.userIds.company });
    const { status, body } = await as('server', method, path, { ...KIND[route], ...STOWAWAY });
    // Without a body of its own a route finds nothing to do here; with one it says what does not belong.
    if ([404, 409, 412].includes(status)) return;
    expect({ route, status }).toEqual({ route, status: 400 });
    const fields = (body.errors as { field: string }[]).map(({ field }) => field);
    expect(fields).toEqual(expect.arrayContaining(Object.keys(STOWAWAY)));
  });

  it('repeats what its sender is and nothing else', async () => {
    const change = { name: 'Ada', serverAdministrator: true };
    const { status, body } = await as('company', 'PATCH', '/me', change);
    expect([status, body.errors]).toMatchObject([400, [{ field: 'serverAdministrator' }]]);
  });

  it('cannot make anybody what its sender is not, nor put anything into another tenant', async () => {
    const { ids } = world;
    const members = `/projects/${ids.project}/groups/${ids.buildingA}/members`;
    const member = { email: 'new@example.com', name: 'New' };
    const role = { ...member, role: 'server_administrator' };
    expect(await as('company', 'POST', members, role)).toMatchObject({ status: 400, body: { code: 'VALIDATION' } });
    expect(await as('site', 'POST', members, { ...member, role: 'company_administrator' })).toMatchObject({
      status: 403,
    });
    const key = { name: 'Key', permissions: ['groups:read'], tenantId: ids.sued };
    expect(await as('company', 'POST', '/api-keys', key)).toMatchObject({ status: 404, body: { what: 'partner' } });
    const project = { name: 'Stolen', partnerId: ids.sued };
    expect(await as('company', 'POST', '/projects', project)).toMatchObject({ status: 404, body: { what: 'partner' } });
    for (const list of ['/roles', '/expiries', '/mail-templates'])
      expect([200, 404]).toContain((await as('company', 'GET', `${list}?tenantId=${ids.sued}`)).status);
    const foreign = await as('company', 'GET', `/expiries?tenantId=${ids.sued}`);
    expect(foreign).toMatchObject({ status: 200, body: { items: [] } });
  });

  it('names one person by an address in whatever case, and nobody by one in letters that only look alike', async () => {
    const members = `/projects/${world.ids.project}/groups/${world.ids.buildingA}/members`;
    const add = (email: string) => as('company', 'POST', members, { email, name: 'Kim', role: 'user' });
    const one = await add('kim@example.com');
    const same = await add('KIM@Example.COM');
    expect([one.status, same.body.userId]).toEqual([201, one.body.userId]);
    for (const alike of ['k\u0456m@example.com', 'kim@ex\u0430mple.com', 'ki\u1E3F@example.com']) {
      const other = await add(alike);
      expect([other.status, other.body.userId]).toEqual([201, expect.not.stringMatching(String(one.body.userId))]);
    }
    const unseen = await add('kim\u200B@example.com');
    expect(unseen).toMatchObject({ status: 400, body: { errors: [{ field: 'email' }] } });
  });

  it('brings no line of its own into a header or mail', async () => {
    const members = `/projects/${world.ids.project}/groups/${world.ids.buildingA}/members`;
    for (const odd of [{ name: 'Eva\r\nBcc: a@example.com' }, { email: 'eva@example.com\r\nBcc: a@example.com' }]) {
      const body = { email: 'eva@example.com', name: 'Eva', role: 'user', ...odd };
      expect(await as('company', 'POST', members, body)).toMatchObject({ status: 400, body: { code: 'VALIDATION' } });
    }
    const response = await fetch(`${world.system.url}/health/live`, {
      headers: { 'x-correlation-id': 'a b\tset-cookie: x', 'x-forwarded-for': '1.2.3.4' },
    });
    expect(response.headers.get('x-correlation-id')).toMatch(/^[0-9a-f]{32}$/);
  });
});

/** An account belongs to no tenant (P3). */
const WITHOUT_TENANT = new Set(['user', 'allotree.user-changed.v1', 'allotree.session-revoked.v1']);

describe('the tenant', () => {
  it('is on every event, message and job', async () => {
    const events = await rowsOf<{ category: string; type: string }>(
      "SELECT DISTINCT category, type FROM events.event WHERE metadata->>'tenantId' IS NULL",
    );
    expect(events.filter(({ category }) => !WITHOUT_TENANT.has(category))).toEqual([]);
    const messages = await rowsOf<{ type: string }>(
      "SELECT DISTINCT payload->>'type' AS type FROM bus.message WHERE payload->>'tenantid' IS NULL",
    );
    expect(messages.filter(({ type }) => !WITHOUT_TENANT.has(type))).toEqual([]);
    expect(await rowsOf('SELECT job_id FROM licensing.expiry_job WHERE tenant_id IS NULL')).toEqual([]);
    expect(await rowsOf('SELECT notice_id FROM notifications.notice WHERE tenant_id IS NULL')).toEqual([]);
    const keys = await rowsOf<{ caller: string }>('SELECT DISTINCT caller FROM http.idempotent_request');
    for (const { caller } of keys) expect(caller).toMatch(/^[\w-]*\/[\w-]+$/);
  });
});
