import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { LOGGER, type Logger } from '@allotree/basics';
import { ExternalIssuer, IssuerUnreachable, RefusedToken } from '@allotree/identity';
import { AUDIENCE, IdentityProvider, type ProviderAccount } from '@allotree/testing/identity-provider';
import { exportSPKI, importJWK, SignJWT, UnsecuredJWT, type CryptoKey } from 'jose';
import { ADMIN_PASSWORD, PASSWORD, People } from '../identity-under-test.harness.js';

let provider: IdentityProvider;
let people: People;
let projectId: string;
let owner: string;

const OIDC = () => ({ OIDC_ISSUER: provider.issuer, OIDC_AUDIENCE: AUDIENCE });

beforeAll(async () => {
  provider = await IdentityProvider.start();
  people = await People.start({ ...OIDC(), OIDC_ADMIN_SUBJECT: 'host' });
  const { body } = await people.distributor('ada@nordlicht.example');
  projectId = body.projectId;
  owner = body.session.access_token;
}, 60_000);

afterAll(async () => {
  await people.stop();
  await provider.stop();
});

const codeOf = ({ status, body }: { status: number; body: { code?: string } | null }) => [status, body?.code];
const me = (token: string) => people.ask('GET', '/me', undefined, token);
const OUT = [401, 'UNAUTHENTICATED'];

const account = (sub: string, over: Partial<ProviderAccount> = {}): ProviderAccount => ({
  sub,
  email: `${sub}@example.com`,
  email_verified: true,
  ...over,
});
const inAnHour = () => Math.floor(Date.now() / 1_000) + 3_600;

/** The causes the log gives for refused tokens, from now on until the end. */
const causesLogged = (): [string[], () => void] => {
  const causes: string[] = [];
  const logger = people.service.app.get<Logger>(LOGGER, { strict: false });
  const info = jest.spyOn(logger, 'info').mockImplementation(((facts: { cause?: string }) => {
    if (facts.cause !== undefined) causes.push(facts.cause);
  }) as Logger['info']);
  return [causes, () => info.mockRestore()];
};

