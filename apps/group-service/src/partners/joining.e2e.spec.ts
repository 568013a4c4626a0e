import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PASSWORD, People, registration } from '../identity/identity-under-test.harness.js';
import type { Answer } from '../service-under-test.harness.js';

let people: People;
let distributorId: string;
let ada: string;

beforeAll(async () => {
  people = await People.start();
  const { body } = await people.distributor('ada@nordlicht.example');
  distributorId = body.partnerId as string;
  ada = body.session.access_token as string;
}, 60_000);

afterAll(() => people.stop());

const ask = (method: string, path: string, body?: unknown): Promise<Answer> => people.ask(method, path, body, ada);
const rotate = async (): Promise<string> =>
  (await ask('POST', `/partners/${distributorId}/join-code`)).body.joinCode as string;
const requests = async (status = 'open') =>
  (await ask('GET', `/partners/${distributorId}/join-requests?status=${status}`)).body.items;
/** The types of the events that a dry run shows. */
const typesOf = ({ body }: Answer): string[] => (body.events as { type: string }[]).map(({ type }) => type);
const decide = (requestId: string, what: string, body?: unknown, query = '') =>
  ask('POST', `/partners/${distributorId}/join-requests/${requestId}/${what}${query}`, body);

/** Registers with a code and confirms the address. */
async function request(email: string, joinCode: string): Promise<Answer> {
  await people.ask('POST', '/registrations', { ...registration, email, partnerName: 'Dahl', joinCode });
  const { token } = await people.mail(email, 'registration');
  return people.ask('POST', '/registrations/confirm', { token, password: PASSWORD });
}

describe('P1: a partner that registers without a code', () => {
  it('is its own tenant, with no power over partners, licenses or further projects', async () => {
    const { body } = await people.partner('eve@evil.example', 'Evil');
    const { partnerId } = body;
    const token = body.session.access_token as string;
    const shown = await people.ask('GET', `/partners/${partnerId as string}`, undefined, token);
    expect(shown.body).toMatchObject({ kind: 'dealer', parentPartnerId: null, tenantId: partnerId });
    const tries: [string, string, object | undefined][] = [
      ['POST', '/projects', { name: 'Another', partnerId, billingMode: 'postpaid' }],
      ['POST', '/partners', { name: 'Sub', kind: 'dealer', administrator: { name: 'Eve', email: 'eve@evil.example' } }],
      ['POST', `/partners/${partnerId as string}/promote`, undefined],
      ['POST', `/partners/${partnerId as string}/join-code`, undefined],
    ];
    for (const [method, path, sent] of tries) {
      const { status } = await people.ask(method, path, sent, token);
      expect([path, status]).toEqual([path, 403]);
    }
  });

  it('makes postpaid projects only while the server administrator allows it to', async () => {
    const { body } = await people.partner('ole@postpaid.example', 'Ole');
    const partnerId = body.partnerId as string;
    await people.service.post(`/partners/${partnerId}/promote`, undefined);
    const token = (await people.signIn('ole@postpaid.example')).body.access_token as string;
    const create = (name: string) =>
      people.ask('POST', '/projects', { name, partnerId, billingMode: 'postpaid' }, token);
    expect(await create('Before')).toMatchObject({ status: 403, body: { code: 'POSTPAID_NOT_ALLOWED' } });
    const allow = `/partners/${partnerId}/allow-postpaid`;
    expect((await people.ask('POST', allow, undefined, token)).status).toBe(403);
    const allowed = await people.service.post(allow, undefined);
    expect([allowed.status, allowed.body.postpaidAllowed]).toEqual([200, true]);
    expect((await create('Between')).status).toBe(201);
    await people.service.post(`/partners/${partnerId}/withdraw-postpaid`, undefined);
    expect(await create('After')).toMatchObject({ status: 403, body: { code: 'POSTPAID_NOT_ALLOWED' } });
  });

  it('is made a distributor by the server administrator alone', async () => {
    const { body } = await people.partner('ben@dahl.example', 'Dahl');
    const partnerId = body.partnerId as string;
    const tried = await people.service.post(`/partners/${partnerId}/promote?dryRun=true`, undefined);
    expect([tried.status, typesOf(tried)]).toEqual([200, ['PartnerPromoted', 'PartnerAdministratorAdded']]);
    const token = body.session.access_token as string;
    const kind = async () => (await people.ask('GET', `/partners/${partnerId}`, undefined, token)).body.kind as string;
    expect(await kind()).toBe('dealer');
    await people.service.post(`/partners/${partnerId}/promote`, undefined);
    expect(await kind()).toBe('distributor');
    expect((await people.ask('POST', `/partners/${partnerId}/join-code`, undefined, token)).status).toBe(201);
    const published = await people.service.published(partnerId);
    expect(published.map(({ type }) => type)).toContain('allotree.partner-promoted.v1');
  });
});

