import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { addDays, dateAt, endOfDay } from '@allotree/domain';
import { describeInBrowser } from '@allotree/testing';
import { workbench, type RunningSystem } from '@allotree/testing/running-system';
import type { BrowserContextOptions } from 'playwright-core';
import {
  ADMIN,
  enter,
  expectAccessible,
  signedIn as signedInAs,
  startDemo,
  violationsOf,
  visited,
  type Look,
} from './console.harness.js';

const MINUTE = 60_000;
const HOSTILE = `<img src=x onerror="document.title='owned'"> "'\${7*7}`;

interface Restriction {
  readonly enabled: boolean;
  readonly allotments: readonly { readonly units: object; readonly validUntil: string | null }[];
  readonly reminder: object | null;
}

interface AsOf {
  readonly resources: Readonly<
    Record<string, { effectiveLimit: number | null; consumed: number; suspended: number; available: number | null }>
  >;
}

const NAMES = { sip_number: 'Virtual numbers', mobile_app: 'Mobile applications', ukey2: 'UKEY2' };
const berlin = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'medium', timeZone: 'Europe/Berlin' });

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

const groupPage = (groupId: string, search = ''): string => `/projects/${projectId}/groups/${groupId}${search}`;
const restrictionOf = (groupId: string): Promise<Restriction> =>
  system.api.get<Restriction>(`/projects/${projectId}/groups/${groupId}/restriction`);
async function newGroup(name: string): Promise<string> {
  const body = { parentId: projectId, type: 'building', name };
  return (await system.api.post<{ groupId: string }>(`/projects/${projectId}/groups`, body)).groupId;
}

