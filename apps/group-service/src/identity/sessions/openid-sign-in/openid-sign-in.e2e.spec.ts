import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { LOGGER, type Logger } from '@allotree/basics';
import {
  AUDIENCE,
  CLIENT_SECRET,
  IdentityProvider,
  type ProviderAccount,
  type ProviderOptions,
} from '@allotree/testing/identity-provider';
import { ADMIN_PASSWORD, PASSWORD, People } from '../../identity-under-test.harness.js';
import { ATTEMPT_SECONDS, sealed, unsealed, type Attempt } from '../openid-attempt.js';

const PUBLIC_URL = 'https://licenses.example';
const CALLBACK = `${PUBLIC_URL}/api/v1/auth/session/openid/callback`;
/** Of the service under test. */
const TOKEN_SECRET = 'a secret of the specs, 32 characters and more';
const OPTIONS: ProviderOptions = { redirects: [CALLBACK], afterSignOut: [`${PUBLIC_URL}/sign-in`] };

let provider: IdentityProvider;
let people: People;

const settings = (of: IdentityProvider) => ({
  OIDC_ISSUER: of.issuer,
  OIDC_AUDIENCE: 'another audience, of bearer tokens',
  OIDC_CLIENT_ID: AUDIENCE,
  OIDC_CLIENT_SECRET: CLIENT_SECRET,
  OIDC_LABEL: 'Company account',
  OIDC_ADMIN_SUBJECT: 'host',
  PUBLIC_URL,
});

beforeAll(async () => {
  provider = await IdentityProvider.start(OPTIONS);
  people = await People.start(settings(provider));
  await people.distributor('ada@nordlicht.example');
}, 60_000);

afterAll(async () => {
  await people.stop();
  await provider.stop();
});

const account = (sub: string, over: Partial<ProviderAccount> = {}): ProviderAccount => ({
  sub,
  email: 'ada@nordlicht.example',
  email_verified: true,
  ...over,
});

interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
  readonly location: string;
  /** By name, as a browser would send them again; `null`: to be forgotten. */
  readonly cookies: ReadonlyMap<string, string | null>;
  readonly attributes: ReadonlyMap<string, readonly string[]>;
}

async function ask(at: People, method: string, path: string, headers: Record<string, string> = {}, body?: object) {
  const answer = await at.service.fetch(`${at.service.url}${path}`, {
    method,
    redirect: 'manual',
    headers: { ...(body && { 'content-type': 'application/json' }), ...headers },
    ...(body && { body: JSON.stringify(body) }),
  });
  const set = answer.headers.getSetCookie().map((line) => {
    const [pair = '', ...attributes] = line.split('; ');
    const [name = '', value = ''] = pair.split('=');
    return { name, value: value === '' ? null : `${name}=${value}`, attributes };
  });
  const text = await answer.text();
  return {
    status: answer.status,
    body: (text.startsWith('{') ? JSON.parse(text) : {}) as Answer['body'],
    location: answer.headers.get('location') ?? '',
    cookies: new Map(set.map(({ name, value }) => [name, value])),
    attributes: new Map(set.map(({ name, attributes }) => [name, attributes])),
  } satisfies Answer;
}

const ATTEMPT = 'allotree_openid';
const SESSION = 'allotree_session';

async function begin(at: People, to?: string) {
  const answer = await ask(at, 'POST', '/auth/session/openid', {}, to === undefined ? {} : { to });
  return { ...answer, page: answer.body['location'] as string, cookie: answer.cookies.get(ATTEMPT) ?? '' };
}

/** The address that the provider sends the browser to, on the system under test. */
const here = (address: string): string => address.replace(`${PUBLIC_URL}/api/v1`, '');

async function comeBack(at: People, address: string, cookie: string, more: Record<string, string> = {}) {
  return ask(at, 'GET', here(address), { ...(cookie !== '' && { cookie }), ...more });
}

/** From the button to the session. */
async function signIn(who: ProviderAccount, to?: string, at = people, from = provider) {
  const { page, cookie } = await begin(at, to);
  return comeBack(at, await from.comeBack(page, who), cookie);
}

async function whoIs(cookie: string, at = people) {
  const { body } = await ask(at, 'POST', '/auth/session/refresh', { cookie });
  return at.ask('GET', '/me', undefined, body['access_token'] as string);
}

