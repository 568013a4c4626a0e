import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PASSWORD, People } from '../identity-under-test.harness.js';

let people: People;
let projectId: string;
/** Of the distributor's administrator. */
let owner: string;
let building: string;

beforeAll(async () => {
  people = await People.start();
  const { body } = await people.distributor('ada@nordlicht.example');
  projectId = body.projectId;
  owner = body.session.access_token;
  const group = { parentId: projectId, type: 'building', name: 'Building A' };
  building = (await people.ask('POST', `/projects/${projectId}/groups`, group, owner)).body.groupId;
}, 60_000);

afterAll(() => people.stop());

const codeOf = ({ status, body }: { status: number; body: { code?: string } | null }) => [status, body?.code];
const path = () => `/projects/${projectId}/groups/${building}/invitations`;
const kim = { email: 'kim@example.com', name: 'Kim Larsen', role: 'concierge' };
const invite = (invitations: readonly object[], token = owner) => people.ask('POST', path(), { invitations }, token);
const accept = (token: string, password = PASSWORD) => people.ask('POST', '/invitations/accept', { token, password });
const membersOf = async (groupId: string) =>
  (await people.ask('GET', `/projects/${projectId}/groups/${groupId}/members`, undefined, owner)).body.items as {
    email: string;
    role: string;
  }[];

