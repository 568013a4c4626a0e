import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { PERMISSION_NAMES, ROLES } from '@allotree/contracts';
import { Passwords } from '../accounts/passwords.js';
import { ADMIN_PASSWORD, PASSWORD, People, registration } from '../identity-under-test.harness.js';
import { networkOf } from '../visitor.js';

let people: People;

beforeAll(async () => {
  people = await People.start();
}, 60_000);

afterAll(() => people.stop());

const codeOf = ({ status, body }: { status: number; body: { code?: string } | null }) => [status, body?.code];

describe('registration', () => {
  it('makes the partner, its project with a trial, its administrator, and signs in', async () => {
    const started = await people.ask('POST', '/registrations', registration);
    expect(started.status).toBe(202);
    const mail = await people.mail(registration.email, 'registration');
    expect(mail).toMatchObject({ name: 'Ada Berg', values: { partner: 'Nordlicht', project: 'Hafenblick' } });

    const { registrationId } = started.body;
    const code = mail.values['code'];
    const confirmed = await people.ask('POST', '/registrations/confirm', { registrationId, code, password: PASSWORD });
    expect(confirmed.status).toBe(200);
    const { partnerId, projectId, userId, session } = confirmed.body;
    const me = await people.ask('GET', '/me', undefined, session.access_token);
    expect(me.body).toMatchObject({
      userId,
      email: registration.email,
      tenantIds: [partnerId],
      serverAdministrator: false,
      permissions: ROLES.site_administrator,
      memberships: [
        { tenantId: partnerId, partnerId: null, projectId, groupId: projectId, permissions: ROLES.site_administrator },
        { tenantId: partnerId, partnerId, projectId: null, groupId: null, permissions: ROLES.site_administrator },
      ],
      name: 'Ada Berg',
      timeZone: 'Europe/Berlin',
      language: 'de',
    });
    const project = await people.ask('GET', `/projects/${projectId}`, undefined, session.access_token);
    expect(project.body).toMatchObject({ name: 'Hafenblick', partnerId, tenantId: partnerId });
    const published = await people.service.published(projectId);
    expect(published[0]).toMatchObject({ type: 'allotree.project-created.v1', data: { trial: true } });

    // Once more, with the other proof: the same, without a session.
    const events = await people.service.recordedWhile(async () => {
      const again = await people.ask('POST', '/registrations/confirm', {
        token: mail.token,
        password: 'chosen by another',
      });
      const same = { partnerId, projectId, joinRequestId: null, userId, session: null };
      expect([again.status, again.body]).toEqual([200, same]);
    });
    expect(events).toEqual([]);
    expect((await people.signIn('Ada@Nordlicht.Example')).status).toBe(200);
  });

  it('answers the same for an address that has an account, and sends its owner a mail', async () => {
    const events = await people.service.recordedWhile(async () => {
      const known = await people.ask('POST', '/registrations', { ...registration, partnerName: 'Fake' });
      const unknown = await people.ask('POST', '/registrations', { ...registration, email: 'new@nordlicht.example' });
      expect([known.status, Object.keys(known.body)]).toEqual([unknown.status, Object.keys(unknown.body)]);
      const mail = await people.mail(registration.email, 'registration_known');
      expect(mail.language).toBe('de');
      expect([mail.path, mail.values]).toEqual(['/sign-in', {}]);
      const { registrationId } = known.body;
      const guess = await people.ask('POST', '/registrations/confirm', {
        registrationId,
        code: '00000000',
        password: PASSWORD,
      });
      expect(codeOf(guess)).toEqual([400, 'CODE_NOT_VALID']);
    });
    expect(events).toEqual([]);
  });

  it('is not confirmed by a right code after five wrong ones, nor when it is too old', async () => {
    const email = 'guessed@nordlicht.example';
    const { body } = await people.ask('POST', '/registrations', { ...registration, email });
    const { values, token } = await people.mail(email, 'registration');
    const right = values['code'] ?? '';
    const wrong = right === '12345678' ? '87654321' : '12345678';
    const confirm = (proof: object) => people.ask('POST', '/registrations/confirm', { ...proof, password: PASSWORD });
    const { registrationId } = body;
    for (let guess = 0; guess < 5; guess += 1)
      expect(codeOf(await confirm({ registrationId, code: wrong }))).toEqual([400, 'CODE_NOT_VALID']);
    expect(codeOf(await confirm({ registrationId, code: right }))).toEqual([400, 'CODE_NOT_VALID']);
    await people.pool.query('UPDATE groups.registration SET expires_at = now() WHERE registration_id = $1', [
      registrationId,
    ]);
    expect(codeOf(await confirm({ token }))).toEqual([400, 'CODE_NOT_VALID']);
    expect((await people.signIn(email)).status).toBe(401);
  });

  it('makes one partner however many confirm at once', async () => {
    const email = 'eager@nordlicht.example';
    await people.ask('POST', '/registrations', { ...registration, email });
    const { token } = await people.mail(email, 'registration');
    const events = await people.service.recordedWhile(async () => {
      const answers = await Promise.all(
        Array.from({ length: 5 }, () => people.ask('POST', '/registrations/confirm', { token, password: PASSWORD })),
      );
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
      expect(new Set(answers.map(({ body }) => body.partnerId)).size).toBe(1);
      expect(answers.filter(({ body }) => body.session !== null)).toHaveLength(1);
    });
    expect(events.filter(({ type }) => type === 'PartnerRegistered')).toHaveLength(1);
  });

  it('takes no password before the address is proven: a password chosen earlier opens nothing', async () => {
    const early = await people.ask('POST', '/registrations', { ...registration, password: PASSWORD });
    expect([early.status, early.body.errors[0].field]).toEqual([400, 'password']);
    const email = 'late@nordlicht.example';
    await people.ask('POST', '/registrations', { ...registration, email });
    const { token } = await people.mail(email, 'registration');
    const without = await people.ask('POST', '/registrations/confirm', { token });
    expect([without.status, without.body.errors[0].field]).toEqual([400, 'password']);
    await people.ask('POST', '/registrations/confirm', { token, password: PASSWORD });
    expect((await people.signIn(email)).status).toBe(200);
  });

  it('writes nothing into the mail that a mail reader makes a link of', async () => {
    const email = 'bait@nordlicht.example';
    const bait = { partnerName: 'Win at https://evil.example', objectName: 'evil.example', name: 'x'.repeat(150) };
    await people.ask('POST', '/registrations', { ...registration, email, ...bait });
    const { name, values } = await people.mail(email, 'registration');
    expect(values).toMatchObject({ partner: 'Win at evil. example', project: 'evil. example' });
    expect([...name]).toHaveLength(80);
  });

  it.each<[string, Record<string, unknown>, string]>([
    ['a second line in the address', { email: 'ada@nordlicht.example\r\nBcc: eve@evil.example' }, 'email'],
    ['a second line in the name', { name: 'Ada\r\nBcc: eve@evil.example' }, 'name'],
    ['a tenant of its choice', { tenantId: 'somebody-else' }, 'tenantId'],
    ['a role of its choice', { role: 'server_administrator' }, 'role'],
    ['the kind that only the vendor makes', { kind: 'distributor' }, 'kind'],
    ['a distributor of its choice', { parentPartnerCode: 'nordlicht' }, 'parentPartnerCode'],
    ['a place that is no time zone', { timeZone: 'Moon/Crater' }, 'timeZone'],
    ['words that are no language', { language: 'not a tag' }, 'language'],
  ])('is refused with %s', async (_what, over, field) => {
    const { status, body } = await people.ask('POST', '/registrations', { ...registration, ...over });
    expect([status, body.code, body.errors[0].field]).toEqual([400, 'VALIDATION', field]);
  });

  it('of an address that looks like another sends its mail to that address alone', async () => {
    const lookAlike = 'аda@nordlicht.example';
    const started = await people.ask('POST', '/registrations', { ...registration, email: lookAlike });
    expect(started.status).toBe(202);
    expect((await people.mail(lookAlike, 'registration')).to).toBe(lookAlike);
    expect(people.unread(registration.email)).toEqual([]);
  });

  it('of an address that is another one in NFC is that of its owner', async () => {
    await people.partner('kelvin@nordlicht.example', 'Kelvin');
    await people.ask('POST', '/registrations', { ...registration, email: '\u212aelvin@nordlicht.example' });
    expect((await people.mail('Kelvin@nordlicht.example', 'registration_known')).values).toEqual({});
  });

  it('is confirmed with no short password', async () => {
    const { status, body } = await people.ask('POST', '/registrations/confirm', {
      token: 'x'.repeat(43),
      password: 'short',
    });
    expect([status, body.errors[0].field]).toEqual([400, 'password']);
  });
});