/** The causes that the log gives for refused sign-ins while something is done. */
async function causesOf(work: () => Promise<unknown>, at = people): Promise<{ cause: string; reference: string }[]> {
  const causes: { cause: string; reference: string }[] = [];
  const logger = at.service.app.get<Logger>(LOGGER, { strict: false });
  const info = jest.spyOn(logger, 'info').mockImplementation(((facts: { cause?: string; reference?: string }) => {
    const { cause, reference = '' } = facts;
    if (cause !== undefined) causes.push({ cause, reference });
  }) as Logger['info']);
  await work();
  info.mockRestore();
  return causes;
}

const REFUSED = /^\/sign-in\?refused=([\w-]+)$/;

/** One sentence for every cause: the sign-in page with a reference, and no session. */
async function expectRefused(cause: string, work: () => Promise<Answer>, at = people): Promise<void> {
  const answers: Answer[] = [];
  const causes = await causesOf(async () => answers.push(await work()), at);
  const [answer] = answers;
  expect([answer!.status, answer!.location]).toEqual([303, expect.stringMatching(REFUSED)]);
  expect(answer!.cookies.has(SESSION)).toBe(false);
  const [, reference] = REFUSED.exec(answer!.location)!;
  expect(causes).toEqual([{ cause: expect.stringContaining(cause), reference }]);
}

describe('somebody who signs in with the OpenID provider in a browser', () => {
  it('is offered it by the name that is set', async () => {
    const { body } = await ask(people, 'GET', '/auth/sign-in-methods');
    expect(body).toEqual({ password: true, openId: { label: 'Company account' } });
  });

  it('is sent there with PKCE, state and nonce, and a cookie that comes back from another site', async () => {
    const { page, attributes, status } = await begin(people, '/projects');
    const query = new URL(page).searchParams;
    expect(status).toBe(200);
    expect(Object.fromEntries(query)).toMatchObject({
      client_id: AUDIENCE,
      redirect_uri: CALLBACK,
      response_type: 'code',
      scope: 'openid email profile',
      code_challenge_method: 'S256',
    });
    for (const name of ['state', 'nonce', 'code_challenge']) expect(query.get(name)?.length).toBeGreaterThan(40);
    expect(attributes.get(ATTEMPT)).toEqual(expect.arrayContaining(['HttpOnly', 'SameSite=Lax', 'Path=/']));
    expect((await begin(people)).page).not.toBe(page);
  });

  it('has the same session as after a password, and comes to the page asked for', async () => {
    const answer = await signIn(account('ada'), '/projects?tab=1');
    expect([answer.status, answer.location]).toEqual([303, '/projects?tab=1']);
    expect(answer.attributes.get(SESSION)).toEqual(
      expect.arrayContaining(['HttpOnly', 'SameSite=Strict', 'Path=/api/v1/auth/session']),
    );
    expect(answer.cookies.get(ATTEMPT)).toBeNull();
    const byPassword = await people.signIn('ada@nordlicht.example', PASSWORD);
    const me = await people.ask('GET', '/me', undefined, byPassword.body.access_token as string);
    const { body } = await whoIs(answer.cookies.get(SESSION)!);
    expect([body.userId, body.tenantIds]).toEqual([me.body.userId, me.body.tenantIds]);
    const { body: audit } = await people.service.get(`/audit?action=signed_in&userId=${body.userId as string}`);
    const methods = (audit.items as { facts: { method: string } }[]).map(({ facts }) => facts.method);
    expect(methods).toEqual(['password', 'openid', expect.any(String)]);
  });

  it('is the server administrator by its subject', async () => {
    const answer = await signIn(account('host', { email: 'moved@example.com' }));
    expect(answer.location).toBe('/');
    expect((await whoIs(answer.cookies.get(SESSION)!)).body).toMatchObject({ serverAdministrator: true });
  });

  it('signs out here and is led to where the session of the provider ends', async () => {
    const cookie = (await signIn(account('ada'))).cookies.get(SESSION)!;
    const ended = await ask(people, 'DELETE', '/auth/session', { cookie });
    const continueAt = new URL(ended.body['continueAt'] as string);
    expect([ended.status, continueAt.origin]).toEqual([200, provider.issuer]);
    expect(continueAt.searchParams.get('post_logout_redirect_uri')).toBe(`${PUBLIC_URL}/sign-in`);
    expect((await fetch(continueAt)).status).toBe(200);
    expect((await ask(people, 'POST', '/auth/session/refresh', { cookie })).status).toBe(401);
    const begun = await ask(
      people,
      'POST',
      '/auth/session',
      {},
      { email: 'ada@nordlicht.example', password: PASSWORD },
    );
    const byPassword = await ask(people, 'DELETE', '/auth/session', { cookie: begun.cookies.get(SESSION)! });
    expect(byPassword.body).toEqual({ continueAt: null });
  });

  it('keeps the attempt over TLS in a cookie that no other host of the domain sets', async () => {
    const headers = { 'x-forwarded-proto': 'https', 'x-forwarded-for': '192.0.2.1' };
    const { attributes } = await ask(people, 'POST', '/auth/session/openid', headers, {});
    expect(attributes.get(`__Host-${ATTEMPT}`)).toEqual(expect.arrayContaining(['Secure', 'Path=/']));
  });
});

