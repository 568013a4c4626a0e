import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { describeInBrowser } from '@allotree/testing';
import { workbench, type RunningSystem } from '@allotree/testing/running-system';
import type { Page } from 'playwright-core';
import { ConsolePages, HOSTILE } from './console-pages.harness.js';
import { ADMIN, loaded, startDemo, violationsOf, type Person } from './console.harness.js';

const MINUTE = 60_000;

let bench: Awaited<ReturnType<typeof workbench>>;
let system: RunningSystem;
let receiver: Server;
const received: string[] = [];
beforeAll(async () => {
  receiver = createServer((request, response) => {
    received.push(String(request.headers['webhook-id']));
    response.writeHead(204).end();
  }).listen(0, '127.0.0.1');
  bench = await workbench();
  ({ system } = await startDemo(bench, { WEBHOOKS_ALLOW_INSECURE: 'true' }));
}, 2 * MINUTE);
afterAll(async () => {
  receiver.close();
  await bench.clear();
}, MINUTE);

const dialog = (page: Page) => page.getByRole('dialog');
const said = (page: Page, text: string): Promise<void> => page.getByText(text, { exact: true }).first().waitFor();

describeInBrowser((browser) => {
  const as = (person: Person, path: string, look: (page: Page) => Promise<void>): Promise<void> =>
    new ConsolePages(system, browser).as(person, path, look);

  it(
    'shows the secret of an API key once, and revokes the key',
    async () => {
      const exchange = (client_id: string, client_secret: string): Promise<Response> =>
        fetch(`${system.url}/api/v1/auth/token`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ grant_type: 'client_credentials', client_id, client_secret }),
        });
      await as(ADMIN, '/api-keys', async (page) => {
        await page.getByRole('button', { name: 'New API key' }).click();
        await dialog(page).getByRole('textbox', { name: 'Name' }).fill(HOSTILE);
        await dialog(page).getByLabel('See groups and how they lie').check();
        await dialog(page).getByRole('button', { name: 'Create the key' }).click();
        await said(page, 'This is shown only now. Store it where secrets belong before you close this window.');
        const key = await dialog(page).getByLabel('Key (client_id)', { exact: true }).innerText();
        const secret = await dialog(page).getByLabel('Secret (client_secret)', { exact: true }).innerText();
        expect((await exchange(key, secret)).status).toBe(200);
        await dialog(page).getByRole('button', { name: 'I have stored it' }).click();
        await page.getByRole('cell', { name: HOSTILE }).first().waitFor();
        expect(await page.content()).not.toContain(secret);
        expect(await page.evaluate('JSON.stringify({ ...localStorage, ...sessionStorage })')).not.toContain(secret);
        expect(await page.title()).toBe('Allotree');
        await page.getByRole('button', { name: `Revoke: ${HOSTILE}` }).click();
        await dialog(page).getByRole('button', { name: 'Revoke' }).click();
        await said(page, 'The key is revoked.');
        await said(page, 'There is no API key. Create one for a program that uses the API.');
        expect((await exchange(key, secret)).status).toBe(401);
      });
    },
    MINUTE,
  );

  it(
    'makes a role, changes it, and removes it while nobody has it',
    async () => {
      await as(ADMIN, '/roles', async (page) => {
        await page.getByRole('button', { name: 'New role' }).click();
        await dialog(page).getByRole('textbox', { name: 'Name' }).fill(HOSTILE);
        await dialog(page).getByLabel('See the devices of a group').check();
        await dialog(page).getByRole('button', { name: 'Save' }).click();
        await page.getByRole('row', { name: HOSTILE }).getByText('See the devices of a group.').waitFor();
        await page.getByRole('button', { name: `Change: ${HOSTILE}` }).click();
        await dialog(page).getByRole('textbox', { name: 'Name' }).fill('Janitor');
        await dialog(page).getByRole('button', { name: 'Save' }).click();
        await page.getByRole('button', { name: 'Remove: Janitor' }).click();
        await dialog(page).getByRole('button', { name: 'Remove' }).click();
        await page.getByRole('row', { name: 'Janitor' }).waitFor({ state: 'detached' });
      });
    },
    MINUTE,
  );

  it(
    'invites somebody to a project, sends the invitation again, and revokes it',
    async () => {
      await as(ADMIN, '/people', async (page) => {
        await page.getByLabel('Partner or project').first().click();
        await page.getByRole('option', { name: 'Hafenblick' }).click();
        await page.getByRole('button', { name: 'Invite' }).click();
        await dialog(page).getByRole('textbox', { name: 'Name' }).fill(HOSTILE);
        await dialog(page).getByLabel('E-mail').fill('guest@park.example');
        await dialog(page).getByRole('button', { name: 'Send the invitation' }).click();
        await said(page, 'Invitation sent to guest@park.example.');
        const row = page.getByRole('row', { name: 'guest@park.example' });
        await row.getByText('Open').waitFor();
        await row.getByRole('button', { name: 'Send again' }).click();
        await said(page, 'Sent again with a new link.');
        await row.getByRole('button', { name: 'Revoke' }).click();
        await row.getByText('Revoked').waitFor();
        await page.getByLabel('Partner or project').first().click();
        await page.getByRole('option', { name: 'Nordlicht' }).click();
        await page.getByRole('button', { name: 'Add an administrator' }).click();
        await dialog(page).getByRole('textbox', { name: 'Name' }).fill('Ole');
        await dialog(page).getByLabel('E-mail').fill('ole@nordlicht.example');
        await dialog(page).getByRole('button', { name: 'Add' }).click();
        await page.getByRole('button', { name: 'Remove: Ole' }).click();
        await dialog(page).getByRole('button', { name: 'Remove' }).click();
        await page.getByRole('row', { name: 'ole@nordlicht.example' }).waitFor({ state: 'detached' });
      });
    },
    MINUTE,
  );

  it(
    'marks a missing marker, previews a template without its scripts, tests it and restores the standard',
    async () => {
      await as(ADMIN, '/mail-templates', async (page) => {
        await page.getByRole('link', { name: 'License ended' }).click();
        const html = page.getByLabel('Text (HTML)');
        await html.waitFor();
        const before = await html.inputValue();
        await html.fill('<p>Hello</p>');
        await page.getByText('Required markers are missing:').waitFor();
        await page.getByRole('table', { name: 'Markers' }).getByText('missing').first().waitFor();
        expect(await page.getByRole('button', { name: 'Save' }).isEnabled()).toBe(false);
        await html.fill(before);
        await page.getByLabel('Subject').fill(`Ended: :project`);
        await page.getByText('Ended: Hafenblick').waitFor();
        expect(await page.locator('iframe').getAttribute('sandbox')).toBe('');
        await page.getByRole('button', { name: 'Save' }).click();
        await said(page, 'Saved.');
        await page.getByRole('button', { name: 'Send me a test' }).click();
        await said(page, 'The test mail is on its way.');
        await page.getByRole('button', { name: 'Restore the standard template' }).click();
        await dialog(page).getByRole('button', { name: 'Restore the standard template' }).click();
        await said(page, 'The standard template is in use again.');
        await page.getByRole('button', { name: 'Restore the standard template' }).waitFor({ state: 'detached' });
      });
    },
    MINUTE,
  );

  it(
    'lists mails, and says why one cannot be sent again',
    async () => {
      await as(ADMIN, '/deliveries', async (page) => {
        const trial = page.getByRole('row', { name: 'Trial started' });
        await trial.first().waitFor();
        await page.getByLabel('Recipient').fill('nobody@park.example');
        await said(page, 'No such mail has been sent.');
        // The list says that a mail failed which was sent meanwhile.
        await page.route(/\/api\/v1\/deliveries\?/, async (route) => {
          const answer = await route.fetch();
          const body = (await answer.json()) as { items: object[] };
          const items = body.items.slice(0, 1).map((item) => ({ ...item, status: 'dead', error: 'no such mailbox' }));
          await route.fulfill({ response: answer, json: { ...body, items } });
        });
        await page.reload();
        await page.getByRole('cell', { name: 'Failed for good' }).waitFor();
        await page.getByRole('button', { name: 'Send again' }).click();
        await said(page, 'Only a mail that failed can be sent again.');
      });
    },
    MINUTE,
  );

  it(
    'sends a test to a webhook endpoint, changes its key, pauses and removes it',
    async () => {
      const { port } = receiver.address() as AddressInfo;
      await as(ADMIN, '/webhooks', async (page) => {
        await page.getByRole('button', { name: 'New endpoint' }).click();
        await dialog(page).getByLabel('URL').fill(`http://127.0.0.1:${port}/hook`);
        await dialog(page).getByLabel('Description').fill(HOSTILE);
        await dialog(page).getByRole('button', { name: 'Add' }).click();
        const secret = await dialog(page).getByLabel('Secret', { exact: true }).innerText();
        expect(secret).toMatch(/^whsec_/);
        await dialog(page).getByRole('button', { name: 'I have stored it' }).click();
        await page.getByRole('link', { name: `http://127.0.0.1:${port}/hook` }).click();
        await page.getByText(HOSTILE, { exact: true }).waitFor();
        await page.getByRole('button', { name: 'Send a test event' }).click();
        const sent = page.getByRole('table', { name: 'Deliveries' });
        await sent.getByText('Delivered').first().waitFor();
        expect(received).not.toEqual([]);
        await page.getByRole('button', { name: 'New key' }).click();
        await dialog(page).getByRole('button', { name: 'New key' }).click();
        expect(await dialog(page).getByLabel('Secret', { exact: true }).innerText()).not.toBe(secret);
        await dialog(page).getByRole('button', { name: 'I have stored it' }).click();
        await page.getByRole('button', { name: 'Pause' }).click();
        await page.getByRole('button', { name: 'Resume' }).waitFor();
        await page.getByRole('button', { name: 'Remove' }).click();
        await dialog(page).getByRole('button', { name: 'Remove' }).click();
        await said(page, 'There is no endpoint. Create one, and every event is sent to it from then on.');
      });
    },
    MINUTE,
  );

  it(
    'exports rows to a file whose hash is that of the manifest',
    async () => {
      await as(ADMIN, '/exports', async (page) => {
        await page.getByRole('button', { name: 'New export' }).click();
        await dialog(page).getByRole('button', { name: 'Start the export' }).click();
        const row = page.getByRole('row', { name: 'Groups (CSV)' });
        await row.getByText('Done').waitFor();
        const downloading = page.waitForEvent('download');
        await row.getByRole('button', { name: 'Download' }).click();
        const file = await readFile(await (await downloading).path());
        expect(file.toString()).toContain('Building A');
        await row.getByRole('button', { name: 'Manifest' }).click();
        await dialog(page).getByText(createHash('sha256').update(file).digest('hex')).waitFor();
        await page.keyboard.press('Escape');
        await row.getByRole('button', { name: 'Remove' }).click();
        await said(page, 'You have no exports. Start one; it stays here for some days.');
      });
    },
    MINUTE,
  );

  it(
    'lists who did what, and only what is asked for',
    async () => {
      await as(ADMIN, '/audit', async (page) => {
        await page.getByRole('cell', { name: 'Signed in' }).first().waitFor();
        await page.getByLabel('Action').first().click();
        await page.getByRole('option', { name: 'Role granted' }).click();
        await page.getByRole('cell', { name: 'Role granted' }).first().waitFor();
        await page.getByRole('cell', { name: 'Signed in' }).first().waitFor({ state: 'detached' });
      });
    },
    MINUTE,
  );

  describe.each([
    ['en-GB', 1280],
    ['de-AT', 320],
  ] as const)('in %s, %s pixels wide', (locale, width) => {
    const HEADINGS = {
      '/': ['Overview', 'Übersicht'],
      '/people': ['People', 'Personen'],
      '/roles': ['Roles', 'Rollen'],
      '/api-keys': ['API keys', 'API-Schlüssel'],
      '/mail-templates': ['Mail templates', 'E-Mail-Vorlagen'],
      '/mail-templates/invitation': ['Invitation', 'Einladung'],
      '/deliveries': ['Mails', 'E-Mails'],
      '/webhooks': ['Webhooks', 'Webhooks'],
      '/exports': ['Exports', 'Exporte'],
      '/audit': ['Audit', 'Audit'],
    } as const;

    it(
      'the pages meet WCAG 2.2 AA and fit the screen',
      async () => {
        const look = async (page: Page): Promise<void> => {
          for (const [path, [english, german]] of Object.entries(HEADINGS)) {
            // As a link does, without loading the console anew.
            await page.evaluate(`history.pushState(null, '', '${path}')`);
            const name = locale === 'en-GB' ? english : german;
            await page.getByRole('heading', { level: 1, name, exact: true }).waitFor();
            await loaded(page);
            expect([path, await violationsOf(page)]).toEqual([path, []]);
            const { scrollWidth, cut } = await page.evaluate<{ scrollWidth: number; cut: number }>(
              `({
                scrollWidth: document.documentElement.scrollWidth,
                cut: [...document.querySelectorAll('.rows-blocks')].filter((rows) => rows.scrollWidth > rows.clientWidth).length,
              })`,
            );
            expect([path, scrollWidth, cut]).toEqual([path, width, 0]);
          }
        };
        const options = { locale, viewport: { width, height: 900 } };
        await new ConsolePages(system, browser).as(ADMIN, '/account', look, options);
      },
      2 * MINUTE,
    );
  });
});