describeInBrowser((browser) => {
  const signedIn = (path: string, look: Look, context: BrowserContextOptions = {}): Promise<void> =>
    signedInAs(browser(), system, path, look, context);

  it(
    'assigns licenses to a group in the steps of the description',
    async () => {
      const groupId = await newGroup('Building C');
      const lastDay = addDays(dateAt(Date.now(), 'Europe/Berlin'), 90);
      await signedIn('/projects', async (page) => {
        await page.getByRole('link', { name: 'Hafenblick' }).click();
        await page.getByRole('link', { name: 'Open the object groups' }).click();
        await page.getByRole('row', { name: 'Building C' }).click();
        await page.getByRole('heading', { name: 'Building C' }).waitFor();
        await page.getByRole('switch', { name: 'Enable restriction' }).check();
        await page.getByRole('switch', { name: 'Reminder of the end of the license period' }).check();
        await page.getByRole('button', { name: 'Add new license' }).click();
        await page.getByLabel('Virtual numbers', { exact: true }).fill('30');
        await page.getByLabel('Mobile applications', { exact: true }).fill('40');
        await page.getByRole('button', { name: 'Raise the virtual numbers to 40' }).click();
        await page.getByLabel('Virtual numbers', { exact: true }).fill('500');
        await page
          .getByText('500 virtual numbers asked for, 126 available. Limited by the licenses of the project.')
          .waitFor();
        expect(await page.getByRole('button', { name: 'Save' }).isEnabled()).toBe(false);
        await page.getByRole('button', { name: 'Reduce to 126' }).click();
        await page.getByText('This can be saved.').waitFor();
        await page.getByLabel('Virtual numbers', { exact: true }).fill('50');
        await page.getByLabel('Siri', { exact: true }).check();
        await page.getByLabel('Valid until').fill(lastDay);
        await page.keyboard.press('Enter');
        await page.getByText('This can be saved.').waitFor();
        await page.getByRole('button', { name: 'Save' }).click();
        await page.getByText('Saved.', { exact: true }).waitFor();
        await page.getByText('Limited by Building C').first().waitFor();
      });
      expect(await restrictionOf(groupId)).toMatchObject({
        enabled: true,
        allotments: [
          {
            units: { sip_number: 50, mobile_app: 40, ukey2: 0 },
            features: ['siri'],
            validUntil: new Date(endOfDay(lastDay, 'Europe/Berlin')).toISOString(),
          },
        ],
        reminder: { daysBefore: [30, 7], recurrence: 'once', recipients: 'administrators' },
      });
    },
    MINUTE,
  );

  it(
    'shows what a cut takes away before it is saved, and why a group has no more',
    async () => {
      await signedIn(groupPage(projectId), async (page) => {
        await page.getByRole('row', { name: 'Building A' }).click();
        await page.getByRole('heading', { name: 'Building A' }).waitFor();
        await page.getByLabel('Virtual numbers', { exact: true }).fill('70');
        // The newest, whose order within one request is not fixed.
        await page.getByText(/Unit [12]: 10 virtual numbers suspended/).waitFor();
        await page.getByLabel('Reduce the groups below as well').check();
        await page.getByText('This can be saved.').waitFor();
        await page.getByRole('button', { name: 'Restore' }).click();
        await page.getByText('Nothing is changed yet.').waitFor();
        await page.getByRole('button', { name: 'Why? Virtual numbers' }).click();
        const explanation = page.getByRole('dialog');
        const path = explanation.getByRole('list', { name: 'From the project down to Building A' });
        await path.getByText('Binds here').waitFor();
        const levels = await path.locator('> li').allInnerTexts();
        expect(levels).toHaveLength(3);
        expect(levels.filter((level) => level.includes('Binds here'))).toEqual([levels[2]]);
        expect(levels[0]).toContain('Licenses of Hafenblick');
        expect(levels[2]!.replaceAll(/\s+/g, ' ')).toContain('Limit 80 In use 80 Left 0');
        await explanation.getByText('Raise Building A by 1.').waitFor();
        await path.getByRole('link', { name: 'Show it in the history' }).last().click();
        await page.getByText('Only the events behind a number are shown.').waitFor();
        const entries = page.getByRole('tabpanel').getByRole('row');
        await entries.nth(1).waitFor();
        // The head, and the event that set the section.
        expect(await entries.count()).toBe(2);
        await page.getByRole('button', { name: 'Show the whole history of the group' }).click();
        await entries.nth(2).waitFor();
      });
    },
    MINUTE,
  );

  it(
    'explains a refusal and a figure of the tree in a picture, and mends the entry there',
    async () => {
      const groupId = await newGroup('Building W');
      await signedIn(groupPage(groupId), async (page) => {
        await page.getByRole('switch', { name: 'Enable restriction' }).check();
        await page.getByRole('button', { name: 'Add new license' }).click();
        await page.getByLabel('Virtual numbers', { exact: true }).fill('500');
        await page.getByRole('status').getByRole('button', { name: 'Why?' }).click();
        const explanation = page.getByRole('dialog');
        const binding = explanation.getByRole('listitem').filter({ hasText: 'Binds here' });
        await binding.getByText('Licenses of Hafenblick').waitFor();
        await explanation.getByRole('region', { name: 'Or change what you entered' }).getByRole('button').click();
        await page.getByText('This can be saved.').waitFor();
        await explanation.waitFor({ state: 'detached' });
        await page.getByRole('treegrid').focus();
        await page.keyboard.press('End');
        await page.keyboard.press('?');
        await explanation.getByRole('list', { name: /^From the project down to / }).waitFor();
        await page.keyboard.press('Escape');
        await page.getByRole('row', { name: 'Building A' }).getByRole('button', { name: '80 / 80' }).click();
        await explanation.getByRole('list', { name: 'From the project down to Building A' }).waitFor();
      });
    },
    MINUTE,
  );

  it(
    'shows the picture on a telephone, in German, to everybody',
    async () => {
      const look: Look = async (page) => {
        await page.getByRole('button', { name: 'Warum? Virtuelle Nummern' }).click();
        await page.getByRole('dialog').getByRole('list', { name: 'Vom Projekt bis zu Hafenblick' }).waitFor();
        expect(await violationsOf(page)).toEqual([]);
        const dialog = page.getByRole('dialog');
        const hidden = await dialog.evaluate(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth);
        expect(hidden).toBe(0);
      };
      await signedIn(groupPage(projectId), look, { viewport: { width: 320, height: 640 }, locale: 'de-DE' });
    },
    MINUTE,
  );

  it(
    'keeps what was typed where somebody else saves first, and lets the person choose',
    async () => {
      const groupId = await newGroup('Building D');
      await signedIn('/', async (page) => {
        // A page that receives no changes learns of them when it saves.
        await page.route('**/changes', (route) => route.abort());
        await page.goto(`${system.url}${groupPage(groupId)}`);
        await page.getByRole('switch', { name: 'Enable restriction' }).check();
        await page.getByRole('button', { name: 'Add new license' }).click();
        await page.getByLabel('Virtual numbers', { exact: true }).fill('7');
        await page.getByText('This can be saved.').waitFor();
        const allotments = [{ type: 'plus', units: { sip_number: 3 } }];
        await system.api.put(`/projects/${projectId}/groups/${groupId}/restriction`, { enabled: true, allotments });
        await page.getByRole('button', { name: 'Save' }).click();
        await page.getByText('Somebody else changed this section meanwhile.').waitFor();
        expect((await restrictionOf(groupId)).allotments).toMatchObject([{ units: { sip_number: 3 } }]);
        await page.getByRole('button', { name: 'Keep my entries' }).click();
        expect(await page.getByLabel('Virtual numbers', { exact: true }).inputValue()).toBe('7');
        await page.getByText('This can be saved.').waitFor();
        await page.getByRole('button', { name: 'Save' }).click();
        await page.getByText('Saved.', { exact: true }).waitFor();
      });
      expect((await restrictionOf(groupId)).allotments).toMatchObject([{ units: { sip_number: 7 } }]);
    },
    MINUTE,
  );

  it(
    'shows the page as of an instant, with the numbers of the API, and lets nothing be changed there',
    async () => {
      const groupId = await newGroup('Building E');
      const before = new Date().toISOString();
      await system.api.post(`/projects/${projectId}/groups/${groupId}/assignments`, { resource: 'sip_number' });
      const asOf = `/projects/${projectId}/groups/${projectId}/quota/as-of?at=${before}`;
      const { resources } = await system.api.get<{ resources: { sip_number: { consumed: number } } }>(asOf);
      await visited(browser(), `${system.url}${groupPage(projectId, `?at=${before}`)}`, async (page) => {
        await enter(page, ADMIN);
        await page.getByText('You are looking at').waitFor();
        const row = page.getByRole('row', { name: 'Virtual numbers' });
        expect(await row.getByRole('cell').nth(1).innerText()).toBe(String(resources.sip_number.consumed));
        expect(await page.getByRole('tab').count()).toBe(0);
        await page.getByRole('button', { name: 'Back to now' }).click();
        await page.getByRole('tab', { name: 'Licenses' }).waitFor();
      });
    },
    MINUTE,
  );

  it(
    'generates the groups of a building after a preview, which names what is too many',
    async () => {
      const groupId = await newGroup('Building F');
      await signedIn(groupPage(groupId), async (page) => {
        await page.getByRole('button', { name: 'Edit group' }).click();
        await page.getByRole('menuitem', { name: 'Generate groups below' }).click();
        await page.getByText('52 groups in all').waitFor();
        await page.getByLabel('Floors in each unit').fill('100000');
        await page.getByText('makes 1000002 groups, more than 110000 in one call').waitFor();
        expect(await page.getByRole('button', { name: /^Create/ }).isEnabled()).toBe(false);
        await page.getByLabel('Floors in each unit').fill('2');
        await page.getByLabel('Apartments: Name').fill('{floor}{n:2}');
        await page.getByRole('combobox', { name: 'Numbers of apartments begin again' }).click();
        await page.getByRole('option', { name: 'on each floor' }).click();
        await page.getByText('101 – 204').waitFor();
        await page.getByRole('button', { name: 'Create 22 groups' }).click();
        await page.getByText('22 groups created.').waitFor();
        await page.getByText('They are in the tree, below this group.').waitFor();
        // The building is open, with what is new below it.
        await page.locator('.tree-row[aria-selected=true][aria-expanded=true]').getByText('Building F').waitFor();
        for (const name of ['Unit 1', 'Unit 2'])
          await page.locator('.tree-row[aria-level="3"]').getByText(name, { exact: true }).waitFor();
        await page.getByRole('alert').getByRole('button', { name: 'Close' }).click();
        await page.getByText('22 groups created.').waitFor({ state: 'detached' });
      });
      const units = await system.api.list<{ name: string }>(`/projects/${projectId}/groups?parentId=${groupId}`);
      expect(units.map(({ name }) => name).sort()).toEqual(['Unit 1', 'Unit 2']);
    },
    2 * MINUTE,
  );

  it(
    'changes the limits of several groups together, each refusal beside its group, and moves units between them',
    async () => {
      const parent = await newGroup('Quarter G');
      const [one, two] = await Promise.all(
        ['Block 1', 'Block 2'].map(async (name) => {
          const body = { parentId: parent, type: 'unit', name };
          return (await system.api.post<{ groupId: string }>(`/projects/${projectId}/groups`, body)).groupId;
        }),
      );
      const numbersOf = async (groupId: string | undefined): Promise<unknown> =>
        (await restrictionOf(groupId!)).allotments.map(({ units }) => units);
      await signedIn(groupPage(parent, '/limits'), async (page) => {
        await page.getByLabel('Block 1: Virtual numbers').fill('9');
        await page.getByLabel('Block 2: Virtual numbers').fill('900');
        const refused = page.getByRole('row', { name: 'Block 2' });
        await refused.getByText('900 virtual numbers asked for').waitFor();
        expect(await page.getByRole('row', { name: 'Block 1' }).getByRole('alert').count()).toBe(0);
        expect(await page.getByRole('button', { name: 'Save all' }).isEnabled()).toBe(false);
        await page.getByLabel('Block 2: Virtual numbers').fill('6');
        await page.getByText('The changes of 2 groups can be saved.').waitFor();
        await page.getByRole('button', { name: 'Save all' }).click();
        await page.getByText('Saved.', { exact: true }).waitFor();
        expect([await numbersOf(one), await numbersOf(two)]).toEqual([
          [{ sip_number: 9, mobile_app: 0, ukey2: 0 }],
          [{ sip_number: 6, mobile_app: 0, ukey2: 0 }],
        ]);
        await page.getByRole('link', { name: 'Block 1' }).click();
        await page.getByRole('button', { name: 'Edit group' }).click();
        await page.getByRole('menuitem', { name: 'Transfer units' }).click();
        const form = page.getByRole('dialog');
        await form.getByLabel('To the group').fill('Block 2');
        await page.getByRole('option', { name: 'Block 2' }).click();
        await form.getByLabel('Virtual numbers').fill('4');
        await form.getByLabel('Reason').fill('Two flats were joined');
        await form.getByRole('button', { name: 'Transfer', exact: true }).click();
        await page.getByText('Units transferred.').waitFor();
      });
      expect([await numbersOf(one), await numbersOf(two)]).toEqual([
        [{ sip_number: 5, mobile_app: 0, ukey2: 0 }],
        [
          { sip_number: 6, mobile_app: 0, ukey2: 0 },
          { sip_number: 4, mobile_app: 0, ukey2: 0 },
        ],
      ]);
    },
    MINUTE,
  );

  it(
    'marks what differs between two instants',
    async () => {
      const groupId = await newGroup('Building H');
      const before = new Date().toISOString();
      await system.api.post(`/projects/${projectId}/groups/${groupId}/assignments`, { resource: 'sip_number' });
      await system.api.get(`/projects/${projectId}/groups/${groupId}/quota/as-of`);
      const after = new Date().toISOString();
      await signedIn(groupPage(groupId, `?at=${after}&compare=${before}`), async (page) => {
        const differences = page.getByRole('region', { name: 'What differs' }).first();
        await differences.getByText('1 event lies between them.').waitFor();
        const row = differences.getByRole('row', { name: 'Virtual numbers: In use' });
        expect(await row.getByRole('cell').allInnerTexts()).toEqual(['0', '1']);
        expect(await row.locator('mark').innerText()).toBe('1');
        await page.getByRole('button', { name: 'Back to now' }).click();
        await page.getByRole('tab', { name: 'Licenses' }).waitFor();
        expect(new URL(page.url()).search).toBe('');
      });
    },
    MINUTE,
  );

  it(
    'shows at each of 50 instants the numbers that the API answers for it',
    async () => {
      const history = await system.api.list<{ at: string }>(`/projects/${projectId}/history`);
      const begin = Math.min(...history.map(({ at }) => Date.parse(at)));
      const length = Date.now() - begin;
      // Evenly scattered, and the same at each run.
      const instants = Array.from({ length: 50 }, (_, index) => begin + Math.round(((index * 0.618034) % 1) * length));
      await signedIn(groupPage(projectId), async (page) => {
        for (const instant of instants) {
          const at = new Date(instant).toISOString();
          const { resources } = await system.api.get<AsOf>(
            `/projects/${projectId}/groups/${projectId}/quota/as-of?at=${at}`,
          );
          await page.evaluate(`history.pushState({}, '', '?at=${at}')`);
          await page.getByText(`You are looking at ${berlin.format(instant)}`).waitFor();
          await page.getByRole('row', { name: 'UKEY2' }).waitFor();
          const shown = await page.evaluate<readonly (readonly string[])[]>(
            "[...document.querySelectorAll('tr')].map((row) => [...row.children].map((cell) => cell.innerText.trim()))",
          );
          for (const [resource, name] of Object.entries(NAMES)) {
            const { effectiveLimit, consumed, suspended, available } = resources[resource]!;
            const expected = [effectiveLimit, consumed, suspended, available].map((number) =>
              String(number ?? 'unlimited'),
            );
            const [, ...cells] = shown.find(([head]) => head?.startsWith(name)) ?? [];
            expect([at, name, cells.slice(0, 4)]).toEqual([at, name, expected]);
          }
        }
      });
    },
    2 * MINUTE,
  );

  it(
    'reads a typed time by the clocks of the project, whatever the zone of the browser',
    async () => {
      await signedIn(
        groupPage(projectId),
        async (page) => {
          await page.getByRole('button', { name: 'Look at an instant' }).click();
          const chooser = page.getByRole('dialog');
          await chooser.getByRole('button', { name: /^15 / }).click();
          await chooser.locator('input').first().fill('12');
          await chooser.locator('input').nth(1).fill('30');
          await page.keyboard.press('Escape');
          const typed = await page.getByRole('button', { name: 'Look at an instant' }).innerText();
          await page.getByRole('button', { name: 'Show', exact: true }).click();
          await page.getByText('You are looking at').waitFor();
          const at = new URL(page.url()).searchParams.get('at')!;
          const there = new Intl.DateTimeFormat('sv-SE', {
            dateStyle: 'short',
            timeStyle: 'short',
            timeZone: 'Europe/Berlin',
          });
          expect([typed, there.format(new Date(at))]).toEqual([expect.stringMatching(/-15 12:30$/), typed]);
        },
        { timezoneId: 'Pacific/Auckland' },
      );
    },
    MINUTE,
  );

  it(
    'is used by the keyboard alone',
    async () => {
      await signedIn(groupPage(projectId), async (page) => {
        const tree = page.getByRole('treegrid', { name: 'Groups of the project' });
        await tree.getByRole('row', { name: 'Building A' }).waitFor();
        await tree.focus();
        const isActive = (name: string): Promise<void> =>
          page.locator('.tree-row[data-active] .tree-name').getByText(name, { exact: true }).waitFor();
        await page.keyboard.press('ArrowDown');
        await isActive('Building A');
        await page.keyboard.press('ArrowRight');
        await tree.getByRole('row', { name: 'Unit 1' }).waitFor();
        await page.keyboard.press('ArrowRight');
        await isActive('Unit 1');
        await page.keyboard.press('Enter');
        await page.getByRole('heading', { name: 'Unit 1' }).waitFor();
        await page.keyboard.press('ArrowLeft');
        await isActive('Building A');
        await page.keyboard.press('ArrowLeft');
        await tree.getByRole('row', { name: 'Unit 1' }).waitFor({ state: 'detached' });
      });
    },
    MINUTE,
  );

  it(
    'shows hostile names as text',
    async () => {
      const groupId = await newGroup(HOSTILE);
      await signedIn(groupPage(groupId), async (page) => {
        await page.getByRole('heading', { name: HOSTILE, exact: true }).waitFor();
        await page.getByRole('row', { name: HOSTILE }).waitFor();
        expect(await page.title()).toBe('Allotree');
      });
    },
    MINUTE,
  );

  it(
    'stays signed in after a reload, and is signed out everywhere at once',
    async () => {
      await signedIn('/account', async (page) => {
        await page.reload();
        await page.getByText('This browser').waitFor();
        const other = await page.context().newPage();
        await other.goto(`${system.url}/projects`);
        await other.getByRole('link', { name: 'Hafenblick' }).waitFor();
        expect(
          await page.evaluate('document.cookie + JSON.stringify({ ...localStorage, ...sessionStorage })'),
        ).not.toContain('ey');
        await page.getByRole('button', { name: 'admin@allotree.local' }).click();
        await page.getByRole('menuitem', { name: 'Sign out' }).click();
        await page.getByRole('heading', { name: 'Sign in' }).waitFor();
        await other.reload();
        await other.getByRole('heading', { name: 'Sign in' }).waitFor();
      });
    },
    MINUTE,
  );

  it(
    'speaks German to whose browser does',
    async () => {
      await signedIn(
        groupPage(projectId),
        async (page) => {
          await page.getByRole('tab', { name: 'In Nutzung' }).waitFor();
          await page.getByText('Begrenzt durch die Lizenzen des Projekts').first().waitFor();
          expect(await page.evaluate('document.documentElement.lang')).toBe('de');
        },
        { locale: 'de-AT' },
      );
    },
    MINUTE,
  );

  it(
    'reloads once for a part that the server does not have, and then says so',
    async () => {
      // The browser itself reports the part that is missing.
      const context = await browser().newContext({ locale: 'en-GB' });
      try {
        const page = await context.newPage();
        await page.goto(system.url);
        await enter(page, ADMIN);
        await page.getByRole('heading', { name: 'Overview' }).waitFor();
        let loads = 0;
        page.on('load', () => loads++);
        const parts = '**/console/partners-*.js';
        await page.route(parts, (route) => route.fulfill({ status: 404 }));
        await page.getByRole('link', { name: 'Partners' }).click();
        const again = page.getByRole('button', { name: 'Load the page again' });
        await again.waitFor();
        expect(loads).toBe(1);
        await page.unroute(parts);
        await again.click();
        await page.getByRole('heading', { name: 'Partners' }).waitFor();
      } finally {
        await context.close();
      }
    },
    MINUTE,
  );

  it(
    'meets WCAG 2.2 AA on every page',
    async () => {
      const [{ partnerId }] = (await system.api.list<{ partnerId: string }>('/partners')) as [{ partnerId: string }];
      const tabs = ['licenses', 'use', 'members', 'devices', 'history'].map((tab) =>
        groupPage(projectId, `?tab=${tab}`),
      );
      const paths = [
        '/',
        '/projects',
        `/projects/${projectId}`,
        '/partners',
        `/partners/${partnerId}`,
        '/account',
        groupPage(projectId, '/generate'),
        groupPage(projectId, '/limits'),
        ...tabs,
      ];
      await signedIn('/', (page) => expectAccessible(page, system, paths));
    },
    2 * MINUTE,
  );
});

