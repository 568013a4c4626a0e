import { createServer, type AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { describeInBrowser } from '@allotree/testing';
import { AUDIENCE, CLIENT_SECRET, IdentityProvider } from '@allotree/testing/identity-provider';
import { workbench } from '@allotree/testing/running-system';
import type { Page } from 'playwright-core';
import { ADMIN_PASSWORD, violationsOf, visited } from './console.harness.js';

const MINUTE = 60_000;

/** A port that was free just now: the provider must know the address before the system starts. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

let bench: Awaited<ReturnType<typeof workbench>>;
let provider: IdentityProvider;
/** By name, so that the provider, which is named by its number, is another site to the browser. */
let address: string;
beforeAll(async () => {
  const port = await freePort();
  address = `http://localhost:${port}`;
  provider = await IdentityProvider.start({
    redirects: [`${address}/api/v1/auth/session/openid/callback`],
    afterSignOut: [`${address}/sign-in`],
  });
  const person = { email_verified: true, email: 'host@example.com' };
  provider.accounts.set('host', { ...person, sub: 'host' });
  provider.accounts.set('stranger', { ...person, sub: 'stranger', email: 'stranger@example.com' });
  bench = await workbench();
  await bench.start({
    ADMIN_PASSWORD,
    PORT: String(port),
    PUBLIC_URL: address,
    OIDC_ISSUER: provider.issuer,
    OIDC_AUDIENCE: AUDIENCE,
    OIDC_CLIENT_ID: AUDIENCE,
    OIDC_CLIENT_SECRET: CLIENT_SECRET,
    OIDC_LABEL: 'Company account',
    OIDC_ADMIN_SUBJECT: 'host',
  });
}, 2 * MINUTE);
afterAll(async () => {
  await bench.clear();
  await provider.stop();
}, MINUTE);

/** On the pages of the provider. */
async function enter(page: Page, login: string): Promise<void> {
  await page.locator('input[name=login]').fill(login);
  await page.locator('input[name=password]').fill('any');
  await page.locator('button[type=submit]').click();
  await page.getByRole('button', { name: 'Continue' }).click();
}

describeInBrowser((browser) => {
  it(
    'signs in with the OpenID provider, from the button to the page asked for, and out of both',
    async () => {
      await visited(browser(), `${address}/projects`, async (page) => {
        await page.getByRole('button', { name: 'Sign in with Company account' }).click();
        await enter(page, 'host');
        await page.getByRole('heading', { name: 'Projects', level: 1 }).waitFor();
        expect(page.url()).toBe(`${address}/projects`);
        await page.reload();
        await page.getByRole('link', { name: 'Overview' }).click();
        await page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor();
        const cookies = await page.context().cookies(`${address}/api/v1/auth/session`);
        expect(cookies.map(({ name, sameSite, httpOnly }) => [name, sameSite, httpOnly])).toEqual([
          ['allotree_session', 'Strict', true],
        ]);
        await page.getByRole('button', { name: 'admin@allotree.local' }).click();
        await page.getByRole('menuitem', { name: 'Sign out' }).click();
        await page.waitForURL(`${provider.issuer}/**`);
        await page.locator('button[value=yes]').click();
        await page.waitForURL(`${address}/sign-in`);
        await page.getByRole('button', { name: 'Sign in with Company account' }).click();
        // The provider asks again who it is.
        await page.locator('input[name=login]').waitFor();
      });
    },
    2 * MINUTE,
  );

  it(
    'says in one sentence that somebody is not let in, with a reference',
    async () => {
      const narrow = { viewport: { width: 320, height: 640 }, locale: 'de-DE' };
      const look = async (page: Page): Promise<void> => {
        await page.getByRole('button', { name: 'Anmelden mit Company account' }).click();
        await enter(page, 'stranger');
        await page
          .getByRole('alert')
          .getByText(/nennen Sie Ihrem Administrator die Referenz [\w-]{8,}\.$/)
          .waitFor();
        await page.locator('input[type=password]').waitFor();
        expect(await violationsOf(page)).toEqual([]);
        await page.route('**/auth/sign-in-methods', (route) =>
          route.fulfill({ json: { password: false, openId: { label: 'Company account' } } }),
        );
        await page.reload();
        await page.getByRole('button', { name: 'Anmelden mit Company account' }).waitFor();
        expect(await page.locator('input').count()).toBe(0);
        expect(await violationsOf(page)).toEqual([]);
      };
      await visited(browser(), `${address}/sign-in`, look, narrow);
    },
    MINUTE,
  );
});