describe('P1: a partner that registers with the join code of a distributor', () => {
  it('sees and is nothing in its tenant until the distributor approves', async () => {
    const email = 'kim@larsen.example';
    const events = await people.service.recordedWhile(async () => {
      const { status, body } = await request(email, await rotate());
      expect([status, body.partnerId, body.projectId]).toEqual([200, null, null]);
      const token = body.session.access_token as string;
      const me = await people.ask('GET', '/me', undefined, token);
      expect(me.body.userId).toBe(body.userId);
      for (const list of ['/partners', '/projects'])
        expect((await people.ask('GET', list, undefined, token)).body.items ?? []).toEqual([]);
      expect((await people.ask('GET', `/partners/${distributorId}`, undefined, token)).status).toBe(404);
    });
    expect(events).toEqual([]);

    const [open] = await requests();
    expect(open).toMatchObject({ partnerName: 'Dahl', administrator: { email }, status: 'open', decidedAt: null });
    const requestId = open.joinRequestId as string;
    const tried = await decide(requestId, 'approve', undefined, '?dryRun=true');
    expect([tried.status, typesOf(tried), (await requests()).length]).toEqual([
      200,
      ['JoinApproved', 'PartnerRegistered', 'ProjectCreated', 'MemberAdded'],
      1,
    ]);
    const { status, body } = await decide(requestId, 'approve');
    expect(status).toBe(200);
    const session = (await people.signIn(email)).body.access_token as string;
    const joined = await people.ask('GET', `/partners/${body.partnerId as string}`, undefined, session);
    expect(joined.body).toMatchObject({ parentPartnerId: distributorId, tenantId: distributorId });
    const project = await people.ask('GET', `/projects/${body.projectId as string}`, undefined, session);
    expect(project.body).toMatchObject({ tenantId: distributorId, partnerId: body.partnerId });
    const again = await decide(requestId, 'approve');
    expect([again.status, again.body]).toEqual([200, body]);
    const late = await decide(requestId, 'reject', { reason: 'Too late' });
    expect([late.status, late.body.code]).toEqual([409, 'JOIN_REQUEST_DECIDED']);
  });

  it('gets nothing when the distributor rejects it', async () => {
    const email = 'rejected@larsen.example';
    await request(email, await rotate());
    const [open] = await requests();
    const requestId = open.joinRequestId as string;
    expect((await decide(requestId, 'reject', { reason: 'Unknown to us' })).status).toBe(204);
    expect((await decide(requestId, 'approve')).body.code).toBe('JOIN_REQUEST_DECIDED');
    const token = (await people.signIn(email)).body.access_token as string;
    expect((await people.ask('GET', '/partners', undefined, token)).body.items ?? []).toEqual([]);
    expect((await requests('rejected')).map((item: { joinRequestId: string }) => item.joinRequestId)).toContain(
      requestId,
    );
  });

  it('is refused with a wrong code, with one that was rotated or revoked, and with the id of a distributor', async () => {
    const old = await rotate();
    const code = await rotate();
    const register = (joinCode: string) =>
      people.ask('POST', '/registrations', { ...registration, email: 'zoe@larsen.example', joinCode });
    for (const wrong of [old, distributorId, 'x'.repeat(43)])
      expect((await register(wrong)).body).toMatchObject({ code: 'VALIDATION', errors: [{ field: 'joinCode' }] });
    expect((await register(code)).status).toBe(202);
    await ask('DELETE', `/partners/${distributorId}/join-code`);
    const { token } = await people.mail('zoe@larsen.example', 'registration');
    const late = await people.ask('POST', '/registrations/confirm', { token, password: PASSWORD });
    expect([late.status, late.body.code]).toEqual([400, 'CODE_NOT_VALID']);
    expect((await people.signIn('zoe@larsen.example')).status).toBe(401);
  });

  it('is decided on by its own distributor alone, and nobody else sees the request', async () => {
    const { body } = await people.distributor('olaf@ostwind.example', 'Ostwind');
    const stranger = body.session.access_token as string;
    await request('mia@ekman.example', await rotate());
    const [open] = await requests();
    const requestId = open.joinRequestId as string;
    const own = `/partners/${body.partnerId as string}/join-requests`;
    expect((await people.ask('GET', own, undefined, stranger)).body.items).toEqual([]);
    for (const path of [`${own}/${requestId}/approve`, `/partners/${distributorId}/join-requests/${requestId}/approve`])
      expect((await people.ask('POST', path, undefined, stranger)).status).toBe(404);
    expect(await requests()).toHaveLength(1);
  });
});
