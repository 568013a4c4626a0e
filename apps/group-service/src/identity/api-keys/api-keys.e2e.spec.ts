import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { People } from '../identity-under-test.harness.js';

let people: People;
let projectId: string;
let tenantId: string;
/** Of the distributor's administrator, of a concierge of its project, of another distributor's administrator. */
let owner: string;
let concierge: string;
let stranger: string;

beforeAll(async () => {
  people = await People.start();
  const { body } = await people.distributor('ada@nordlicht.example');
  projectId = body.projectId;
  tenantId = body.partnerId;
  owner = body.session.access_token;
  concierge = await people.member({ projectId, by: owner }, 'staff@example.com', 'concierge');
  stranger = (await people.distributor('eve@evil.example', 'Evil')).body.session.access_token;
}, 60_000);

afterAll(() => people.stop());

const codeOf = ({ status, body }: { status: number; body: { code?: string } | null }) => [status, body?.code];
const make = (request: object, token = owner) =>
  people.ask('POST', '/api-keys', { name: 'billing', ...request }, token);
const exchange = (client_id: string, client_secret: string) =>
  people.ask('POST', '/auth/token', { grant_type: 'client_credentials', client_id, client_secret });

describe('an API key', () => {
  it('is exchanged for short tokens that may what it may, in its tenant', async () => {
    const { status, body: key } = await make({ permissions: ['projects:read'] });
    expect([status, Object.keys(key)]).toEqual([201, ['keyId', 'secret']]);
    const { body: tokens } = await exchange(key.keyId, key.secret);
    expect(Object.keys(tokens)).toEqual(['access_token', 'token_type', 'expires_in']);
    const ask = (method: string, path: string, body?: unknown) => people.ask(method, path, body, tokens.access_token);
    expect((await ask('GET', `/projects/${projectId}`)).status).toBe(200);
    const group = { parentId: projectId, type: 'building', name: 'B' };
    expect(codeOf(await ask('POST', `/projects/${projectId}/groups`, group))).toEqual([403, 'FORBIDDEN']);
    const { body: projects } = await ask('GET', '/projects');
    expect(projects.items.map((project: { tenantId: string }) => project.tenantId)).toEqual([tenantId]);
    expect((await ask('GET', '/me')).body).toMatchObject({ userId: key.keyId, email: null, tenantIds: [tenantId] });
    for (const [method, path] of [
      ['GET', '/api-keys'],
      ['GET', '/audit'],
      ['POST', '/users/x/deactivate'],
    ] as const)
      expect((await ask(method, path, method === 'POST' ? { reason: 'x' } : undefined)).status).toBe(403);
  });

  it('is stored nowhere, not even in the response kept for a repeated request', async () => {
    const request = { name: 'twice', permissions: ['projects:read'] };
    const headers = { authorization: `Bearer ${owner}`, 'idempotency-key': 'the-same' };
    const { body: one } = await people.service.request('POST', '/api-keys', request, headers);
    const { body: two } = await people.service.request('POST', '/api-keys', request, headers);
    expect(one.keyId).not.toBe(two.keyId);
    const kept = await people.pool.query<{ text: string }>(
      'SELECT row_to_json(t)::text AS text FROM http.idempotent_request t',
    );
    expect(kept.rows.map(({ text }) => text).join()).not.toContain(one.secret);
  });

  it('is listed without its secret, with its last use, to those of its tenant', async () => {
    const { body: key } = await make({ name: 'crm', permissions: ['groups:manage'] });
    await exchange(key.keyId, key.secret);
    const { body } = await people.ask('GET', '/api-keys', undefined, owner);
    const [newest] = body.items;
    expect(newest).toMatchObject({ keyId: key.keyId, name: 'crm', permissions: ['groups:read', 'groups:manage'] });
    expect(newest.lastUsedAt).not.toBeNull();
    expect(JSON.stringify(body)).not.toContain(key.secret);
    const { rows } = await people.pool.query<{ text: string }>(
      'SELECT row_to_json(t)::text AS text FROM groups.api_key t',
    );
    expect(rows.map((row) => row.text).join()).not.toContain(key.secret);
    expect((await people.ask('GET', '/api-keys', undefined, stranger)).body.items).toEqual([]);
  });

  it('ends with everything it got when it is revoked', async () => {
    const { body: key } = await make({ permissions: ['projects:read'] });
    const { body: tokens } = await exchange(key.keyId, key.secret);
    expect(codeOf(await people.ask('DELETE', `/api-keys/${key.keyId}`, undefined, stranger))).toEqual([
      404,
      'NOT_FOUND',
    ]);
    expect((await people.ask('GET', '/projects', undefined, tokens.access_token)).status).toBe(200);
    expect((await people.ask('DELETE', `/api-keys/${key.keyId}`, undefined, owner)).status).toBe(204);
    expect((await people.ask('GET', '/projects', undefined, tokens.access_token)).status).toBe(401);
    expect(codeOf(await exchange(key.keyId, key.secret))).toEqual([401, 'UNAUTHENTICATED']);
    expect((await people.ask('DELETE', `/api-keys/${key.keyId}`, undefined, owner)).status).toBe(204);
  });

  it('is refused after its end, with another secret, and if it does not exist', async () => {
    const { body: key } = await make({ permissions: ['projects:read'], expiresAt: '2999-01-01T00:00:00Z' });
    expect((await exchange(key.keyId, key.secret)).status).toBe(200);
    await people.pool.query('UPDATE groups.api_key SET expires_at = now() WHERE key_id = $1', [key.keyId]);
    const { body: other } = await make({ permissions: ['projects:read'] });
    const answers = [
      await exchange(key.keyId, key.secret),
      await exchange(other.keyId, key.secret),
      await exchange('nobody', key.secret),
    ].map(({ status, body }) => JSON.stringify([status, { ...body, correlationId: '' }]));
    expect(new Set(answers).size).toBe(1);
    expect(answers[0]).toContain('UNAUTHENTICATED');
  });

  it('cannot have permissions that its creator lacks, nor those of the server administrator', async () => {
    expect(codeOf(await make({ permissions: ['projects:read'] }, concierge))).toEqual([403, 'FORBIDDEN']);
    expect(codeOf(await make({ permissions: ['projects:read'], tenantId }, stranger))).toEqual([404, 'NOT_FOUND']);
    const admin = (request: object) => people.service.post('/api-keys', { name: 'x', ...request });
    expect(codeOf(await admin({ permissions: ['projects:read'] }))).toEqual([400, 'VALIDATION']);
    for (const permission of ['system:manage', 'packages:record'])
      expect(codeOf(await admin({ permissions: [permission], tenantId }))).toEqual([400, 'VALIDATION']);
    expect((await admin({ permissions: ['projects:read'], tenantId })).status).toBe(201);
    for (const wrong of [
      { permissions: [] },
      { permissions: ['everything'] },
      { permissions: ['projects:read'], role: 'x' },
    ])
      expect(codeOf(await make(wrong))).toEqual([400, 'VALIDATION']);
    expect(codeOf(await make({ permissions: ['projects:read'], expiresAt: '2001-01-01T00:00:00Z' }))).toEqual([
      400,
      'VALIDATION',
    ]);
  });
});