/** Of the JavaScript that every page needs, compressed. */
const SHELL_BYTES = 250_000;

describe('the files of the console', () => {
  it('are less than 250 kB of compressed JavaScript before a page is opened', async () => {
    const html = await (await fetch(system.url)).text();
    const names = [...new Set(html.match(/\/console\/[\w.-]+\.js/g))];
    const sizes = await Promise.all(
      names.map(async (name) => gzipSync(await (await fetch(`${system.url}${name}`)).arrayBuffer()).length),
    );
    expect(names.length).toBeGreaterThan(0);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(SHELL_BYTES);
  });

  it('are served with a policy that allows scripts of this address alone', async () => {
    const page = await fetch(`${system.url}/projects/some/groups/other`);
    expect(page.headers.get('content-security-policy')).toContain("default-src 'self'");
    expect(page.headers.get('content-security-policy')).not.toContain('script-src');
    const html = await page.text();
    expect(html).not.toMatch(/<script(?![^>]* src=)|\son\w+=|https?:\/\//);
    const [script] = /\/console\/[\w.-]+\.js/.exec(html)!;
    const file = await fetch(`${system.url}${script}`);
    expect([file.status, file.headers.get('cache-control')]).toEqual([200, 'public, max-age=31536000, immutable']);
    for (const path of ['/console/none.js', `/console/${encodeURIComponent('../../index.html')}`, '/nothing'])
      expect([path, (await fetch(`${system.url}${path}`)).status]).toEqual([path, 404]);
  });
});
