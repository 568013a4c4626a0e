import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import pg from 'pg';
import { WholeSystem } from './whole-system.spec.js';

jest.setTimeout(120_000);

interface Trial {
  readonly path: string;
  readonly body?: object;
  /** The types of the events that would be recorded, in order; `null`: this route has a preview of its own. */
  readonly events: readonly string[] | null;
}

let system: WholeSystem;
let database: pg.Client;
let trials: Readonly<Record<string, Trial>>;

const TERM = { validFrom: '2026-01-01', validUntil: '2099-12-31' };
const units = (sip_number: number) => ({ sip_number, mobile_app: 0, ukey2: 0 });

async function makeTrials(): Promise<Readonly<Record<string, Trial>>> {
  const must = system.must.bind(system);
  const administrator = { name: 'Ada', email: 'ada@nordlicht.example' };
  const { partnerId } = await must('POST', '/partners', { kind: 'distributor', name: 'Nordlicht', administrator });
  const { partnerId: dealer } = await must('POST', '/partners', {
    kind: 'dealer',
    name: 'Dealer',
    parentPartnerId: partnerId,
    administrator: { name: 'Dan', email: 'dan@dealer.example' },
  });
  const { packageId } = await must('POST', `/partners/${partnerId}/packages`, {
    name: 'Plus',
    units: units(100),
    features: [],
    ...TERM,
  });
  const { projectId: p } = await must('POST', '/projects', { name: 'Hafenblick', partnerId });
  const { projectId: other } = await must('POST', '/projects', { name: 'Other', partnerId });
  const { licenseId } = await must('POST', `/projects/${p}/licenses`, {
    type: 'plus',
    partnerId,
    packageId,
    units: units(20),
  });
  const { licenseId: suspended } = await must('POST', `/projects/${p}/licenses`, {
    type: 'plus',
    partnerId,
    packageId,
    units: units(1),
  });
  await must('POST', `/projects/${p}/licenses/${suspended}/suspend`, { reason: 'Invoice overdue' });
  const group = async (name: string): Promise<string> =>
    (await must('POST', `/projects/${p}/groups`, { parentId: p, type: 'building', name })).groupId;
  const [a, b, empty] = [await group('A'), await group('B'), await group('Empty')];
  const at = (groupId: string): string => `/projects/${p}/groups/${groupId}`;
  const restriction = { enabled: true, allotments: [{ type: 'plus', units: units(5) }] };
  await must('PUT', `${at(a)}/restriction`, restriction);
  await must('PUT', `${at(b)}/restriction`, restriction);
  const { assignmentId } = await must('POST', `${at(a)}/assignments`, { resource: 'sip_number' });
  await must('POST', `${at(a)}/devices`, { serialNumber: 'THERE', model: 'AA-12' });
  const { memberId, userId } = await must('POST', `${at(a)}/members`, {
    email: 'eva@example.com',
    name: 'Eva',
    role: 'user',
  });
  const roles = `?tenantId=${partnerId}`;
  const role = { name: 'Technician', permissions: ['groups:read'] };
  const { roleId } = await must('POST', `/roles${roles}`, role);
  const { userId: second } = await must('POST', `/partners/${partnerId}/administrators`, {
    email: 'second@nordlicht.example',
    name: 'Second',
  });
  const G = '/projects/{p}/groups/{g}';
  const license = `/projects/${p}/licenses/${licenseId}`;
  return {
    'POST /partners': {
      path: '/partners',
      body: { kind: 'dealer', name: 'New', parentPartnerId: partnerId, objectName: 'Showroom', administrator },
      events: ['PartnerRegistered', 'ProjectCreated', 'MemberAdded'],
    },
    'POST /partners/{partnerId}/administrators': {
      path: `/partners/${partnerId}/administrators`,
      body: { email: 'third@nordlicht.example', name: 'Third' },
      events: ['PartnerAdministratorAdded'],
    },
    'DELETE /partners/{partnerId}/administrators/{userId}': {
      path: `/partners/${partnerId}/administrators/${second}`,
      events: ['PartnerAdministratorRemoved'],
    },
    'POST /partners/{partnerId}/packages': {
      path: `/partners/${partnerId}/packages`,
      body: { name: 'More', units: units(1), features: [], ...TERM },
      events: ['PackageRecorded'],
    },
    'POST /partners/{partnerId}/packages/{packageId}/sales': {
      path: `/partners/${partnerId}/packages/${packageId}/sales`,
      body: { toPartnerId: dealer, units: units(1) },
      events: ['PackageSold', 'PackageReceived'],
    },
    'POST /projects': { path: '/projects', body: { name: 'New', partnerId }, events: ['ProjectCreated'] },
    'POST /projects/{p}/close': {
      path: `/projects/${other}/close`,
      body: { reason: 'Sold' },
      events: ['ProjectClosed'],
    },
    'POST /projects/{p}/groups': {
      path: `/projects/${p}/groups`,
      body: { parentId: p, type: 'building', name: 'C' },
      events: ['GroupCreated'],
    },
    'POST /projects/{p}/groups/generate': {
      path: `/projects/${p}/groups/generate`,
      body: { parentId: p, buildings: { count: 2, namePattern: 'Building {n}' } },
      events: null,
    },
    [`PATCH ${G}`]: { path: at(a), body: { name: 'A2' }, events: ['GroupDetailsChanged'] },
    [`DELETE ${G}`]: { path: at(a), events: ['DeviceRemoved', 'MemberRemoved', 'SubtreeRemoved'] },
    [`POST ${G}/move`]: {
      path: `${at(empty)}/move`,
      body: { parentId: other, projectId: other },
      events: ['SubtreeAdopted', 'SubtreeRemoved'],
    },
    [`POST ${G}/members`]: {
      path: `${at(a)}/members`,
      body: { email: 'new@example.com', name: 'New', role: 'user' },
      events: ['MemberAdded'],
    },
    [`DELETE ${G}/members/{memberId}`]: { path: `${at(a)}/members/${memberId}`, events: ['MemberRemoved'] },
    [`PUT ${G}/members/{u}/limits`]: {
      path: `${at(a)}/members/${userId}/limits`,
      body: { limits: { sip_number: 1 } },
      events: ['MemberLimitsSet'],
    },
    [`POST ${G}/devices`]: {
      path: `${at(a)}/devices`,
      body: { serialNumber: 'NEW', model: 'AA-12' },
      events: ['DeviceClaimed', 'DeviceAdded'],
    },
    [`DELETE ${G}/devices/{serialNumber}`]: { path: `${at(a)}/devices/THERE`, events: ['DeviceRemoved'] },
    'POST /projects/{p}/licenses': {
      path: `/projects/${p}/licenses`,
      body: { type: 'plus', partnerId, packageId, units: units(1) },
      events: ['UnitsIssued', 'LicenseGranted'],
    },
    'POST /projects/{p}/licenses/{l}/extend': {
      path: `${license}/extend`,
      body: { validUntil: '2099-12-31' },
      events: [],
    },
    'POST /projects/{p}/licenses/{l}/suspend': {
      path: `${license}/suspend`,
      body: { reason: 'Invoice overdue' },
      events: ['LicenseSuspended'],
    },
    'POST /projects/{p}/licenses/{l}/reinstate': {
      path: `/projects/${p}/licenses/${suspended}/reinstate`,
      body: {},
      events: ['LicenseReinstated'],
    },
    'POST /projects/{p}/licenses/{l}/revoke': {
      path: `/projects/${p}/licenses/${suspended}/revoke`,
      body: { reason: 'Contract ended' },
      events: ['LicenseRevoked'],
    },
    'POST /projects/{p}/allotment-transfers': {
      path: `/projects/${p}/allotment-transfers`,
      body: { fromGroupId: a, toGroupId: b, units: units(1), reason: 'B was finished first' },
      events: ['AllotmentsTransferred'],
    },
    [`PUT ${G}/restriction`]: {
      path: `${at(b)}/restriction`,
      body: { enabled: false },
      events: ['RestrictionChanged'],
    },
    [`POST ${G}/assignments`]: {
      path: `${at(a)}/assignments`,
      body: { resource: 'sip_number' },
      events: ['AssignmentMade'],
    },
    [`DELETE ${G}/assignments/{a}`]: {
      path: `${at(a)}/assignments/${assignmentId}`,
      events: ['AssignmentsReleased'],
    },
    'POST /roles': { path: `/roles${roles}`, body: { ...role, name: 'Another' }, events: ['RoleDefined'] },
    'PUT /roles/{roleId}': { path: `/roles/${roleId}${roles}`, body: { ...role, name: 'X' }, events: ['RoleChanged'] },
    'DELETE /roles/{roleId}': { path: `/roles/${roleId}${roles}`, events: ['RoleRemoved'] },
  };
}