describe('a sign-in with the OpenID provider is refused with one sentence', () => {
  const back = async (over: Partial<ProviderAccount> = {}, sub = 'ada') => {
    const { page, cookie } = await begin(people);
    return { cookie, address: await provider.comeBack(page, account(sub, over)) };
  };

  it('in a browser that did not begin it, so that nobody is signed in to the account of somebody else', async () => {
    const { address } = await back();
    await expectRefused('began no sign-in here', () => comeBack(people, address, ''));
    const { cookie: another } = await begin(people);
    await expectRefused('state', () => comeBack(people, address, another));
  });

  it('when it is used again', async () => {
    const { address, cookie } = await back();
    expect((await comeBack(people, address, cookie)).location).toBe('/');
    await expectRefused('invalid_grant', () => comeBack(people, address, cookie));
  });

  it('with a code of another attempt, whose verifier does not fit', async () => {
    const [one, other] = [await back(), await back()];
    const swapped = new URL(one.address);
    swapped.searchParams.set('code', new URL(other.address).searchParams.get('code')!);
    await expectRefused('invalid_grant', () => comeBack(people, swapped.href, one.cookie));
  });

  it('when it took too long', async () => {
    const { address, cookie } = await back();
    const attempt = (await unsealed(cookie.split('=')[1]!, TOKEN_SECRET)) as Attempt;
    const late = await sealed(attempt, TOKEN_SECRET, new Date(Date.now() - (ATTEMPT_SECONDS + 1) * 1_000));
    await expectRefused('longer than 10 minutes', () => comeBack(people, address, `${ATTEMPT}=${late}`));
  });

  it('with a cookie that was made elsewhere', async () => {
    const { address, cookie } = await back();
    const attempt = (await unsealed(cookie.split('=')[1]!, TOKEN_SECRET)) as Attempt;
    const forged = await sealed({ ...attempt, to: '/people' }, 'another key than that of this system');
    await expectRefused('was not made here', () => comeBack(people, address, `${ATTEMPT}=${forged}`));
    await expectRefused('was not made here', () => comeBack(people, address, `${ATTEMPT}=nonsense`));
  });

  it('when another issuer answers, or none is named', async () => {
    const { address, cookie } = await back();
    const mixed = new URL(address);
    mixed.searchParams.set('iss', 'https://id.stranger.example');
    await expectRefused('iss', () => comeBack(people, mixed.href, cookie));
    mixed.searchParams.delete('iss');
    await expectRefused('iss', () => comeBack(people, mixed.href, cookie));
  });

  it('when the ID token is of another attempt', async () => {
    const { address, cookie } = await back();
    const attempt = (await unsealed(cookie.split('=')[1]!, TOKEN_SECRET)) as Attempt;
    const other = await sealed({ ...attempt, nonce: 'another nonce' }, TOKEN_SECRET);
    await expectRefused('nonce', () => comeBack(people, address, `${ATTEMPT}=${other}`));
  });

  it('when the person declined', async () => {
    const { page, cookie } = await begin(people);
    const query = new URLSearchParams({
      error: 'access_denied',
      state: new URL(page).searchParams.get('state')!,
      iss: provider.issuer,
    });
    await expectRefused('access_denied', () => comeBack(people, `${CALLBACK}?${query.toString()}`, cookie));
  });

  it.each<[string, string, Partial<ProviderAccount>, string]>([
    ['whose address is not verified', 'eve', { email_verified: false }, 'email_verified'],
    ['whom nobody here knows', 'stranger', { email: 'stranger@example.com' }, 'nobody here has this address'],
    [
      'who has the address of the server administrator',
      'impostor',
      { email: 'admin@allotree.local' },
      'OIDC_ADMIN_SUBJECT',
    ],
    ['who got an address that was linked to somebody else', 'successor', {}, 'linked to another subject'],
  ])('for a person %s', async (_who, sub, over, cause) => {
    const { address, cookie } = await back(over, sub);
    const events = await people.service.recordedWhile(() =>
      expectRefused(cause, () => comeBack(people, address, cookie)),
    );
    expect(events).toEqual([]);
  });

  it('for a person who is deactivated, whose session ends as well', async () => {
    const cookie = (await signIn(account('ada'))).cookies.get(SESSION)!;
    const { userId } = (await whoIs(cookie)).body as { userId: string };
    const renewed = (await signIn(account('ada'))).cookies.get(SESSION)!;
    await people.service.post(`/users/${userId}/deactivate`, { reason: 'left' });
    const { address, cookie: attempt } = await back();
    await expectRefused('deactivated', () => comeBack(people, address, attempt));
    expect((await ask(people, 'POST', '/auth/session/refresh', { cookie: renewed })).status).toBe(401);
    await people.service.post(`/users/${userId}/reinstate`, { reason: 'back' });
    expect((await signIn(account('ada'))).location).toBe('/');
  });

  it('where one network tries too often, as with passwords', async () => {
    const from = { 'x-forwarded-for': '203.0.113.9' };
    const attempts = Array.from({ length: 21 }, () => comeBack(people, `${CALLBACK}?code=x&state=y`, '', from));
    await Promise.all(attempts);
    await expectRefused('Too many attempts', () => comeBack(people, `${CALLBACK}?code=x&state=y`, '', from));
  });
});

