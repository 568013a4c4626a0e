import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PASSWORD, People } from '../../identity-under-test.harness.js';

const EMAIL = 'ada@browser.example';

let people: People;
beforeAll(async () => {
  people = await People.start();
  await people.partner(EMAIL);
}, 60_000);
afterAll(() => people.stop());

interface Answer {
  readonly status: number;
  readonly body: { readonly access_token?: string | null; readonly code?: string } | null;
  /** The cookie as a browser sends it again, and its attributes. */
  readonly cookie: string;
  readonly attributes: readonly string[];
}

async function ask(method: string, path: string, headers: Record<string, string> = {}, body?: object): Promise<Answer> {
  const answer = await people.service.fetch(`${people.service.url}/auth/session${path}`, {
    method,
    headers: { ...(body && { 'content-type': 'application/json' }), ...headers },
    ...(body && { body: JSON.stringify(body) }),
  });
  const [cookie = '', ...attributes] = (answer.headers.get('set-cookie') ?? '').split('; ');
  const text = await answer.text();
  return { status: answer.status, body: text === '' ? null : (JSON.parse(text) as Answer['body']), cookie, attributes };
}

const begin = (headers: Record<string, string> = {}) => ask('POST', '', headers, { email: EMAIL, password: PASSWORD });
const me = (token: string) => people.ask('GET', '/me', undefined, token);

describe('the session of a browser', () => {
  it('keeps the refresh token in a cookie that no script reads and no other site sends', async () => {
    const { status, body, attributes } = await begin();
    expect([status, Object.keys(body!).sort()]).toEqual([200, ['access_token', 'expires_in', 'token_type']]);
    expect(attributes).toEqual(
      expect.arrayContaining([
        'HttpOnly',
        'SameSite=Strict',
        'Path=/api/v1/auth/session',
        expect.stringMatching('Max-Age='),
      ]),
    );
    expect(attributes).not.toContain('Secure');
    expect((await me(body!.access_token!)).status).toBe(200);
  });

  it('is only sent over TLS where the page came over TLS', async () => {
    const { attributes } = await begin({ 'x-forwarded-proto': 'https', 'x-forwarded-for': '192.0.2.1' });
    expect(attributes).toContain('Secure');
  });

  it('goes on with a new cookie each time; a copied one ends it', async () => {
    const first = await begin();
    const second = await ask('POST', '/refresh', { cookie: first.cookie });
    expect([second.status, second.cookie === first.cookie]).toEqual([200, false]);
    expect((await me(second.body!.access_token!)).status).toBe(200);
    const copied = await ask('POST', '/refresh', { cookie: first.cookie });
    expect([copied.status, copied.cookie]).toEqual([401, 'allotree_session=']);
    expect(copied.attributes).toContain('Max-Age=0');
    expect((await ask('POST', '/refresh', { cookie: second.cookie })).status).toBe(401);
  });

  it('is nobody without the cookie', async () => {
    expect(await ask('POST', '/refresh')).toMatchObject({ status: 200, body: { access_token: null } });
  });

  it('ends, in the browser and here', async () => {
    const { cookie } = await begin();
    const ended = await ask('DELETE', '', { cookie });
    expect([ended.status, ended.cookie]).toEqual([200, 'allotree_session=']);
    expect(ended.body).toEqual({ continueAt: null });
    expect((await ask('POST', '/refresh', { cookie })).status).toBe(401);
  });

  it.each(['cross-site', 'same-site'])('refuses what a page of another origin sends (%s)', async (from) => {
    const { cookie } = await begin();
    const headers = { cookie, 'sec-fetch-site': from };
    expect((await begin(headers)).status).toBe(403);
    expect((await ask('POST', '/refresh', headers)).status).toBe(403);
    expect((await ask('DELETE', '', headers)).status).toBe(403);
    expect((await ask('POST', '/refresh', { cookie, 'sec-fetch-site': 'same-origin' })).status).toBe(200);
  });
});
