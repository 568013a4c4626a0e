import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { LINK_PATHS } from '@allotree/contracts';
import { describeInBrowser } from '@allotree/testing';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { PASSWORD, People, registration } from '../identity-under-test.harness.js';
import { publicFiles } from './link-pages.js';

const NEXT = 'another horse battery staple';
const WEAK = 'password1234';

let people: People;
beforeAll(async () => {
  people = await People.start();
});
afterAll(() => people.stop());

const linkTo = (path: string): string => `${people.service.origin}${path}`;

/** The link of the mail by which somebody registers. */
const registrationLink = async (email: string): Promise<string> => {
  await people.ask('POST', '/registrations', { ...registration, email });
  return linkTo((await people.mail(email, 'registration')).path);
};

const resetLink = async (email: string): Promise<string> => {
  await people.ask('POST', '/auth/password-resets', { email });
  return linkTo((await people.mail(email, 'password_reset')).path);
};

const invitationLink = async (email: string, name = 'Kim Larsen', by = `owner-of-${email}`): Promise<string> => {
  const { projectId, session } = (await people.partner(by)).body;
  const invitations = [{ email, name, role: 'concierge' }];
  const path = `/projects/${projectId}/groups/${projectId}/invitations`;
  await people.ask('POST', path, { invitations }, session.access_token as string);
  return linkTo((await people.mail(email, 'invitation')).path);
};