describe('somebody of an external issuer', () => {
  it('signs in with the verified address, accepts an invitation, and is published', async () => {
    const invitations = [{ email: 'kim@example.com', name: 'Kim', role: 'concierge' }];
    const path = `/projects/${projectId}/groups/${projectId}/invitations`;
    await people.ask('POST', path, { invitations }, owner);
    const { token: invitation } = await people.mail('kim@example.com', 'invitation');

    const token = await provider.signIn(account('kim', { email: 'Kim@Example.com', name: 'Kim Larsen' }));
    const { body } = await me(token);
    expect(body).toMatchObject({ name: 'Kim Larsen', serverAdministrator: false, sessionId: null });
    expect((await people.ask('POST', '/me/invitations', { token: invitation }, token)).status).toBe(200);
    expect((await people.ask('GET', `/projects/${projectId}`, undefined, token)).status).toBe(200);
    const published = await people.service.published(body.userId);
    expect(published.map(({ type }) => type)).toContain('allotree.identity-linked.v1');
    // Without a password of its own here.
    expect((await people.signIn('kim@example.com')).status).toBe(401);
  });

  it('is the same person under another address, and nobody else under this one', async () => {
    const { body: before } = await me(await provider.signIn(account('kim')));
    const moved = await me(await provider.signIn(account('kim', { email: 'larsen@example.com' })));
    expect(moved.body.userId).toBe(before.userId);
    const successor = await provider.signIn(account('new-kim', { email: 'kim@example.com' }));
    expect(codeOf(await me(successor))).toEqual(OUT);
    const { body: audit } = await people.service.get('/audit?action=identity_refused');
    expect(audit.items[0]).toMatchObject({ userId: before.userId, facts: { subject: 'new-kim' } });
  });

  it('is nobody with an address that is not verified, or that nobody here knows', async () => {
    const events = await people.service.recordedWhile(async () => {
      const unverified = account('eve', { email: 'ada@nordlicht.example', email_verified: false });
      expect(codeOf(await me(await provider.signIn(unverified)))).toEqual(OUT);
      expect(codeOf(await me(await provider.signIn(account('nobody'))))).toEqual(OUT);
    });
    expect(events).toEqual([]);
  });

  it('can also have a local account', async () => {
    const token = await provider.signIn(account('ada', { email: 'ada@nordlicht.example' }));
    const { body } = await people.signIn('ada@nordlicht.example', PASSWORD);
    expect((await me(token)).body.userId).toBe((await me(body.access_token)).body.userId);
  });

  it('is the server administrator by issuer and subject, whatever the address', async () => {
    const token = await provider.signIn(account('host', { email: 'moved@example.com' }));
    expect((await me(token)).body).toMatchObject({ userId: 'server-administrator', serverAdministrator: true });
  });

  it('is not the server administrator by its address', async () => {
    const [causes, end] = causesLogged();
    const impostor = await provider.signIn(account('impostor', { email: 'Admin@allotree.local' }));
    expect(codeOf(await me(impostor))).toEqual(OUT);
    expect(causes).toEqual([expect.stringContaining('set OIDC_ADMIN_SUBJECT to this subject')]);
    // Somebody who is known here stays who it is.
    const kim = await provider.signIn(account('kim', { email: 'admin@allotree.local' }));
    expect((await me(kim)).body).toMatchObject({ serverAdministrator: false, name: 'Kim Larsen' });
    end();
  });

  it('is out when the account is deactivated', async () => {
    const token = await provider.signIn(account('kim'));
    const { userId } = (await me(token)).body;
    await people.service.post(`/users/${userId}/deactivate`, { reason: 'left' });
    expect(codeOf(await me(token))).toEqual(OUT);
    await people.service.post(`/users/${userId}/reinstate`, { reason: 'back' });
    expect((await me(token)).status).toBe(200);
  });
});

describe('a token', () => {
  const good = () => ({ sub: 'kim', exp: inAnHour(), email: 'kim@example.com', email_verified: true });

  it('is what the forgeries below are made like', async () => {
    expect((await me(await provider.sign(good()))).status).toBe(200);
  });

  it.each<[string, Record<string, unknown>]>([
    ['for another audience', { aud: 'another-app' }],
    ['that has expired', { exp: Math.floor(Date.now() / 1_000) - 120 }],
    ['without an end', { exp: undefined }],
    ['without a subject', { sub: undefined }],
    ['good only later', { nbf: inAnHour() }],
  ])('is refused %s', async (_what, over) => {
    expect(codeOf(await me(await provider.sign({ ...good(), ...over })))).toEqual(OUT);
  });

  it('is refused with the same answer for every cause, and the log says which', async () => {
    const [causes, end] = causesLogged();
    const stranger = await IdentityProvider.start();
    const tokens = {
      'claim aud': await provider.sign({ ...good(), aud: 'another-app' }),
      'has expired': await provider.sign({ ...good(), exp: inAnHour() - 7_200 }),
      'no key with the kid': await provider.sign(good(), { kid: 'unknown' }),
      'no address with email_verified': await provider.sign({ ...good(), sub: 'eve', email_verified: false }),
      'nobody here has this address': await provider.sign({ ...good(), sub: 'eve', email: 'eve@example.com' }),
      'another issuer than OIDC_ISSUER': await stranger.sign(good()),
    };
    await stranger.stop();
    const answers = new Set<string>();
    for (const [cause, token] of Object.entries(tokens)) {
      const { status, body } = await me(token);
      answers.add(JSON.stringify([status, { ...body, correlationId: '' }]));
      expect([cause, causes.splice(0)]).toEqual([cause, [expect.stringContaining(cause)]]);
    }
    expect(answers.size).toBe(1);
    end();
  });

  it('is refused when another key signed it, or none, or the public one', async () => {
    const claims = { ...good(), iss: provider.issuer, aud: AUDIENCE, iat: inAnHour() - 3_600 };
    const none = new UnsecuredJWT(claims).encode();
    const published = await provider.publicKey();
    const pem = await exportSPKI((await importJWK(published, 'RS256')) as CryptoKey);
    const header = { alg: 'HS256', kid: published.kid ?? '' };
    const asSecret = await new SignJWT(claims).setProtectedHeader(header).sign(new TextEncoder().encode(pem));
    const stranger = await IdentityProvider.start();
    const foreign = await stranger.sign({ ...claims, iss: provider.issuer }, { kid: published.kid });
    await stranger.stop();
    for (const token of [none, asSecret, foreign]) expect(codeOf(await me(token))).toEqual(OUT);
  });

  it('of another issuer is no token at all', async () => {
    const stranger = await IdentityProvider.start();
    const token = await stranger.signIn(account('host', { email: 'admin@allotree.local' }));
    await stranger.stop();
    expect(codeOf(await me(token))).toEqual(OUT);
  });

  it('is checked with the keys its issuer has now', async () => {
    const rotating = await IdentityProvider.start();
    const issuer = new ExternalIssuer({ issuer: rotating.issuer, audience: AUDIENCE, cooldownMs: 0 });
    const before = await rotating.sign(good());
    expect((await issuer.verify(before)).identity).toMatchObject({ subject: 'kim', email: 'kim@example.com' });
    await rotating.rotateKeys();
    expect((await issuer.verify(await rotating.signIn(account('kim')))).identity.subject).toBe('kim');
    await expect(issuer.verify(before)).rejects.toThrow(RefusedToken);
    await rotating.stop();
    const fresh = new ExternalIssuer({ issuer: rotating.issuer, audience: AUDIENCE });
    await expect(fresh.verify(before)).rejects.toThrow(IssuerUnreachable);
  });
});