interface Operation {
  readonly parameters?: readonly { readonly name: string }[];
}

/** Every command the running system has, and whether it takes `dryRun`. */
const commands = async (): Promise<readonly { readonly route: string; readonly takesDryRun: boolean }[]> => {
  const { body } = await system.ask('GET', '/openapi.json');
  return Object.entries(body.paths as Record<string, Record<string, Operation>>).flatMap(([path, operations]) =>
    Object.entries(operations)
      .filter(([method]) => method !== 'get')
      .map(([method, { parameters = [] }]) => ({
        route: `${method.toUpperCase()} ${path.replace('/api/v1', '')}`,
        takesDryRun: parameters.some(({ name }) => name === 'dryRun'),
      })),
  );
};

/** What changes by itself: leases, checkpoints, and the beat of the job queues, whose own jobs are counted below. */
const RESTLESS = /lease|checkpoint|consumer_offset|^jobs\.(event|job|meta|scheduler)$/;

/** Every table, by a digest of its rows. */
const tables = async (): Promise<Readonly<Record<string, string>>> => {
  const { rows } = await database.query<{ name: string }>(
    `SELECT quote_ident(schemaname) || '.' || quote_ident(tablename) AS name FROM pg_tables
     WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1`,
  );
  const digests: Record<string, string> = {};
  for (const { name } of rows.filter((row) => !RESTLESS.test(row.name))) {
    const found = await database.query<{ digest: string }>(
      `SELECT count(*) || ' ' || coalesce(md5(string_agg(t::text, '|' ORDER BY t::text)), '') AS digest FROM ${name} t`,
    );
    digests[name] = found.rows[0]?.digest ?? '';
  }
  const jobs = await database.query<{ count: string }>(
    "SELECT count(*) FROM jobs.job t WHERE row_to_json(t)::text NOT LIKE '%repeat%'",
  );
  return { ...digests, jobs: jobs.rows[0]?.count ?? '' };
};