describe('signing in', () => {
  const email = 'ben@nordlicht.example';

  beforeAll(async () => {
    await people.distributor(email, 'Südlicht');
  });

  it('answers the same for a wrong password and an unknown address, after the same work', async () => {
    const fits = jest.spyOn(Passwords.prototype, 'fits');
    const answers = [];
    for (const [address, password] of [
      [email, 'wrong'],
      ['nobody@nordlicht.example', PASSWORD],
      // The Kelvin sign is a k in small letters.
      [email.replace('nordlicht', 'nordlicht'.replace('l', '\u212a')), PASSWORD],
    ] as const) {
      const { status, body } = await people.signIn(address, password);
      answers.push([status, { ...body, correlationId: '' }]);
    }
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(answers[0]?.[0]).toBe(401);
    expect(fits).toHaveBeenCalledTimes(3);
    fits.mockRestore();
  });

  it('signs the server administrator in', async () => {
    const { body } = await people.signIn('Admin@allotree.local', ADMIN_PASSWORD);
    const me = await people.ask('GET', '/me', undefined, body.access_token);
    expect(me.body).toMatchObject({ userId: 'server-administrator', serverAdministrator: true, memberships: [] });
    expect(me.body.permissions).toEqual(PERMISSION_NAMES);
    expect((await people.ask('GET', '/partners', undefined, body.access_token)).status).toBe(200);
  });

  it('slows down who guesses, and nobody else', async () => {
    const guess = (password: string, from: string) => people.from(from, '/auth/token', { email, password });
    for (let wrong = 0; wrong < 5; wrong += 1) expect((await guess('wrong', '198.51.100.7')).status).toBe(401);
    const late = await guess(PASSWORD, '198.51.100.7');
    expect(codeOf(late)).toEqual([429, 'RATE_LIMITED']);
    expect(late.body.retryAfterSeconds).toBeGreaterThan(0);
    // The owner, elsewhere, notices nothing; nor does another account there.
    expect((await guess(PASSWORD, '203.0.113.9')).status).toBe(200);
    const other = { email: registration.email, password: PASSWORD };
    expect((await people.from('198.51.100.7', '/auth/token', other)).status).toBe(200);
    // When the pause is over the right password is enough, and the guesses are forgotten.
    await people.pool.query("UPDATE groups.attempt SET blocked_until = now() WHERE key LIKE 'account 198.51.100.7 %'");
    expect((await guess(PASSWORD, '198.51.100.7')).status).toBe(200);
    expect((await guess('wrong', '198.51.100.7')).status).toBe(401);
  });

  it('counts guesses that come at once as many', async () => {
    const guesses = await Promise.all(
      Array.from({ length: 12 }, () => people.from('198.51.100.99', '/auth/token', { email, password: 'wrong' })),
    );
    const statuses = guesses.map(({ status }) => status).sort();
    expect(statuses).toEqual([...Array<number>(5).fill(401), ...Array<number>(7).fill(429)]);
  });

  it('pauses longer each time', async () => {
    const pauses = [];
    for (let round = 0; round < 3; round += 1) {
      await people.pool.query(
        "UPDATE groups.attempt SET blocked_until = now() WHERE key LIKE 'account 198.51.100.99 %'",
      );
      await people.from('198.51.100.99', '/auth/token', { email, password: 'wrong' });
      const { rows } = await people.pool.query<{ seconds: number }>(
        `SELECT round(extract(epoch FROM forgotten_at - clock_timestamp()) - 86400)::integer AS seconds
         FROM groups.attempt WHERE key LIKE 'account 198.51.100.99 %'`,
      );
      pauses.push(rows[0]?.seconds);
    }
    expect(pauses).toEqual([2, 4, 8]);
  });

  it('slows down guesses at one account from many networks, and not its owner', async () => {
    const owner = 'often@nordlicht.example';
    await people.distributor(owner, 'Guessed');
    await people.from('203.0.113.50', '/auth/token', { email: owner, password: PASSWORD });
    const from = (address: string, password: string) => people.from(address, '/auth/token', { email: owner, password });
    const key = `account from elsewhere ${owner}`;
    // As if others had come before from as many networks.
    await people.pool.query('UPDATE groups.attempt SET number = 49 WHERE key = $1', [key]);
    expect((await from('198.51.100.201', 'wrong')).status).toBe(401);
    expect(codeOf(await from('198.51.100.202', 'wrong'))).toEqual([429, 'RATE_LIMITED']);
    // The pause grows to a minute, and not beyond.
    await people.pool.query('UPDATE groups.attempt SET number = 500, blocked_until = now() WHERE key = $1', [key]);
    expect((await from('198.51.100.203', 'wrong')).status).toBe(401);
    const { body: paused } = await from('198.51.100.204', PASSWORD);
    expect(paused.retryAfterSeconds).toBeGreaterThan(50);
    expect(paused.retryAfterSeconds).toBeLessThanOrEqual(60);
    // Where it signed in before, the owner notices nothing.
    expect((await from('203.0.113.50', PASSWORD)).status).toBe(200);
    // From a new network it proves the address by a mail, and is known there from then on.
    await people.ask('POST', '/auth/password-resets', { email: owner });
    const { token } = await people.mail(owner, 'password_reset');
    const chosen = 'a password chosen elsewhere';
    await people.from('203.0.113.77', '/auth/password-resets/confirm', { token, password: chosen });
    expect((await from('203.0.113.77', chosen)).status).toBe(200);
  });

  it('takes the half of a version 6 address for one caller', () => {
    expect(networkOf('2001:db8:1:2:3:4:5:6')).toBe(networkOf('2001:db8:1:2::9'));
    expect(networkOf('2001:db8:1:3::9')).not.toBe(networkOf('2001:db8:1:2::9'));
    expect(networkOf('::ffff:192.0.2.1')).toBe('192.0.2.1');
  });
});

