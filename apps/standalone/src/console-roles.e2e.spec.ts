import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { untilReported } from '@allotree/api-client';
import { describeInBrowser } from '@allotree/testing';
import { workbench, type RunningSystem } from '@allotree/testing/running-system';
import type { Page } from 'playwright-core';
import { ConsolePages } from './console-pages.harness.js';
import { ADMIN, loaded, startDemo, type Person } from './console.harness.js';

const MINUTE = 60_000;

/** Every page that not everybody sees, in the order of the menu, with its title. */
const PAGES = {
  '/projects': 'Projects',
  '/partners': 'Partners',
  '/statements': 'Statements',
  '/people': 'People',
  '/roles': 'Roles',
  '/api-keys': 'API keys',
  '/mail-templates': 'Mail templates',
  '/deliveries': 'Mails',
  '/webhooks': 'Webhooks',
  '/exports': 'Exports',
  '/audit': 'Audit',
} as const;
type Path = keyof typeof PAGES;
const ALL = Object.keys(PAGES) as readonly Path[];
const OF_PARTNER: readonly Path[] = ['/projects', '/partners', '/statements', '/people', '/roles'];

let bench: Awaited<ReturnType<typeof workbench>>;
let system: RunningSystem;
let projectId: string;
beforeAll(async () => {
  bench = await workbench();
  ({ system, projectId } = await startDemo(bench));
}, 3 * MINUTE);
afterAll(async () => {
  await bench.clear();
}, MINUTE);

describeInBrowser((browser) => {
  const pages = (): ConsolePages => new ConsolePages(system, browser);

  /** Somebody with a role at a building of the demo. */
  const memberOfBuilding = async (email: string, role: string): Promise<Person> => {
    const groups = await system.api.list<{ groupId: string; name: string }>(`/projects/${projectId}/groups`);
    const { groupId } = groups.find(({ name }) => name === 'Building A')!;
    await system.api.post(`/projects/${projectId}/groups/${groupId}/members`, { email, name: 'Kim Larsen', role });
    return pages().enter(email);
  };

  /** A management company that is billed already: its account begins a moment after it is confirmed. */
  const registered = async (email: string, partnerName: string): Promise<Person> => {
    const person = await pages().register(email, partnerName);
    await untilReported(system.api);
    return person;
  };

  interface Sight {
    readonly who: string;
    readonly sees: readonly Path[];
    readonly person: () => Promise<Person>;
  }

  const SIGHTS: readonly Sight[] = [
    { who: 'server administrator', sees: ALL, person: async () => ADMIN },
    { who: 'distributor', sees: ALL, person: () => pages().enter('ada@nordlicht.example') },
    { who: 'dealer', sees: OF_PARTNER, person: () => pages().enter('jan@kaiser-electric.example') },
    {
      who: 'management company',
      sees: OF_PARTNER,
      person: () => registered('mia@own.example', 'Own houses'),
    },
    {
      who: 'site administrator of a building',
      sees: ['/projects', '/roles'],
      person: () => memberOfBuilding('site@own.example', 'site_administrator'),
    },
    { who: 'concierge', sees: [], person: () => memberOfBuilding('con@own.example', 'concierge') },
    { who: 'resident', sees: [], person: () => memberOfBuilding('kim@own.example', 'user') },
  ];

  /** The menu has these links and no other. */
  async function expectMenu(page: Page, expected: readonly string[]): Promise<void> {
    const links = page.getByRole('navigation').getByRole('link');
    for (const path of expected) await page.locator(`nav a[href="${path}"]`).waitFor();
    expect(await links.evaluateAll((found) => found.map((link) => link.getAttribute('href')))).toEqual(expected);
  }

  /** Each page of the menu shows something of its own. */
  async function expectUseful(page: Page, path: Path): Promise<void> {
    await page.getByRole('navigation').locator(`a[href="${path}"]`).click();
    await page.getByRole('heading', { level: 1, name: PAGES[path], exact: true }).waitFor();
    await loaded(page);
    expect([path, await page.getByRole('alert').count()]).toEqual([path, 0]);
    expect(await page.getByRole('main').innerText()).not.toMatch(
      /that you can see|do not have the permission|another (partner|project)/,
    );
  }

  /** The words in place of a page that may not be seen, and the way from there. */
  async function expectRefusal(page: Page): Promise<void> {
    await page.getByRole('heading', { level: 1, name: 'You may not see this page.' }).waitFor();
    expect(await page.getByRole('link', { name: 'Go to the overview' }).getAttribute('href')).toBe('/');
  }

  /** Opens a page by its address: the first one anew, the others in the console that is loaded. */
  async function expectRefused(page: Page, [first, ...others]: readonly Path[]): Promise<void> {
    if (first === undefined) return;
    await page.goto(`${system.url}${first}`);
    await expectRefusal(page);
    for (const path of others) {
      await page.evaluate(`history.pushState(null, '', '/')`);
      await page.getByRole('heading', { level: 1, name: 'You may not see this page.' }).waitFor({ state: 'detached' });
      await page.evaluate(`history.pushState(null, '', '${path}')`);
      await expectRefusal(page);
    }
  }

  it.each(SIGHTS)(
    'shows a $who exactly their pages, and says of the others that they may not be seen',
    async ({ sees, person }) => {
      await pages().as(await person(), '/', async (page) => {
        const menu = sees.length === 0 ? [] : ['/', ...sees, '/account'];
        await expectMenu(page, menu);
        for (const path of sees) await expectUseful(page, path);
        await expectRefused(
          page,
          ALL.filter((path) => !sees.includes(path)),
        );
        await expectMenu(page, menu);
      });
    },
    3 * MINUTE,
  );
});