describe('the audit trail', () => {
  const audit = (query: string, token?: string) =>
    token === undefined ? people.service.get(`/audit${query}`) : people.ask('GET', `/audit${query}`, undefined, token);

  it('says who signed in, who may what since when, and which keys there were', async () => {
    await people.from('192.0.2.33', '/auth/token', { email: 'ada@nordlicht.example', password: 'wrong' });
    await people.service.settled();
    const { body } = await audit('?limit=200', owner);
    const actions = new Set(body.items.map(({ action }: { action: string }) => action));
    for (const action of [
      'signed_in',
      'sign_in_failed',
      'invited',
      'invitation_accepted',
      'membership_granted',
      'api_key_created',
      'api_key_revoked',
    ])
      expect(actions).toContain(action);
    const [failed] = (await audit('?action=sign_in_failed', owner)).body.items;
    expect(failed).toMatchObject({ address: '192.0.2.33', actor: 'unknown', tenantId });
    expect(body.items.every((item: { tenantId: string }) => item.tenantId === tenantId)).toBe(true);
  });

  it('is read by those of the tenant who may, page by page', async () => {
    expect(codeOf(await audit('', concierge))).toEqual([403, 'FORBIDDEN']);
    const theirs = (await audit('?limit=200', stranger)).body.items as { tenantId: string }[];
    expect(theirs.length).toBeGreaterThan(0);
    expect(theirs.some((item) => item.tenantId === tenantId)).toBe(false);
    const whole = (await audit('?limit=200', owner)).body.items as object[];
    const pages: object[] = [];
    let cursor = '';
    do {
      const { body } = await audit(`?limit=7${cursor}`, owner);
      pages.push(...body.items);
      cursor = body.nextCursor === null ? '' : `&cursor=${body.nextCursor}`;
    } while (cursor !== '');
    expect(pages).toEqual(whole);
    // A cursor is valid only for its caller.
    const { nextCursor } = (await audit('?limit=1')).body;
    expect(codeOf(await audit(`?limit=200&cursor=${nextCursor}`, stranger))).toEqual([400, 'VALIDATION']);
  });
});
