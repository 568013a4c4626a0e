import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PASSWORD, People, registration } from '../../identity/identity-under-test.harness.js';

let people: People;
let distributorId: string;
/** Of the distributor's administrator. */
let owner: string;
beforeAll(async () => {
  people = await People.start();
  const { body } = await people.distributor('ada@nordlicht.example');
  distributorId = body.partnerId as string;
  owner = body.session.access_token as string;
}, 60_000);
afterAll(() => people.stop());

const reason = 'The contract ended';
const ask = (method: string, path: string, body?: unknown, token = owner) => people.ask(method, path, body, token);
const close = (partnerId: string, token = owner, query = '') =>
  ask('POST', `/partners/${partnerId}/close${query}`, { reason }, token);
const closeProject = (projectId: string) => ask('POST', `/projects/${projectId}/close`, { reason });

interface Dealer {
  readonly partnerId: string;
  readonly projectId: string;
  readonly token: string;
  readonly email: string;
}
let dealers = 0;
/** A dealer that joined the distributor, with a project and an administrator who is a member of it. */
const dealer = async (): Promise<Dealer> => {
  const email = `dan${++dealers}@dealer.example`;
  const { joinCode } = (await ask('POST', `/partners/${distributorId}/join-code`)).body;
  await people.ask('POST', '/registrations', { ...registration, email, partnerName: `Dealer ${dealers}`, joinCode });
  const { token } = await people.mail(email, 'registration');
  await people.ask('POST', '/registrations/confirm', { token, password: PASSWORD });
  const open = await ask('GET', `/partners/${distributorId}/join-requests?status=open`);
  const { joinRequestId } = open.body.items[0];
  const approved = await ask('POST', `/partners/${distributorId}/join-requests/${joinRequestId as string}/approve`);
  const session = (await people.signIn(email)).body.access_token as string;
  return { ...approved.body, email, token: session };
};