describe('beginning to sign in with the OpenID provider', () => {
  it.each([
    '//stranger.example',
    '/\\stranger.example',
    '/\t/stranger.example',
    'https://stranger.example',
    'projects',
  ])('leads to no other site afterwards: %j', async (to) => {
    const answer = await begin(people, to);
    expect([answer.status, answer.body['code'], answer.cookies.size]).toEqual([400, 'VALIDATION', 0]);
  });

  it.each(['cross-site', 'same-site'])('is refused to a page of another origin (%s)', async (site) => {
    const answer = await ask(people, 'POST', '/auth/session/openid', { 'sec-fetch-site': site }, {});
    expect([answer.status, answer.cookies.size]).toEqual([403, 0]);
  });
});

describe('with other settings', () => {
  it('ends the sessions of a provider that was replaced, and goes on without local accounts', async () => {
    const cookie = (await signIn(account('ada'))).cookies.get(SESSION)!;
    const database = people.service.databaseUrl;
    const only = await People.start({ ...settings(provider), LOCAL_ACCOUNTS: 'false', DATABASE_URL: database }, false);
    expect((await ask(only, 'GET', '/auth/sign-in-methods')).body).toMatchObject({ password: false });
    const next = await ask(only, 'POST', '/auth/session/refresh', { cookie });
    expect(next.status).toBe(200);
    await only.stop();
    const other = { ...settings(provider), OIDC_CLIENT_ID: 'another-client', DATABASE_URL: database };
    const replaced = await People.start(other, false);
    const ended = await ask(replaced, 'POST', '/auth/session/refresh', { cookie: next.cookies.get(SESSION)! });
    expect(ended.status).toBe(401);
    await replaced.stop();
  }, 60_000);

  it('takes an address from the userinfo endpoint where the ID token names none', async () => {
    const reticent = await IdentityProvider.start({ ...OPTIONS, claimsAtUserinfo: true });
    const there = await People.start({ ...settings(reticent), OIDC_LABEL: 'There' });
    await there.distributor('ada@nordlicht.example');
    expect((await signIn(account('ada'), '/', there, reticent)).location).toBe('/');
    const unverified = account('eve', { email_verified: false });
    const work = () => signIn(unverified, '/', there, reticent);
    await expectRefused('email_verified', work, there);
    await there.stop();
    await reticent.stop();
  }, 60_000);

  it('is not offered without a client, and waits for a provider that does not answer', async () => {
    const silent = await IdentityProvider.start(OPTIONS);
    await silent.stop();
    const cut = await People.start(settings(silent));
    expect((await begin(cut)).status).toBe(503);
    expect((await cut.signIn('admin@allotree.local', ADMIN_PASSWORD)).status).toBe(200);
    await cut.stop();
    const { OIDC_CLIENT_ID: _id, OIDC_CLIENT_SECRET: _secret, ...without } = settings(provider);
    const plain = await People.start(without);
    expect((await ask(plain, 'GET', '/auth/sign-in-methods')).body).toEqual({ password: true, openId: null });
    expect((await begin(plain)).status).toBe(403);
    await expectRefused('OIDC_CLIENT_ID is not set', () => comeBack(plain, `${CALLBACK}?code=x&state=y`, ''), plain);
    await plain.stop();
  }, 60_000);
});