describe('the pages that links in mails lead to', () => {
  const paths = (): string[] =>
    publicFiles().map(({ path }) => path.replace(':projectId', 'hafenblick').replace(':groupId', 'unit-1'));

  it('run and show nothing of another origin, nothing inline, and pass no address on', async () => {
    for (const path of paths()) {
      const response = await fetch(linkTo(path));
      expect([path, response.status]).toEqual([path, 200]);
      expect(Object.fromEntries(response.headers)).toMatchObject({
        'content-security-policy':
          "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'",
        'referrer-policy': 'no-referrer',
        'cache-control': 'no-cache',
        'x-content-type-options': 'nosniff',
      });
      const content = await response.text();
      if (response.headers.get('content-type')?.startsWith('text/html') === true)
        expect(content).not.toMatch(/<script(?![^>]* src=)|<style|\sstyle=|\son\w+=|https?:\/\//);
    }
  });

  it('are the same for everybody, and whatever the address names', async () => {
    const text = async (path: string): Promise<string> => (await fetch(linkTo(path))).text();
    expect(await text('/invitations?token=something')).toBe(await text('/invitations'));
    expect(await text('/password?token=something')).toBe(await text('/password'));
  });

  it('are not sent again to a browser that has them', async () => {
    const first = await fetch(linkTo('/password'));
    const headers = { 'if-none-match': `W/${first.headers.get('etag') ?? ''}` };
    const again = await fetch(linkTo('/password'), { headers });
    expect([again.status, await again.text()]).toEqual([304, '']);
  });

  it('say 405 to another method', async () => {
    const response = await fetch(linkTo('/password'), { method: 'POST' });
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
  });
});

describe('requests for pages', () => {
  it('count for the address that they come from', async () => {
    const few = await People.start({ RATE_LIMIT_PER_ADDRESS: '4' }, false);
    try {
      const statuses: number[] = [];
      const { password, invitation, registration } = LINK_PATHS;
      for (const path of [password, invitation, registration, '/link-pages/page.js', password])
        statuses.push((await fetch(`${few.service.origin}${path}`)).status);
      expect(statuses).toEqual([200, 200, 200, 200, 429]);
    } finally {
      await few.stop();
    }
  });
});

describeInBrowser((browser) => {
  /** A page of a browser of its own; the spec fails where the page says anything on the console. */
  const open = async (
    link: string,
    look: (page: Page) => Promise<void>,
    options: BrowserContextOptions = {},
  ): Promise<void> => {
    const context = await browser().newContext({ locale: 'en-GB', ...options });
    try {
      const page = await context.newPage();
      const faults: string[] = [];
      page.on('pageerror', (error) => faults.push(error.message));
      page.on('console', (message) => {
        // An answer that refuses is noted by the browser itself.
        if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
          faults.push(message.text());
      });
      await page.goto(link);
      await look(page);
      expect(faults).toEqual([]);
    } finally {
      await context.close();
    }
  };
  const shows = (page: Page, text: string): Promise<void> => page.getByText(text).filter({ visible: true }).waitFor();
  const choose = async (page: Page, password: string, button: string): Promise<void> => {
    await page.getByLabel('Password', { exact: true }).filter({ visible: true }).fill(password);
    await page.getByRole('button', { name: button }).click();
  };

  it('confirms a registration, and a second time leaves the password alone', async () => {
    const email = 'ada@pages.example';
    const link = await registrationLink(email);
    await open(link, async (page) => {
      await choose(page, PASSWORD, 'Confirm the registration');
      await shows(page, 'Your registration is complete.');
    });
    expect((await people.signIn(email)).status).toBe(200);
    await open(link, async (page) => {
      await choose(page, NEXT, 'Confirm the registration');
      await shows(page, 'This registration was confirmed before.');
    });
    expect([(await people.signIn(email)).status, (await people.signIn(email, NEXT)).status]).toEqual([200, 401]);
  });

  it('chooses a password once; the secret is not in the address, and a used link says what to do', async () => {
    const email = 'ben@pages.example';
    await people.partner(email);
    const link = await resetLink(email);
    const asked: string[] = [];
    await open(link, async (page) => {
      page.on('request', (request) => asked.push(request.url()));
      expect(page.url()).toBe(linkTo('/password'));
      await choose(page, NEXT, 'Save password');
      await shows(page, 'Your password is saved.');
      expect(await page.getByLabel('Password', { exact: true }).filter({ visible: true }).isVisible()).toBe(false);
    });
    expect(asked).toEqual([linkTo('/api/v1/auth/password-resets/confirm')]);
    expect([(await people.signIn(email)).status, (await people.signIn(email, NEXT)).status]).toEqual([401, 200]);
    await open(link, async (page) => {
      await choose(page, PASSWORD, 'Save password');
      await page.getByRole('alert').filter({ hasText: 'The link or code' }).waitFor();
      await page.getByRole('link', { name: 'Get a new link' }).click();
      await page.getByLabel('E-mail address').fill(email);
      await page.getByRole('button', { name: 'Send the link' }).click();
      await shows(page, 'If this address has an account, a mail is on its way.');
    });
    expect((await people.mail(email, 'password_reset')).path).toMatch(/^\/password#./);
  });

  it('says at the field why a password is refused, and takes another one with the same link', async () => {
    const email = 'cem@pages.example';
    await people.partner(email);
    await open(await resetLink(email), async (page) => {
      const field = page.getByLabel('Password', { exact: true }).filter({ visible: true });
      expect(await field.getAttribute('autocomplete')).toBe('new-password');
      await choose(page, '', 'Save password');
      await shows(page, 'Fill in this field.');
      await choose(page, WEAK, 'Save password');
      await shows(page, 'Password is one of the passwords most often used: choose another.');
      expect(await field.getAttribute('aria-invalid')).toBe('true');
      expect(await page.getByRole('alert').count()).toBe(0);
      await choose(page, 'short', 'Save password');
      await shows(page, 'Password must have at least 10 characters.');
      await choose(page, NEXT, 'Save password');
      await shows(page, 'Your password is saved.');
    });
  });

  it('accepts an invitation with a new password; names in it are text, and no session is left', async () => {
    const email = 'kim@pages.example';
    const name = '<img src=x onerror=document.title=1>';
    await open(await invitationLink(email, name), async (page) => {
      await shows(page, 'concierge');
      expect(await page.getByLabel('Your name').inputValue()).toBe(name);
      expect(await page.locator('img').count()).toBe(0);
      await page.getByLabel('Your name').fill('Kim Larsen');
      await choose(page, PASSWORD, 'Accept the invitation');
      await shows(page, 'You have accepted the invitation.');
    });
    const { body } = await people.signIn(email);
    const { items } = (await people.ask('GET', '/me/sessions', undefined, body.access_token as string)).body;
    expect(items).toHaveLength(1);
  });

  it('accepts an invitation with the account that is there, in German', async () => {
    const email = 'eva@pages.example';
    await people.partner(email);
    const link = await invitationLink(email);
    const german = { locale: 'de-DE' };
    await open(
      link,
      async (page) => {
        await shows(page, 'Zu dieser Adresse gibt es schon ein Konto.');
        const field = page.getByLabel('Passwort', { exact: true }).filter({ visible: true });
        await field.fill(NEXT);
        await page.getByRole('button', { name: 'Einladung annehmen' }).click();
        await shows(page, 'Das Passwort ist falsch.');
        await field.fill(PASSWORD);
        await page.getByRole('button', { name: 'Einladung annehmen' }).click();
        await shows(page, 'Sie haben die Einladung angenommen.');
      },
      german,
    );
    await open(link, (page) => shows(page, 'Der Link ist ungültig oder abgelaufen.'), german);
  });

  it('says in one sentence what to do without a secret or a script', async () => {
    await open(linkTo('/registrations'), (page) => shows(page, 'This address is not complete.'));
    const withoutScript = (page: Page): Promise<void> =>
      expect(page.locator('noscript').innerText()).resolves.toContain('This page needs JavaScript.');
    await open(linkTo('/password#x'), withoutScript, { javaScriptEnabled: false });
  });

  it('takes the secret of another link that is opened in the same tab', async () => {
    const email = 'fay@pages.example';
    await people.partner(email);
    const link = await resetLink(email);
    await open(linkTo('/password'), async (page) => {
      await page.goto(link);
      await choose(page, NEXT, 'Save password');
      await shows(page, 'Your password is saved.');
    });
  });
});
