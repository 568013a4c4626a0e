import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { ownService } from '@allotree/http';
import pg from 'pg';
import { mailedToken, PASSWORD, signUp } from './signed-up.fixture.js';
import { WholeSystem } from './whole-system.harness.js';

jest.setTimeout(120_000);

interface Trial {
  readonly path: string;
  readonly body?: object;
  /** The types of the events that would be recorded, in order; `null`: this route has a preview of its own. */
  readonly events: readonly string[] | null;
  /** Of somebody with an account, where the route is about accounts. */
  readonly token?: string;
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
  const token = await signUp(system, 'kim@larsen.example');
  const { userId: ownId } = (await system.ask('GET', '/me', { token })).body;
  const invitations = [{ email: 'invited@example.com', name: 'Ina', role: 'user' }];
  const { invitations: invited } = await must('POST', `${at(a)}/invitations`, { invitations });
  const { invitationId } = invited[0];
  const key = { tenantId: partnerId, name: 'billing', permissions: ['projects:read'] };
  const { keyId } = await must('POST', '/api-keys', key);
  const joinRequestId = await requestToJoin(partnerId);
  // Nothing is sent to it.
  const hook = { url: 'https://8.8.8.8/', tenantId: partnerId, subjects: ['nothing'] };
  const { endpointId } = await must('POST', '/webhook-endpoints', hook);
  await must('PATCH', `/webhook-endpoints/${endpointId}`, { status: 'paused' });
  const webhooks = `/webhook-endpoints/${endpointId}`;
  const template = `/mail-templates/license_ended`;
  const { subject, html } = await must('GET', template);
  await must('PUT', `${template}?tenantId=${partnerId}`, { subject, html });
  const deliveryId = await deadLetter(partnerId);
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
    'POST /partners/{partnerId}/close': {
      path: `/partners/${dealer}/close`,
      body: { reason: 'Over' },
      events: ['PartnerClosed', 'PartnerAdministratorRemoved'],
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
    'PUT /device-catalogue': {
      path: '/device-catalogue',
      body: { devices: [{ serialNumber: 'SOLD-1', claimCode: '7K2M-9QXT' }] },
      events: ['DeviceCatalogued', 'DeviceCatalogueOpened'],
    },
    'DELETE /device-catalogue': { path: '/device-catalogue', events: [] },
    [`PATCH ${G}/devices/{serialNumber}`]: {
      path: `${at(a)}/devices/THERE`,
      body: { externalId: 'ERP-1' },
      events: ['DeviceExternalIdChanged'],
    },
    [`DELETE ${G}/devices/{serialNumber}`]: { path: `${at(a)}/devices/THERE`, events: ['DeviceRemoved'] },
    'POST /projects/{p}/licenses': {
      path: `/projects/${p}/licenses`,
      body: { type: 'plus', partnerId, packageId, units: units(1) },
      events: ['UnitsIssued', 'LicenseGranted'],
    },
    'PATCH /projects/{p}/licenses/{l}': {
      path: license,
      body: { externalId: 'ERP-1' },
      events: ['LicenseExternalIdChanged'],
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
    'PUT /projects/{p}/restrictions': {
      path: `/projects/${p}/restrictions`,
      body: {
        restrictions: [
          { groupId: b, enabled: false },
          { groupId: a, ...restriction, poolMode: 'reserved' },
        ],
      },
      events: ['RestrictionChanged', 'RestrictionChanged'],
    },
    'POST /projects/{p}/assignments': {
      path: `/projects/${p}/assignments`,
      body: { assignments: [{ groupId: a, resource: 'sip_number', count: 2 }] },
      events: ['AssignmentsMade'],
    },
    'POST /projects/{p}/releases': {
      path: `/projects/${p}/releases`,
      body: { assignmentIds: [assignmentId] },
      events: ['AssignmentsReleased'],
    },
    'PUT /projects/{p}/billing-terms': {
      path: `/projects/${p}/billing-terms`,
      body: { interval: 'P1M', anchorDay: 1 },
      events: ['BillingTermsSet'],
    },
    // It is not over, and nothing to dry-run is a period of this project.
    'POST /projects/{p}/usage-periods': {
      path: `/projects/${p}/usage-periods`,
      body: { periodId: 'none' },
      events: [],
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
    [`PATCH ${G}/assignments/{a}`]: {
      path: `${at(a)}/assignments/${assignmentId}`,
      body: { externalId: 'ERP-1' },
      events: ['AssignmentExternalIdChanged'],
    },
    [`DELETE ${G}/assignments/{a}`]: {
      path: `${at(a)}/assignments/${assignmentId}`,
      events: ['AssignmentsReleased'],
    },
    'POST /partners/{partnerId}/promote': { path: `/partners/${partnerId}/promote`, events: [] },
    'POST /partners/{partnerId}/allow-postpaid': {
      path: `/partners/${partnerId}/allow-postpaid`,
      events: ['PostpaidAllowed'],
    },
    'POST /partners/{partnerId}/withdraw-postpaid': { path: `/partners/${partnerId}/withdraw-postpaid`, events: [] },
    'POST /partners/{partnerId}/join-code': { path: `/partners/${partnerId}/join-code`, events: ['join_code_rotated'] },
    'DELETE /partners/{partnerId}/join-code': {
      path: `/partners/${partnerId}/join-code`,
      events: ['join_code_revoked'],
    },
    'POST /partners/{partnerId}/join-requests/{joinRequestId}/approve': {
      path: `/partners/${partnerId}/join-requests/${joinRequestId}/approve`,
      events: ['JoinApproved', 'PartnerRegistered', 'ProjectCreated', 'MemberAdded'],
    },
    'POST /partners/{partnerId}/join-requests/{joinRequestId}/reject': {
      path: `/partners/${partnerId}/join-requests/${joinRequestId}/reject`,
      body: { reason: 'Unknown' },
      events: ['JoinRejected'],
    },
    'POST /projects/{p}/clock-corrections': { path: `/projects/${p}/clock-corrections`, body: {}, events: [] },
    [`POST ${G}/invitations`]: {
      path: `${at(a)}/invitations`,
      body: { invitations: [...invitations, { email: 'other@example.com', name: 'Olaf', role: 'concierge' }] },
      events: ['invited', 'invited'],
    },
    [`POST ${G}/invitations/{invitationId}/resend`]: {
      path: `${at(a)}/invitations/${invitationId}/resend`,
      events: ['invited'],
    },
    [`DELETE ${G}/invitations/{invitationId}`]: {
      path: `${at(a)}/invitations/${invitationId}`,
      events: ['invitation_revoked'],
    },
    'POST /api-keys': { path: '/api-keys', body: key, events: ['api_key_created'] },
    'DELETE /api-keys/{keyId}': { path: `/api-keys/${keyId}`, events: ['api_key_revoked'] },
    'POST /webhook-endpoints': { path: '/webhook-endpoints', body: hook, events: ['webhook_endpoint_created'] },
    'PATCH /webhook-endpoints/{endpointId}': {
      path: webhooks,
      body: { description: 'Billing' },
      events: ['webhook_endpoint_changed'],
    },
    'DELETE /webhook-endpoints/{endpointId}': { path: webhooks, events: ['webhook_endpoint_removed'] },
    'POST /webhook-endpoints/{endpointId}/replay': {
      path: `${webhooks}/replay`,
      body: { from: '2026-01-01T00:00:00Z', until: '2026-02-01T00:00:00Z' },
      events: ['webhooks_replayed'],
    },
    'POST /webhook-endpoints/{endpointId}/rotate': {
      path: `${webhooks}/rotate`,
      body: {},
      events: ['webhook_key_rotated'],
    },
    'POST /webhook-endpoints/{endpointId}/test': { path: `${webhooks}/test`, events: ['webhook_test_queued'] },
    'PATCH /me': { path: '/me', token, body: { timeZone: 'Europe/Oslo' }, events: ['UserDetailsChanged'] },
    'POST /users/{userId}/deactivate': {
      path: `/users/${ownId}/deactivate`,
      body: { reason: 'Left' },
      events: ['UserDeactivated'],
    },
    'POST /users/{userId}/reinstate': { path: `/users/${ownId}/reinstate`, body: { reason: 'Back' }, events: [] },
    'PUT /mail-templates/{mailType}': {
      path: template,
      body: { subject: 'Ended', html },
      events: ['mail_template_changed'],
    },
    'DELETE /mail-templates/{mailType}': {
      path: `${template}?tenantId=${partnerId}`,
      events: ['mail_template_changed'],
    },
    'POST /mail-templates/{mailType}/test': {
      path: `${template}/test`,
      token: await vendor(),
      body: {},
      events: ['mail_queued'],
    },
    'POST /deliveries/{id}/retry': { path: `/deliveries/${deliveryId}/retry`, events: ['mail_queued'] },
    'POST /roles': { path: `/roles${roles}`, body: { ...role, name: 'Another' }, events: ['RoleDefined'] },
    'PUT /roles/{roleId}': { path: `/roles/${roleId}${roles}`, body: { ...role, name: 'X' }, events: ['RoleChanged'] },
    'DELETE /roles/{roleId}': { path: `/roles/${roleId}${roles}`, events: ['RoleRemoved'] },
  };
}

/** Asks to join a distributor with its code; the id of the open request. */
async function requestToJoin(partnerId: string): Promise<string> {
  const { joinCode } = await system.must('POST', `/partners/${partnerId}/join-code`, {});
  const email = 'ben@dahl.example';
  await system.must('POST', '/registrations', {
    ...{ kind: 'dealer', partnerName: 'Dahl', objectName: 'Quay', name: 'Ben', email, joinCode },
    ...{ timeZone: 'Europe/Oslo', language: 'en' },
  });
  const token = await mailedToken(system, email);
  await system.must('POST', '/registrations/confirm', { token, password: PASSWORD });
  const { body } = await system.ask('GET', `/partners/${partnerId}/join-requests?status=open`);
  return body.items[0].joinRequestId as string;
}

/** A server administrator with an address, who gets test mails. */
const vendor = (): Promise<string> => WholeSystem.token(ownService('vendor', 'vendor@example.com'));

/** A mail that was given up. */
async function deadLetter(partnerId: string): Promise<string> {
  const path = `/mail-templates/license_ended/test?tenantId=${partnerId}`;
  const { deliveryId } = (await system.ask('POST', path, { body: {}, token: await vendor() })).body;
  await system.until(
    ({ body }) => body.status === 'sent',
    () => system.ask('GET', `/deliveries/${deliveryId}`),
  );
  await database.query("UPDATE notifications.mail SET status = 'dead' WHERE mail_id = $1", [deliveryId]);
  return deliveryId as string;
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

/**
 * A dry run of a sign-in, a password or the secret of a link would reveal whether a guess is right; the others
 * record nothing that a caller decides.
 */
const REFUSING = [
  'POST /projects/{p}/plans',
  'POST /projects/{p}/plans/{planId}/apply',
  'POST /projects/{p}/rehearsals',
  'POST /projects/{p}/quotas',
  'POST /auth/token',
  'POST /auth/revoke',
  'POST /auth/session',
  'POST /auth/session/refresh',
  'DELETE /auth/session',
  'POST /auth/session/openid',
  'POST /auth/password-resets',
  'POST /auth/password-resets/confirm',
  'POST /registrations',
  'POST /registrations/confirm',
  'POST /invitations/preview',
  'POST /invitations/accept',
  'POST /me/invitations',
  'POST /me/password',
  'DELETE /me/sessions',
  'DELETE /me/sessions/{sessionId}',
  'POST /mail-templates/{mailType}/preview',
  'POST /projects/{p}/groups/{g}/relocation-check',
  'POST /projects/{p}/groups/{g}/departure-check',
  'POST /group-service/projections/{name}/rebuild',
  'POST /group-service/projections/{name}/verify',
  'POST /license-service/projections/{name}/rebuild',
  'POST /license-service/projections/{name}/verify',
  'POST /reporting-service/projections/{name}/rebuild',
  'POST /reporting-service/projections/{name}/verify',
  'POST /exports',
  'DELETE /exports/{exportId}',
  'PUT /accounts/{accountId}/terms',
  'POST /accounts/{accountId}/adjustments',
  'POST /statements/{statementId}/credit-notes',
];

/** Excluded, because they change continuously: leases, checkpoints and the schedulers of the job queues. Jobs are counted below. */
const RESTLESS = /lease|checkpoint|consumer_offset|^jobs\.(event|job|meta|scheduler)$/;

/** Rows of the outboxes that are in the queue are removed here some time later; in the queue they are counted as jobs. */
const LASTING: Readonly<Record<string, string>> = {
  'groups.account_mail': 'WHERE look_at IS NULL',
  'licensing.expiry_job': 'WHERE look_at IS NULL',
};

/** Every table, by a digest of its rows. */
const tables = async (): Promise<Readonly<Record<string, string>>> => {
  const { rows } = await database.query<{ name: string }>(
    `SELECT quote_ident(schemaname) || '.' || quote_ident(tablename) AS name FROM pg_tables
     WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1`,
  );
  const digests: Record<string, string> = {};
  for (const { name } of rows.filter((row) => !RESTLESS.test(row.name))) {
    const found = await database.query<{ digest: string }>(
      `SELECT count(*) || ' ' || coalesce(md5(string_agg(t::text, '|' ORDER BY t::text)), '') AS digest FROM ${name} t ${LASTING[name] ?? ''}`,
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
  // Everything created above has been processed everywhere, mails included.
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
    for (const [route, { path, body, events, token }] of Object.entries(trials)) {
      const headers = { 'idempotency-key': `try ${route}`.replaceAll(/[^\w]/g, '-') };
      const [method = ''] = route.split(' ');
      const answer = await system.ask(method, withDryRun(path), { token, body, headers });
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

  it('is refused, and nothing done, by these commands and no others', async () => {
    const before = await tables();
    const others = (await commands()).filter(({ takesDryRun }) => !takesDryRun);
    expect(others.map(({ route }) => route).sort()).toEqual([...REFUSING].sort());
    for (const { route } of others) {
      const [method = '', path = ''] = route.split(' ');
      const asked = withDryRun(path.replaceAll(/\{\w+\}/g, 'nothing'));
      const { status, body } = await system.ask(method, asked, { body: {} });
      expect({ route, status, code: body.code }).toEqual({ route, status: 400, code: 'VALIDATION' });
    }
    expect(await tables()).toEqual(before);
  });

  it('is tried above with every command that takes it', async () => {
    const taking = (await commands()).filter(({ takesDryRun }) => takesDryRun).map(({ route }) => route);
    expect(taking.sort()).toEqual(Object.keys(trials).sort());
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