describe('a session', () => {
  const email = 'cleo@nordlicht.example';
  const refresh = (refresh_token: string) =>
    people.ask('POST', '/auth/token', { grant_type: 'refresh_token', refresh_token });
  const isIn = async (token: string) => (await people.ask('GET', '/me', undefined, token)).status === 200;

  beforeAll(async () => {
    await people.distributor(email, 'Westlicht');
  });

  it('gets new tokens with each refresh token once; the second time it ends', async () => {
    const { body: first } = await people.signIn(email);
    expect(first).toMatchObject({ token_type: 'Bearer', expires_in: 900 });
    const { body: second } = await refresh(first.refresh_token);
    expect(await isIn(second.access_token)).toBe(true);
    expect(codeOf(await refresh(first.refresh_token))).toEqual([401, 'UNAUTHENTICATED']);
    // The holder of the newer token is signed out too: one of the two is an attacker.
    expect(codeOf(await refresh(second.refresh_token))).toEqual([401, 'UNAUTHENTICATED']);
    expect(await isIn(second.access_token)).toBe(false);
  });

  it('goes on for one of those who use a refresh token at once, at most', async () => {
    const { body } = await people.signIn(email);
    const answers = await Promise.all(Array.from({ length: 4 }, () => refresh(body.refresh_token)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  });

  it('ends when it is revoked, for every service', async () => {
    const { body } = await people.signIn(email);
    const { body: me } = await people.ask('GET', '/me', undefined, body.access_token);
    expect((await people.ask('POST', '/auth/revoke', { token: body.refresh_token })).status).toBe(204);
    expect(await isIn(body.access_token)).toBe(false);
    expect((await refresh(body.refresh_token)).status).toBe(401);
    expect((await people.ask('POST', '/auth/revoke', { token: 'what is no token at all' })).status).toBe(204);
    const published = await people.service.published(me.userId);
    expect(published.map(({ type }) => type)).toContain('allotree.session-revoked.v1');
    expect(published.at(-1)?.data).toMatchObject({ sessionId: me.sessionId, userId: me.userId });
  });

  it('is seen and ended by its owner, and by nobody else', async () => {
    const { body: here } = await people.signIn(email);
    const { body: there } = await people.signIn(email);
    const { body: stranger } = await people.signIn(registration.email);
    const sessions = async (token: string) => (await people.ask('GET', '/me/sessions', undefined, token)).body.items;
    const current = (await sessions(there.access_token)).find((one: { current: boolean }) => one.current);
    const path = `/me/sessions/${current.sessionId}`;
    expect(codeOf(await people.ask('DELETE', path, undefined, stranger.access_token))).toEqual([404, 'NOT_FOUND']);
    expect(await isIn(there.access_token)).toBe(true);
    expect((await people.ask('DELETE', path, undefined, here.access_token)).status).toBe(204);
    expect([await isIn(there.access_token), await isIn(here.access_token)]).toEqual([false, true]);
    const { body: third } = await people.signIn(email);
    expect((await people.ask('DELETE', '/me/sessions', undefined, here.access_token)).status).toBe(204);
    expect([await isIn(third.access_token), await isIn(here.access_token)]).toEqual([false, true]);
    expect(await sessions(here.access_token)).toHaveLength(1);
  });

  it('keeps no secret that could be used', async () => {
    const { body } = await people.signIn(email);
    for (const table of ['session', 'refresh_token', 'account', 'registration', 'audit', 'account_mail']) {
      const { rows } = await people.pool.query<{ text: string }>(
        `SELECT row_to_json(t)::text AS text FROM groups.${table} t`,
      );
      const text = rows.map((row) => row.text).join('\n');
      expect(text).not.toContain(body.refresh_token);
      expect(text).not.toContain(PASSWORD);
    }
  });
});

describe('what somebody changes of themselves', () => {
  const email = 'dora@nordlicht.example';

  beforeAll(async () => {
    await people.distributor(email, 'Ostlicht');
  });

  it('is name, time zone and language, and nothing else', async () => {
    const { body } = await people.signIn(email);
    const changed = await people.ask('PATCH', '/me', { timeZone: 'Europe/Oslo' }, body.access_token);
    expect(changed.body).toMatchObject({ name: 'Ada Berg', timeZone: 'Europe/Oslo', language: 'de' });
    const events = await people.service.recordedWhile(async () => {
      for (const request of [{ email: 'x@y.example' }, { tenantId: 'x' }, { serverAdministrator: true }, {}])
        expect(codeOf(await people.ask('PATCH', '/me', request, body.access_token))).toEqual([400, 'VALIDATION']);
    });
    expect(events).toEqual([]);
  });

  it('is the password, which ends every other session', async () => {
    const { body: here } = await people.signIn(email);
    const { body: there } = await people.signIn(email);
    const change = (currentPassword: string) =>
      people.ask(
        'POST',
        '/me/password',
        { currentPassword, newPassword: 'another horse altogether' },
        here.access_token,
      );
    expect(codeOf(await change('wrong'))).toEqual([401, 'UNAUTHENTICATED']);
    expect((await change(PASSWORD)).status).toBe(204);
    expect((await people.ask('GET', '/me', undefined, here.access_token)).status).toBe(200);
    expect((await people.ask('GET', '/me', undefined, there.access_token)).status).toBe(401);
    expect((await people.signIn(email)).status).toBe(401);
    expect((await people.signIn(email, 'another horse altogether')).status).toBe(200);
    expect(await people.mail(email, 'password_changed')).toMatchObject({
      language: 'de',
      changed: { at: expect.any(String), timeZone: 'Europe/Oslo' },
    });
  });
});

describe('a forgotten password', () => {
  const email = 'emil@nordlicht.example';
  const askFor = (address: string) => people.ask('POST', '/auth/password-resets', { email: address });
  const choose = (token: string, password: string) =>
    people.ask('POST', '/auth/password-resets/confirm', { token, password });

  beforeAll(async () => {
    await people.distributor(email, 'Nordwind');
  });

  it('is chosen anew by link: once, by one of those who use it, and signs everybody out', async () => {
    const { body: before } = await people.signIn(email);
    expect(await askFor(email.toUpperCase())).toMatchObject({ status: 202 });
    const { token, to, language } = await people.mail(email, 'password_reset');
    expect(language).toBe('de');
    // Sent to the stored spelling of the address, not to the requested one.
    expect(to).toBe(email);
    const answers = await Promise.all(['a long new password', 'b long new password'].map((one) => choose(token, one)));
    expect(answers.map(({ status }) => status).sort()).toEqual([204, 400]);
    expect((await people.ask('GET', '/me', undefined, before.access_token)).status).toBe(401);
    expect(codeOf(await choose(token, 'c long new password'))).toEqual([400, 'CODE_NOT_VALID']);
    const winner = answers[0]?.status === 204 ? 'a long new password' : 'b long new password';
    expect((await people.signIn(email, winner)).status).toBe(200);
  });

  it('answers the same for an address nobody has, and sends nothing', async () => {
    const unknown = await askFor('nobody@nordlicht.example');
    const administrator = await askFor('admin@allotree.local');
    expect([unknown.status, administrator.status]).toEqual([202, 202]);
    // Mails go in their order: what follows has arrived, so nothing went before it.
    await askFor(email);
    await people.mail(email, 'password_reset');
    expect(people.unread('nobody@nordlicht.example')).toEqual([]);
    expect(people.unread('admin@allotree.local')).toEqual([]);
  });

  it('is the first password of a person who was added as a member by address', async () => {
    const address = 'first@nordlicht.example';
    const projectId = await people.service.project('Seeblick');
    const member = { email: address, name: 'Finn', role: 'concierge' };
    await people.service.post(`/projects/${projectId}/groups/${projectId}/members`, member);
    await people.service.settled();
    expect((await people.signIn(address)).status).toBe(401);
    await askFor(address);
    const { token } = await people.mail(address, 'password_reset');
    expect((await choose(token, PASSWORD)).status).toBe(204);
    const { body } = await people.signIn(address);
    expect((await people.ask('GET', `/projects/${projectId}`, undefined, body.access_token)).status).toBe(200);
  });

  it('fills nobody’s mailbox', async () => {
    const address = 'gus@nordlicht.example';
    await people.distributor(address, 'Südwind');
    for (let mail = 0; mail < 6; mail += 1) expect((await askFor(address)).status).toBe(202);
    await askFor(email);
    await people.mail(email, 'password_reset');
    // The first of five was the registration.
    expect(people.unread(address)).toEqual(Array<string>(4).fill('password_reset'));
    // A token that was not mailed cannot be used.
    const { rows } = await people.pool.query<{ unsent: number }>(
      `SELECT count(*) FILTER (WHERE user_id IS NULL)::integer AS unsent FROM groups.password_reset WHERE email = $1`,
      [address],
    );
    expect(rows[0]?.unsent).toBe(2);
  });

  it('keeps no code of a registration whose mail does not go out', async () => {
    const address = 'often@asked.example';
    for (let mail = 0; mail < 5; mail += 1)
      await people.ask('POST', '/registrations', { ...registration, email: address });
    const { status, body } = await people.ask('POST', '/registrations', { ...registration, email: address });
    expect(status).toBe(202);
    const { rows } = await people.pool.query(
      'SELECT token_hash, code_hash FROM groups.registration WHERE registration_id = $1',
      [body.registrationId],
    );
    expect(rows).toEqual([{ token_hash: null, code_hash: null }]);
  });

  it('opens the account under the name under which somebody was made a member or administrator', async () => {
    const { body } = await people.distributor('lia@nordlicht.example', 'Names');
    const { projectId, partnerId, session } = body;
    const member = { email: 'j.k@nordlicht.example', name: 'Jan Kaiser', role: 'concierge' };
    const administrator = { email: 'l.m@nordlicht.example', name: 'Lea Moss', role: 'company_administrator' };
    const token = session.access_token;
    await people.ask('POST', `/projects/${projectId}/groups/${projectId}/members`, member, token);
    await people.ask('POST', `/partners/${partnerId}/administrators`, administrator, token);
    for (const { email: address, name } of [member, administrator]) {
      await askFor(address);
      const mail = await people.mail(address, 'password_reset');
      // The mail is the vendor's, so it has no words of the tenant.
      expect(JSON.stringify(mail)).not.toContain(name);
      expect((await choose(mail.token, 'a long first password')).status).toBe(204);
      const { body: entered } = await people.signIn(address, 'a long first password');
      expect((await people.ask('GET', '/me', undefined, entered.access_token)).body.name).toBe(name);
    }
  });
});

describe('a password that is easy to guess', () => {
  it.each([
    ['common', 'Password123'],
    ['the own address', 'ida@nordlicht.example'],
    ['blank', ' '.repeat(12)],
  ])('is not chosen: %s', async (_what, password) => {
    const email = 'ida@nordlicht.example';
    const { body } = await people.signIn(email);
    const session = body.access_token ?? (await people.distributor(email, 'Easy')).body.session.access_token;
    const change = { currentPassword: PASSWORD, newPassword: password };
    const changed = await people.ask('POST', '/me/password', change, session);
    expect([changed.status, changed.body.errors[0].field]).toEqual([400, 'newPassword']);
    await people.ask('POST', '/auth/password-resets', { email });
    const { token } = await people.mail(email, 'password_reset');
    const reset = await people.ask('POST', '/auth/password-resets/confirm', { token, password });
    expect([reset.status, reset.body.errors[0].field]).toEqual([400, 'password']);
    expect((await people.signIn(email)).status).toBe(200);
  });
});

describe('an account that is deactivated', () => {
  it('is out at once, and comes in again when it is reinstated', async () => {
    const email = 'hal@nordlicht.example';
    const { body } = await people.distributor(email, 'Westwind');
    const { userId, session } = body;
    const reason = { reason: 'taken over' };
    const denied = await people.ask('POST', `/users/${userId}/deactivate`, reason, session.access_token);
    expect(codeOf(denied)).toEqual([403, 'FORBIDDEN']);
    expect((await people.service.post(`/users/${userId}/deactivate`, reason)).status).toBe(204);
    expect((await people.ask('GET', '/me', undefined, session.access_token)).status).toBe(401);
    expect((await people.signIn(email)).status).toBe(401);
    expect((await people.service.post(`/users/${userId}/reinstate`, { reason: 'found' })).status).toBe(204);
    expect((await people.signIn(email)).status).toBe(200);
    expect((await people.service.post('/users/nobody/deactivate', reason)).status).toBe(404);
  });
});
