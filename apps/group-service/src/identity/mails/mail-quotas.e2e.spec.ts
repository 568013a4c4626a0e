import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { People, registration } from '../identity-under-test.harness.js';

let people: People;
let projectId: string;
let owner: string;

beforeAll(async () => {
  people = await People.start({
    INVITATIONS_PER_CALLER_HOUR: '3',
    INVITATIONS_PER_TENANT_DAY: '5',
    ACCOUNT_MAILS_PER_NETWORK_HOUR: '4',
  });
  const { body } = await people.distributor('ada@nordlicht.example');
  projectId = body.projectId;
  owner = body.session.access_token;
}, 60_000);
afterAll(() => people.stop());

const person = (name: string) => ({ email: `${name}@example.com`, name: 'Kim Larsen', role: 'concierge' });
const path = () => `/projects/${projectId}/groups/${projectId}/invitations`;
const invite = (names: readonly string[], token = owner) =>
  people.ask('POST', path(), { invitations: names.map(person) }, token);
const recorded = async () => {
  const { rows } = await people.pool.query<Record<string, string>>(
    `SELECT (SELECT count(*) FROM groups.invitation) AS invitations, (SELECT count(*) FROM groups.registration) AS registrations,
       (SELECT count(*) FROM groups.audit WHERE action = 'invited') AS audit,
       (SELECT sum(used) FROM groups.quota) AS used`,
  );
  return rows[0];
};
const limited = (limit: number) => ({
  status: 429,
  body: { code: 'RATE_LIMITED', limit, retryAfterSeconds: expect.any(Number) },
});

describe('invitations', () => {
  it('of a caller beyond its quota are refused, with when to try again, and nothing is sent', async () => {
    const { body } = await invite(['one', 'two']);
    await people.mail('two@example.com', 'invitation');
    const before = await recorded();
    const refused = await invite(['three', 'four']);
    expect(refused).toMatchObject(limited(3));
    expect(await recorded()).toEqual(before);
    expect(people.unread('three@example.com')).toEqual([]);

    const resend = `${path()}/${body.invitations[0].invitationId}/resend`;
    expect((await people.ask('POST', resend, undefined, owner)).status).toBe(200);
    expect(await people.ask('POST', resend, undefined, owner)).toMatchObject(limited(3));
  });

  it('of all callers of a tenant have a quota together', async () => {
    const kim = await people.pool.query<{ used: number }>("SELECT used FROM groups.quota WHERE key LIKE '%tenant%day'");
    expect(kim.rows).toEqual([{ used: 3 }]);
    const key = { name: 'inviter', permissions: ['members:manage', 'projects:read', 'groups:read', 'quotas:read'] };
    const { body } = await people.ask('POST', '/api-keys', key, owner);
    const credentials = { grant_type: 'client_credentials', client_id: body.keyId, client_secret: body.secret };
    const machine = (await people.ask('POST', '/auth/token', credentials)).body.access_token;
    expect(await invite(['five', 'six', 'seven'], machine)).toMatchObject(limited(5));
    expect((await invite(['five', 'six'], machine)).status).toBe(201);
  });

  it('carry the end of their link', async () => {
    const { expiresAt } = await people.mail('six@example.com', 'invitation');
    const days = (Date.parse(expiresAt ?? '') - Date.now()) / 86_400_000;
    expect(Math.round(days)).toBe(7);
  });
});

describe('mails that a network asks for', () => {
  it('beyond its quota are refused for every recipient', async () => {
    const reset = (email: string) => people.ask('POST', '/auth/password-resets', { email });
    expect((await reset('ada@nordlicht.example')).status).toBe(202);
    const { expiresAt } = await people.mail('ada@nordlicht.example', 'password_reset');
    expect(Math.round((Date.parse(expiresAt ?? '') - Date.now()) / 3_600_000)).toBe(1);
    for (const name of ['x', 'y']) expect((await reset(`${name}@example.com`)).status).toBe(202);

    const before = await recorded();
    const another = { ...registration, email: 'eve@example.com', partnerName: 'Spam' };
    expect(await people.ask('POST', '/registrations', another)).toMatchObject(limited(4));
    expect(await reset('ada@nordlicht.example')).toMatchObject(limited(4));
    expect(await recorded()).toEqual(before);
  });
});