describe('closing a partner', () => {
  it('is refused while it has an open project, with its id, and changes nothing', async () => {
    const { partnerId, projectId } = await dealer();
    const events = await people.service.recordedWhile(async () => {
      const { status, body } = await close(partnerId);
      expect([status, body]).toEqual([
        409,
        expect.objectContaining({
          code: 'PARTNER_NOT_EMPTY',
          partnerId,
          count: 1,
          projectIds: [projectId],
          partnerIds: [],
        }),
      ]);
    });
    expect(events).toEqual([]);
  });

  it('is refused while a partner below it is open', async () => {
    const upper = await people.service.distributor('Upper');
    const administrator = { name: 'Dan', email: 'dan@below.example' };
    const below = { name: 'Below', kind: 'dealer', parentPartnerId: upper, administrator };
    const { partnerId } = (await people.service.post('/partners', below)).body;
    const closeUpper = () => people.service.post(`/partners/${upper}/close`, { reason });
    expect((await closeUpper()).body).toMatchObject({
      code: 'PARTNER_NOT_EMPTY',
      projectIds: [],
      partnerIds: [partnerId],
    });
    expect((await people.service.post(`/partners/${partnerId as string}/close`, { reason })).status).toBe(200);
    expect((await closeUpper()).body).toMatchObject({ status: 'closed', closedReason: reason });
  });

  it('is recorded once, shown, published and audited, and its administrators lose their rights', async () => {
    const { partnerId, projectId, email } = await dealer();
    await closeProject(projectId);
    const members = async () =>
      ((await ask('GET', `/projects/${projectId}/groups/${projectId}/members`)).body.items as { email: string }[]).map(
        (member) => member.email,
      );
    expect(await members()).toEqual([email]);
    const tried = await close(partnerId, owner, '?dryRun=true');
    expect(tried.body.events.map(({ type }: { type: string }) => type)).toEqual([
      'PartnerClosed',
      'PartnerAdministratorRemoved',
    ]);
    const events = await people.service.recordedWhile(async () => {
      const { status, body } = await close(partnerId);
      expect([status, body]).toEqual([
        200,
        expect.objectContaining({ partnerId, status: 'closed', closedReason: reason, parentPartnerId: distributorId }),
      ]);
      expect((await close(partnerId)).body).toEqual(body);
      await people.service.settled();
    });
    expect(events.map(({ type }) => type)).toEqual(['PartnerClosed', 'PartnerAdministratorRemoved', 'MemberRemoved']);
    const published = await people.service.published(partnerId);
    expect(published.slice(-2).map(({ type, data }) => [type, data])).toEqual([
      ['allotree.partner-closed.v1', { partnerId, tenantId: distributorId, reason }],
      ['allotree.partner-administrator-removed.v1', { partnerId, userId: expect.any(String) }],
    ]);
    const { items } = (await people.service.get('/audit?action=partner_closed')).body;
    expect(items[0].facts).toEqual({ partnerId, tenantId: distributorId, reason });

    expect(await members()).toEqual([]);
    const session = (await people.signIn(email)).body.access_token as string;
    for (const path of [`/partners/${partnerId}`, `/projects/${projectId}`])
      expect((await ask('GET', path, undefined, session)).status).toBe(404);
    // Callers above the partner can still read it.
    expect((await ask('GET', `/partners/${partnerId}`)).body.status).toBe('closed');
    expect((await ask('GET', `/projects/${projectId}/groups`)).status).toBe(200);
  });

  it('leaves nothing to decide about it', async () => {
    const { partnerId, projectId } = await dealer();
    await closeProject(projectId);
    await close(partnerId);
    const events = await people.service.recordedWhile(async () => {
      for (const [path, body] of [
        ['/projects', { name: 'Another', partnerId }],
        [`/partners/${partnerId}/administrators`, { name: 'Kim', email: 'kim@dealer.example' }],
      ] as const) {
        const answer = await ask('POST', path, body);
        expect([path, answer.status, answer.body]).toEqual([
          path,
          409,
          expect.objectContaining({ code: 'PARTNER_CLOSED', partnerId, reason }),
        ]);
      }
      const promoted = await people.service.post(`/partners/${partnerId}/promote`, undefined);
      expect(promoted.body.code).toBe('PARTNER_CLOSED');
    });
    expect(events).toEqual([]);
  });

  it('splits the list by status, also when it is built anew', async () => {
    const listed = async (status: string) =>
      ((await ask('GET', `/partners?status=${status}&limit=200`)).body.items as { partnerId: string }[]).map(
        (partner) => partner.partnerId,
      );
    const { partnerId, projectId } = await dealer();
    await closeProject(projectId);
    expect((await listed('open')).includes(partnerId)).toBe(true);
    await close(partnerId);
    const where = async () => [
      (await listed('open')).includes(partnerId),
      (await listed('closed')).includes(partnerId),
    ];
    expect(await where()).toEqual([false, true]);
    await people.service.rebuild('partner_view');
    expect(await where()).toEqual([false, true]);
  });

  it('can be closed from above only: not by the partner and not by another tenant', async () => {
    const { partnerId, projectId, token } = await dealer();
    await closeProject(projectId);
    const stranger = (await people.distributor('olaf@ostwind.example', 'Ostwind')).body.session.access_token as string;
    const events = await people.service.recordedWhile(async () => {
      expect((await close(partnerId, token)).body.code).toBe('FORBIDDEN');
      expect((await close(partnerId, stranger)).body).toMatchObject({ code: 'NOT_FOUND', what: 'partner' });
      // A distributor is registered, and closed, by the vendor.
      expect((await close(distributorId)).body).toMatchObject({ code: 'FORBIDDEN', permission: 'partners:manage' });
      expect((await ask('POST', `/partners/${partnerId}/close`, {})).body.code).toBe('VALIDATION');
    });
    expect(events).toEqual([]);
  });

  it('ends the join code, the keys and the open join requests of a tenant', async () => {
    const { body } = await people.distributor('eve@suedwind.example', 'Suedwind');
    const { partnerId: tenantId, projectId } = body;
    const eve = body.session.access_token as string;
    const { joinCode } = (await ask('POST', `/partners/${tenantId as string}/join-code`, undefined, eve)).body;
    const joining = { ...registration, email: 'joins@suedwind.example', partnerName: 'Joins', joinCode };
    await people.ask('POST', '/registrations', joining);
    const { token } = await people.mail('joins@suedwind.example', 'registration');
    await people.ask('POST', '/registrations/confirm', { token, password: PASSWORD });
    const requests = `/partners/${tenantId as string}/join-requests`;
    const { joinRequestId } = (await ask('GET', `${requests}?status=open`, undefined, eve)).body.items[0];
    const key = { name: 'billing', permissions: ['projects:read'], tenantId };
    const { keyId, secret } = (await people.service.post('/api-keys', key)).body;
    const machine = () =>
      people.ask('POST', '/auth/token', { grant_type: 'client_credentials', client_id: keyId, client_secret: secret });
    expect((await machine()).status).toBe(200);

    await people.service.post(`/projects/${projectId as string}/close`, { reason });
    expect((await people.service.post(`/partners/${tenantId as string}/close`, { reason })).status).toBe(200);

    expect((await machine()).status).toBe(401);
    expect((await people.service.post('/api-keys', key)).body.code).toBe('PARTNER_CLOSED');
    const late = await people.ask('POST', '/registrations', { ...joining, email: 'late@suedwind.example' });
    expect(late.body).toMatchObject({ code: 'VALIDATION', errors: [{ field: 'joinCode' }] });
    for (const path of [`${requests}/${joinRequestId as string}/approve`, `/partners/${tenantId as string}/join-code`])
      expect((await people.service.post(path, undefined)).body.code).toBe('PARTNER_CLOSED');
  });
});