describe('without local accounts', () => {
  let elsewhere: People;

  beforeAll(async () => {
    elsewhere = await People.start({
      OIDC_ISSUER: provider.issuer,
      OIDC_AUDIENCE: AUDIENCE,
      LOCAL_ACCOUNTS: 'false',
      OIDC_ADMIN_SUBJECT: 'host',
    });
  }, 60_000);

  afterAll(() => elsewhere.stop());

  it('nobody signs in, registers or chooses a password', async () => {
    const attempts: [string, object][] = [
      ['/auth/token', { email: 'admin@allotree.local', password: ADMIN_PASSWORD }],
      ['/auth/password-resets', { email: 'ada@nordlicht.example' }],
      ['/auth/password-resets/confirm', { token: 'x'.repeat(43), password: PASSWORD }],
      ['/registrations/confirm', { token: 'x'.repeat(43), password: 'correct horse battery staple' }],
      ['/invitations/accept', { token: 'x'.repeat(43), password: PASSWORD }],
    ];
    for (const [path, body] of attempts) {
      const answer = await elsewhere.ask('POST', path, body);
      expect([answer.status, answer.body.code, answer.body.issuer]).toEqual([403, 'FORBIDDEN', provider.issuer]);
    }
    const token = await provider.signIn(account('host', { email: 'admin@allotree.local' }));
    expect((await elsewhere.ask('GET', '/partners', undefined, token)).status).toBe(200);
  });
});

describe('while the issuer does not answer', () => {
  it('its tokens wait, and ours do not', async () => {
    const silent = await IdentityProvider.start();
    const token = await silent.sign({ sub: 'kim', exp: inAnHour() });
    await silent.stop();
    const cut = await People.start({ OIDC_ISSUER: silent.issuer, OIDC_AUDIENCE: AUDIENCE });
    expect(codeOf(await cut.ask('GET', '/me', undefined, token))).toEqual([503, 'OVERLOADED']);
    expect((await cut.signIn('admin@allotree.local', ADMIN_PASSWORD)).status).toBe(200);
    await cut.stop();
  }, 60_000);
});