const withDryRun = (path: string): string => `${path}${path.includes('?') ? '&' : '?'}dryRun=true`;

beforeAll(async () => {
  system = await WholeSystem.start({ GROUP_FEED_WAIT_MS: '60000' });
  database = new pg.Client({ connectionString: system.databaseUrl });
  await database.connect();
  trials = await makeTrials();
  // What was made above has come everywhere, mails included.
  let before: Readonly<Record<string, string>> = {};
  for (let now = await tables(); !isDeepStrictEqual(now, before); now = await tables()) {
    before = now;
    await sleep(1_500);
  }
});
afterAll(async () => {
  await database.end();
  await system.stop();
});

describe('?dryRun=true', () => {
  it('shows what every command would record, and records nothing: no event, no message, no job, no row', async () => {
    const before = await tables();
    for (const [route, { path, body, events }] of Object.entries(trials)) {
      const headers = { 'idempotency-key': `try ${route}`.replaceAll(/[^\w]/g, '-') };
      const [method = ''] = route.split(' ');
      const answer = await system.ask(method, withDryRun(path), { body, headers });
      const types = (answer.body.events as { type: string }[] | undefined)?.map(({ type }) => type);
      expect({ route, status: answer.status, types: types ?? null, problem: answer.body.detail }).toEqual({
        route,
        status: 200,
        types: events,
        problem: undefined,
      });
    }
    expect(await tables()).toEqual(before);
  });

  it('is refused, and nothing done, by every command that does not know it', async () => {
    const before = await tables();
    const others = (await commands()).filter(({ takesDryRun }) => !takesDryRun);
    for (const { route } of others) {
      const [method = '', path = ''] = route.split(' ');
      const asked = withDryRun(path.replaceAll(/\{\w+\}/g, 'nothing'));
      const { status, body } = await system.ask(method, asked, { body: {} });
      expect({ route, status, code: body.code }).toEqual({ route, status: 400, code: 'VALIDATION' });
    }
    expect(await tables()).toEqual(before);
  });

  it('is known to every command about partners, projects, groups, members, devices, roles, stock and licenses', async () => {
    const domain = /^\w+ \/(partners|projects|roles)/;
    const other = /invitations|-check$|join|promot|clock/;
    const known = (await commands())
      .map(({ route }) => route)
      .filter((route) => domain.test(route) && !other.test(route));
    expect(known.filter((route) => !(route in trials))).toEqual([]);
  });
});

describe('a query parameter that a route does not know', () => {
  it.each([
    ['GET', '/partners?nme=x'],
    ['GET', '/me?nme=x'],
    ['POST', '/auth/token?nme=x'],
    ['DELETE', '/projects/x/groups/x/invitations/x?nme=x'],
  ])('is refused: %s %s', async (method, path) => {
    const { status, body } = await system.ask(method, path, method === 'POST' ? { body: {} } : {});
    expect({ status, errors: body.errors }).toMatchObject({
      status: 400,
      errors: [{ field: 'nme', message: 'is not known' }],
    });
  });
});