describe('an invitation', () => {
  it('is mailed, looked at, and accepted with a new password', async () => {
    const { status, body } = await invite([kim]);
    expect([status, body.invitations[0].status, body.invitations[0].email]).toEqual([201, 'open', kim.email]);
    expect((await membersOf(building)).map(({ email }) => email)).not.toContain(kim.email);

    const { token, values, language } = await people.mail(kim.email, 'invitation');
    // Without an account: that of the inviter.
    expect(language).toBe('de');
    expect(values).toEqual({ inviter: 'Ada Berg', role: 'concierge', group: 'Building A', project: 'Hafenblick' });
    const preview = await people.ask('POST', '/invitations/preview', { token });
    expect(preview.body).toMatchObject({
      email: kim.email,
      project: 'Hafenblick',
      group: 'Building A',
      hasPassword: false,
    });

    const accepted = await people.ask('POST', '/invitations/accept', { token, password: PASSWORD, language: 'nb' });
    expect([accepted.status, accepted.body.groupId]).toEqual([200, building]);
    const mine = accepted.body.session.access_token;
    expect((await people.ask('GET', `/projects/${projectId}/groups/${building}`, undefined, mine)).status).toBe(200);
    expect(await membersOf(building)).toMatchObject([{ email: kim.email, role: 'concierge' }]);
    expect((await people.signIn(kim.email)).status).toBe(200);

    for (const again of [await accept(token), await people.ask('POST', '/invitations/preview', { token })])
      expect(codeOf(again)).toEqual([400, 'CODE_NOT_VALID']);
    const list = await people.ask('GET', path(), undefined, owner);
    expect(list.body.items[0]).toMatchObject({ email: kim.email, status: 'accepted' });
    await invite([{ ...kim, role: 'user' }], owner);
    expect(await people.mail(kim.email, 'invitation')).toMatchObject({ language: 'nb' });
  });

  it('goes to one of those who accept it at once', async () => {
    await invite([{ ...kim, email: 'race@example.com' }]);
    const { token } = await people.mail('race@example.com', 'invitation');
    const events = await people.service.recordedWhile(async () => {
      const answers = await Promise.all(Array.from({ length: 6 }, (_, one) => accept(token, `password number ${one}`)));
      const refused = answers.filter(({ status }) => status !== 200);
      expect(refused.map(codeOf)).toEqual(Array.from({ length: 5 }, () => [400, 'CODE_NOT_VALID']));
      const winner = answers.findIndex(({ status }) => status === 200);
      expect((await people.signIn('race@example.com', `password number ${winner}`)).status).toBe(200);
    });
    expect(events.filter(({ type }) => type === 'MemberAdded')).toHaveLength(1);
  });

  it('is accepted with the password of an account that is there, or as who is signed in, by nobody else', async () => {
    const stranger = await people.member({ projectId, by: owner }, 'stranger@example.com', 'user');
    await invite([{ ...kim, email: 'both@example.com' }]);
    await accept((await people.mail('both@example.com', 'invitation')).token);

    const root = `/projects/${projectId}/groups/${projectId}/invitations`;
    const again = { invitations: [{ ...kim, email: 'Both@Example.com', role: 'user' }] };
    await people.ask('POST', root, again, owner);
    const { token } = await people.mail('Both@Example.com', 'invitation');
    expect(codeOf(await accept(token, 'not this password'))).toEqual([401, 'UNAUTHENTICATED']);
    expect(codeOf(await people.ask('POST', '/me/invitations', { token }, stranger))).toEqual([400, 'CODE_NOT_VALID']);
    const { body: session } = await people.signIn('both@example.com');
    const accepted = await people.ask('POST', '/me/invitations', { token }, session.access_token);
    expect([accepted.status, accepted.body.groupId]).toEqual([200, projectId]);
    expect((await people.signIn('both@example.com')).status).toBe(200);
  });

  it('is invalid after it was revoked, sent again, or has expired', async () => {
    const to = 'late@example.com';
    const { body } = await invite([{ ...kim, email: to }]);
    const { invitationId } = body.invitations[0];
    const first = await people.mail(to, 'invitation');
    expect((await people.ask('POST', `${path()}/${invitationId}/resend`, {}, owner)).status).toBe(200);
    const second = await people.mail(to, 'invitation');
    expect(codeOf(await accept(first.token))).toEqual([400, 'CODE_NOT_VALID']);

    await people.pool.query('UPDATE groups.invitation SET expires_at = now() WHERE invitation_id = $1', [invitationId]);
    expect(codeOf(await accept(second.token))).toEqual([400, 'CODE_NOT_VALID']);
    await people.ask('POST', `${path()}/${invitationId}/resend`, {}, owner);
    const third = await people.mail(to, 'invitation');
    expect((await people.ask('DELETE', `${path()}/${invitationId}`, undefined, owner)).status).toBe(204);
    expect(codeOf(await accept(third.token))).toEqual([400, 'CODE_NOT_VALID']);
    expect(codeOf(await people.ask('DELETE', `${path()}/${invitationId}`, undefined, owner))).toEqual([
      404,
      'NOT_FOUND',
    ]);
    expect((await people.signIn(to)).status).toBe(401);
  });

  it('comes to nothing when its giver may not give it any more, or the group is gone', async () => {
    const leaving = await people.member({ projectId, by: owner }, 'leaving@example.com', 'site_administrator');
    await invite([{ ...kim, email: 'friend@example.com', role: 'site_administrator' }], leaving);
    const { token } = await people.mail('friend@example.com', 'invitation');
    const members = (await people.ask('GET', `/projects/${projectId}/groups/${projectId}/members`, undefined, owner))
      .body.items as { memberId: string; email: string }[];
    const member = members.find(({ email }) => email === 'leaving@example.com');
    await people.ask(
      'DELETE',
      `/projects/${projectId}/groups/${projectId}/members/${member?.memberId}`,
      undefined,
      owner,
    );
    await people.service.settled();
    const events = await people.service.recordedWhile(async () => {
      expect(codeOf(await accept(token))).toEqual([400, 'CODE_NOT_VALID']);
    });
    expect(events.filter(({ type }) => type === 'MemberAdded')).toEqual([]);

    const permissions = ['members:manage', 'projects:read', 'groups:read', 'quotas:read'];
    const key = (await people.ask('POST', '/api-keys', { name: 'crm', permissions }, owner)).body;
    const secret = { grant_type: 'client_credentials', client_id: key.keyId, client_secret: key.secret };
    const machine = (await people.ask('POST', '/auth/token', secret)).body.access_token;
    const higher = { ...kim, email: 'robot@example.com', role: 'site_administrator' };
    expect(codeOf(await invite([higher], machine))).toEqual([403, 'FORBIDDEN']);
    expect((await invite([{ ...kim, email: 'robot@example.com' }], machine)).status).toBe(201);
    await people.ask('DELETE', `/api-keys/${key.keyId}`, undefined, owner);
    const ofMachine = await people.mail('robot@example.com', 'invitation');
    expect(codeOf(await accept(ofMachine.token))).toEqual([400, 'CODE_NOT_VALID']);

    const doomed = { parentId: projectId, type: 'building', name: 'Doomed' };
    const { groupId } = (await people.ask('POST', `/projects/${projectId}/groups`, doomed, owner)).body;
    const there = `/projects/${projectId}/groups/${groupId}`;
    await people.ask('POST', `${there}/invitations`, { invitations: [{ ...kim, email: 'gone@example.com' }] }, owner);
    const gone = await people.mail('gone@example.com', 'invitation');
    await people.ask('DELETE', there, undefined, owner);
    expect(codeOf(await accept(gone.token))).toEqual([400, 'CODE_NOT_VALID']);
    expect((await people.signIn('gone@example.com')).status).toBe(401);
  });

  it('is one of many in a call, which is all or nothing', async () => {
    const many = Array.from({ length: 500 }, (_, one) => ({ ...kim, email: `person${one}@example.org` }));
    const { status, body } = await invite(many);
    expect([status, body.invitations.length]).toEqual([201, 500]);
    await people.mail('person499@example.org', 'invitation');

    const count = async () =>
      (await people.pool.query<{ count: string }>('SELECT count(*) FROM groups.invitation')).rows[0]?.count;
    const before = await count();
    const twice = await invite([
      { ...kim, email: 'x@example.org' },
      { ...kim, email: 'X@example.org' },
    ]);
    expect(twice.body).toMatchObject({ code: 'VALIDATION', errors: [{ field: 'invitations[1].email' }] });
    for (const wrong of [
      [...many, { ...kim, email: 'one-more@example.org' }],
      [],
      [{ ...kim, email: 'kim@example.com\nBcc: eve@evil.example' }],
      [{ ...kim, email: 'new@example.org', name: 'Kim\r\nBcc: eve@evil.example' }],
      [{ ...kim, email: 'new@example.org', tenantId: 'another' }],
      [{ ...kim, email: 'new@example.org', role: 'server_administrator' }],
      [{ ...kim, email: 'new@example.org', role: 'no-such-role' }],
    ])
      expect(codeOf(await invite(wrong))).toEqual([400, 'VALIDATION']);
    expect(await count()).toBe(before);
  });

  it('is given by nobody who does not hold what it gives', async () => {
    const concierge = await people.member(
      { projectId, groupId: building, by: owner },
      'staff@example.com',
      'concierge',
    );
    expect(codeOf(await invite([{ ...kim, email: 'a@example.net' }], concierge))).toEqual([403, 'FORBIDDEN']);
    const site = await people.member(
      { projectId, groupId: building, by: owner },
      'site@example.com',
      'site_administrator',
    );
    const higher = { ...kim, email: 'a@example.net', role: 'company_administrator' };
    expect(codeOf(await invite([higher], site))).toEqual([403, 'FORBIDDEN']);
    expect((await invite([{ ...kim, email: 'a@example.net' }], site)).status).toBe(201);
    const { body: other } = await people.distributor('eve@evil.example', 'Evil');
    expect(codeOf(await invite([kim], other.session.access_token))).toEqual([404, 'NOT_FOUND']);
    expect(codeOf(await people.ask('GET', path(), undefined, other.session.access_token))).toEqual([404, 'NOT_FOUND']);
  });
});
