import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { until } from '@allotree/testing/until';
import { Api } from '@allotree/api-client';
import { describeInBrowser } from '@allotree/testing';
import { workbench, type RunningSystem } from '@allotree/testing/running-system';
import type { Page } from 'playwright-core';
import { ConsolePages, HOSTILE } from './console-pages.harness.js';
import { ADMIN, enter, loaded, startDemo, violationsOf, type Person } from './console.harness.js';

const MINUTE = 60_000;
const TELEPHONE = { viewport: { width: 320, height: 700 } };
const NEXT = 'another-walk-along-the-harbor';

let bench: Awaited<ReturnType<typeof workbench>>;
let system: RunningSystem;
let projectId: string;
beforeAll(async () => {
  bench = await workbench();
  ({ system, projectId } = await startDemo(bench));
}, 2 * MINUTE);
afterAll(async () => {
  await bench.clear();
}, MINUTE);

const newGroup = async (name: string, parentId = projectId): Promise<string> => {
  const body = { parentId, type: 'building', name };
  return (await system.api.post<{ groupId: string }>(`/projects/${projectId}/groups`, body)).groupId;
};
const invite = async (groupId: string, email: string, role: string, name = 'Kim Larsen'): Promise<void> => {
  await system.api.post(`/projects/${projectId}/groups/${groupId}/invitations`, {
    invitations: [{ email, name, role }],
  });
};
const said = (page: Page, text: string): Promise<void> => page.getByText(text, { exact: true }).first().waitFor();

describeInBrowser((browser) => {
  const pages = (): ConsolePages => new ConsolePages(system, browser);

  /** Opens a link, and collects every address that the page asks for. */
  const follow = (path: string, token: string, look: (page: Page, asked: string[]) => Promise<void>, options = {}) =>
    pages().at(
      '/sign-in',
      async (page) => {
        const asked: string[] = [];
        page.on('request', (request) => asked.push(`${request.url()} ${request.headers()['referer'] ?? ''}`));
        await page.goto(`${system.url}${path}#${token}`);
        await look(page, asked);
        expect(page.url()).toBe(`${system.url}${path}`);
        expect(asked.filter((address) => address.includes(token))).toEqual([]);
        const kept = 'JSON.stringify([{ ...localStorage, ...sessionStorage }, document.cookie, history.state])';
        expect(await page.evaluate(kept)).not.toContain(token);
      },
      options,
    );

  /** Accepts an invitation over HTTP. */
  const member = async (groupId: string, email: string, role: string): Promise<Person> => {
    await invite(groupId, email, role);
    const token = await pages().mailedToken(email);
    const details = { name: 'Kim Larsen', timeZone: 'Europe/Berlin', language: 'en' };
    await system.api.post('/invitations/accept', { token, password: ADMIN.password, ...details });
    return { email, password: ADMIN.password };
  };

  it(
    'registers a company, and confirms the address by the link of the mail',
    async () => {
      const email = 'ada@own.example';
      await pages().at('/sign-in', async (page) => {
        await page.getByRole('link', { name: 'Register' }).click();
        await page.getByRole('heading', { name: 'Register' }).waitFor();
        await page.getByLabel('Name of the company').fill(HOSTILE);
        await page.getByLabel('Name of the first building or complex').fill('Own house');
        await page.getByLabel('Your name').fill('Ada');
        await page.getByLabel('E-mail').fill(email);
        expect(await violationsOf(page)).toEqual([]);
        await page.getByRole('button', { name: 'Register' }).click();
        await page.getByText('A mail with a link is on its way').waitFor();
      });
      await follow('/registrations', await pages().mailedToken(email), async (page) => {
        await page.locator('input[autocomplete=new-password]').fill('password1234');
        await page.getByRole('button', { name: 'Confirm the registration' }).click();
        await said(page, 'This is one of the passwords most often used: choose another.');
        await page.locator('input[autocomplete=new-password]').fill(ADMIN.password);
        await page.getByRole('button', { name: 'Confirm the registration' }).click();
        await said(page, 'Your registration is complete. Sign in with your e-mail address and your password.');
        await page.getByRole('link', { name: 'Sign in' }).click();
        await page.getByRole('heading', { name: 'Sign in' }).waitFor();
        await page.goBack();
      });
      await pages().as({ email, password: ADMIN.password }, '/projects', (page) => said(page, 'Own house'));
    },
    MINUTE,
  );

  it(
    'accepts an invitation, in German, with names as text; the link works once',
    async () => {
      const email = 'guest@own.example';
      await invite(projectId, email, 'concierge', HOSTILE);
      const token = await pages().mailedToken(email);
      const german = { locale: 'de-AT', ...TELEPHONE } as const;
      const open = async (page: Page): Promise<void> => {
        await said(page, 'Hafenblick');
        expect(await page.getByLabel('Ihr Name').inputValue()).toBe(HOSTILE);
        expect(await page.evaluate('document.documentElement.lang')).toBe('de');
        expect(await violationsOf(page)).toEqual([]);
        await page.locator('input[autocomplete=new-password]').fill(ADMIN.password);
        await page.getByRole('button', { name: 'Einladung annehmen' }).click();
        await page.getByText('Sie haben die Einladung angenommen.').waitFor();
      };
      await follow('/invitations', token, open, german);
      await follow('/invitations', token, (page) => said(page, 'The link or code is invalid or has expired.'));
    },
    MINUTE,
  );

  it(
    'sets a password by the link of a mail, and sends a new link for one that is used up',
    async () => {
      const { email } = await pages().register('ben@own.example', 'Ben');
      await pages().at('/sign-in', async (page) => {
        await page.getByRole('link', { name: 'Forgotten your password?' }).click();
        await page.getByRole('heading', { name: 'Choose a password' }).waitFor();
        await page.getByLabel('E-mail').fill(email);
        await page.getByRole('button', { name: 'Send the link' }).click();
        await page.getByText('If this address has an account, a mail is on its way.').waitFor();
      });
      const mails = async () => system.api.list<{ mailType: string }>(`/outbox?to=${encodeURIComponent(email)}`);
      await until(mails, (all) => all.some(({ mailType }) => mailType === 'password_reset'));
      const token = await pages().mailedToken(email);
      await follow('/password', token, async (page) => {
        await page.locator('input[autocomplete=new-password]').fill(NEXT);
        await page.getByRole('button', { name: 'Save password' }).click();
        await said(page, 'Your password is saved. Use it the next time you sign in.');
      });
      await pages().as({ email, password: NEXT }, '/account', (page) => said(page, email));
      await follow('/password', token, async (page) => {
        await page.locator('input[autocomplete=new-password]').fill(ADMIN.password);
        await page.getByRole('button', { name: 'Save password' }).click();
        await said(page, 'The link or code is invalid or has expired.');
        await page.getByRole('button', { name: 'Get a new link' }).click();
        await page.getByLabel('E-mail').waitFor();
      });
    },
    MINUTE,
  );

  it(
    'changes the own details and password, and signs out everywhere',
    async () => {
      const person = await pages().register('cem@own.example', 'Cem');
      await pages().as(person, '/account', async (page) => {
        await page.getByRole('textbox', { name: 'Name' }).fill(HOSTILE);
        await page.getByRole('button', { name: 'Save' }).click();
        await page.getByRole('button', { name: HOSTILE }).waitFor();
        await page.getByRole('button', { name: 'Change the password' }).click();
        await page.getByLabel('Current password').fill(person.password);
        await page.getByLabel('New password').fill(NEXT);
        await page.getByRole('button', { name: 'Save password' }).click();
        await said(page, 'The password is changed. All other sessions have ended.');
        expect(await violationsOf(page)).toEqual([]);
        await page.getByRole('button', { name: 'Sign out everywhere', exact: true }).click();
        await page.getByRole('heading', { name: 'Sign in' }).waitFor();
      });
    },
    MINUTE,
  );

  it(
    'asks whether anybody is there after half an hour, and signs out without an answer',
    async () => {
      await pages().at('/sign-in', async (page) => {
        await page.clock.install();
        await page.goto(`${system.url}/account`);
        await enter(page, ADMIN);
        await said(page, 'This browser');
        await page.clock.fastForward('29:30');
        await page.getByRole('button', { name: 'Stay signed in' }).click();
        await page.getByRole('dialog').waitFor({ state: 'detached' });
        await page.clock.fastForward('29:30');
        await page.getByRole('button', { name: 'Stay signed in' }).waitFor();
        await page.clock.fastForward('01:00');
        await page.getByRole('heading', { name: 'Sign in' }).waitFor();
        // It keeps the clock of this spec.
        await page.close();
      });
    },
    MINUTE,
  );

  it(
    'shows a resident their own numbers and apps on a telephone, and nothing else',
    async () => {
      const flat = await newGroup(HOSTILE);
      const person = await member(flat, 'kim@own.example', 'user');
      const members = await system.api.list<{ userId: string }>(`/projects/${projectId}/groups/${flat}/members`);
      const assign = { resource: 'sip_number', label: '4711', holder: members[0]!.userId };
      await system.api.post(`/projects/${projectId}/groups/${flat}/assignments`, assign);
      await system.api.post(`/projects/${projectId}/groups/${flat}/assignments`, {
        ...assign,
        label: 'of others',
        holder: 'somebody-else',
      });
      const look = async (page: Page): Promise<void> => {
        await page.getByRole('heading', { level: 1, name: HOSTILE }).waitFor();
        await said(page, '4711');
        expect(await page.getByText('of others').count()).toBe(0);
        expect(await page.getByRole('navigation').count()).toBe(0);
        expect(await violationsOf(page)).toEqual([]);
        expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(320);
        await page.goto(`${system.url}/projects/${projectId}/groups/${projectId}`);
        await said(page, '4711');
        expect(page.url()).toBe(`${system.url}/`);
      };
      await pages().as(person, `/projects/${projectId}/groups/${flat}`, look, TELEPHONE);
    },
    MINUTE,
  );

  it(
    'offers a site administrator nothing that is refused to them',
    async () => {
      const person = await member(await newGroup('House 7'), 'site@own.example', 'site_administrator');
      const [{ partnerId }] = (await system.api.list<{ partnerId: string }>('/partners')) as [{ partnerId: string }];
      const offered = async (page: Page, path: string, heading: string): Promise<readonly string[]> => {
        await page.goto(`${system.url}${path}`);
        await page.getByRole('heading', { level: 1, name: heading }).waitFor();
        return page.getByRole('main').getByRole('button').allInnerTexts();
      };
      await pages().as(person, '/projects', async (page) => {
        expect(await offered(page, '/projects', 'Projects')).toEqual([]);
        expect(await offered(page, `/projects/${projectId}`, 'Hafenblick')).toEqual([]);
        await said(
          page,
          'The licenses of the project are for those who look after all of it. What your groups may use is on their pages.',
        );
        await page.getByRole('link', { name: 'Open the object groups' }).click();
        await page.getByRole('heading', { level: 1, name: 'House 7' }).waitFor();
      });
      await pages().as(ADMIN, '/partners', async (page) => {
        expect(await offered(page, '/partners', 'Partners')).toEqual(['Register a partner']);
        await page.goto(`${system.url}/partners/${partnerId}`);
        await page.getByText('Time zone UTC').waitFor();
      });
    },
    3 * MINUTE,
  );

  it(
    'shows a concierge their building and what is below',
    async () => {
      const building = await newGroup('House 9');
      await newGroup('Flat 1', building);
      const person = await member(building, 'con@own.example', 'concierge');
      await pages().as(
        person,
        '/',
        async (page) => {
          await page.getByRole('heading', { level: 1, name: 'House 9' }).waitFor();
          await said(page, 'Virtual numbers');
          await page.getByRole('button', { name: 'Flat 1' }).click();
          await page.getByRole('heading', { level: 1, name: 'Flat 1' }).waitFor();
          expect(await violationsOf(page)).toEqual([]);
          await page.getByRole('button', { name: 'Back' }).click();
          await page.getByRole('heading', { level: 1, name: 'House 9' }).waitFor();
        },
        TELEPHONE,
      );
    },
    MINUTE,
  );

  it(
    'lets in who asked to join a distributor, or rejects them, for people who may decide that',
    async () => {
      const dora = await pages().register('dora@own.example', 'Dora Distribution');
      const filter = encodeURIComponent('name = "Dora Distribution"');
      const [{ partnerId }] = (await system.api.list<{ partnerId: string }>(`/partners?filter=${filter}`)) as [
        { partnerId: string },
      ];
      await system.api.post(`/partners/${partnerId}/promote`, {});
      const api = await Api.signIn(system.url, dora.email, dora.password);
      const { joinCode } = await api.post<{ joinCode: string }>(`/partners/${partnerId}/join-code`, {});
      const ask = async (email: string, partnerName: string): Promise<void> => {
        const details = { kind: 'dealer', name: 'Ben Dahl', objectName: 'Quay 4', timeZone: 'UTC', language: 'en' };
        await system.api.post('/registrations', { ...details, email, partnerName, joinCode });
        const token = await pages().mailedToken(email);
        await system.api.post('/registrations/confirm', { token, password: dora.password });
      };
      await ask('ben@join.example', HOSTILE);
      await ask('eve@join.example', 'Eve Installations');
      // Sees the distributor and its stock, but decides nothing.
      const permissions = ['partners:read', 'stock:read', 'projects:read', 'groups:read', 'licenses:read'];
      const { roleId } = await api.post<{ roleId: string }>('/roles', { name: 'Accountant', permissions });
      const accountant = { name: 'Fay', email: 'fay@own.example', role: roleId };
      await api.post(`/partners/${partnerId}/administrators`, accountant);
      await system.api.post('/auth/password-resets', { email: accountant.email });
      const token = await pages().mailedToken(accountant.email);
      await system.api.post('/auth/password-resets/confirm', { token, password: dora.password });
      await pages().as({ email: accountant.email, password: dora.password }, '/', async (page) => {
        await page.getByRole('heading', { name: 'Ends in sight' }).waitFor();
        await loaded(page);
        expect(await page.getByText('Waiting for your decision').count()).toBe(0);
        await page.goto(`${system.url}/partners/${partnerId}`);
        await page.getByRole('heading', { name: 'Stock' }).waitFor();
        await loaded(page);
        expect(await page.getByText('Requests to join').count()).toBe(0);
      });

      await pages().as(dora, '/', async (page) => {
        const dialog = page.getByRole('dialog');
        await page.getByRole('heading', { name: 'Waiting for your decision' }).waitFor();
        expect(await violationsOf(page)).toEqual([]);
        await page.getByRole('link', { name: 'Dora Distribution: 2 requests to join' }).click();
        await page.getByRole('row', { name: HOSTILE }).getByText('ben@join.example').waitFor();
        expect(await violationsOf(page)).toEqual([]);
        await page.getByRole('button', { name: `Approve: ${HOSTILE}` }).click();
        await dialog.getByText('becomes a partner below Dora Distribution, with the project Quay 4').waitFor();
        expect(await violationsOf(page)).toEqual([]);
        await dialog.getByRole('button', { name: 'Approve' }).click();
        await page.getByRole('row', { name: HOSTILE }).getByText('Approved').waitFor();
        await page.getByRole('button', { name: 'Reject: Eve Installations' }).click();
        await dialog.getByText('No partner and no project are created.').waitFor();
        await dialog.getByLabel('Reason').fill('Unknown to us');
        await dialog.getByRole('button', { name: 'Reject' }).click();
        await page.getByRole('row', { name: 'Eve Installations' }).getByText('Rejected').waitFor();
        expect(await page.getByRole('button', { name: /^(Approve|Reject):/ }).count()).toBe(0);
        await page.goto(system.url);
        await page.getByRole('heading', { name: 'Ends in sight' }).waitFor();
        await loaded(page);
        expect(await page.getByText('Waiting for your decision').count()).toBe(0);
      });
      const below = await api.list<{ name: string; parentPartnerId: string }>('/partners');
      expect(below.filter(({ parentPartnerId }) => parentPartnerId === partnerId).map(({ name }) => name)).toEqual([
        HOSTILE,
      ]);
    },
    4 * MINUTE,
  );
});
