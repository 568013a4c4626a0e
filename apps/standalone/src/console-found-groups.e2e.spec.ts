import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { until } from '@allotree/testing/until';
import { describeInBrowser } from '@allotree/testing';
import { workbench, type RunningSystem } from '@allotree/testing/running-system';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { ConsolePages } from './console-pages.harness.js';
import { ADMIN, loaded, violationsOf } from './console.harness.js';

const MINUTE = 60_000;
const DAY_MS = 86_400_000;

let bench: Awaited<ReturnType<typeof workbench>>;
let system: RunningSystem;
let projectId: string;
/** The last day of what building A has. */
let lastDay: string;

const group = async (parentId: string, type: string, name: string): Promise<string> =>
  (await system.api.post<{ groupId: string }>(`/projects/${projectId}/groups`, { parentId, type, name })).groupId;
const restrict = async (groupId: string, sipNumbers: number, validUntil: string | null): Promise<void> => {
  const units = { sip_number: sipNumbers };
  const body = { enabled: true, allotments: [{ type: 'plus', units, ...(validUntil !== null && { validUntil }) }] };
  await system.api.put(`/projects/${projectId}/groups/${groupId}/restriction?cascade=true`, body);
};
const assign = async (groupId: string, count: number): Promise<void> => {
  const body = { assignments: [{ groupId, resource: 'sip_number', count }] };
  await system.api.post(`/projects/${projectId}/assignments`, body);
};

/** Building A is full and ends in 10 days; building B has room; building C was cut to less than flat 3 has in use. */
async function newProject(): Promise<void> {
  const administrator = { name: 'Ada Berg', email: 'ada.berg@nordlicht.example' };
  const distributor = { name: 'Nordlicht', kind: 'distributor', administrator };
  const { partnerId } = await system.api.post<{ partnerId: string }>('/partners', distributor);
  const units = { sip_number: 100 };
  const stock = `/partners/${partnerId}/packages`;
  const { packageId } = await system.api.post<{ packageId: string }>(stock, { name: 'Plus', units });
  const project = { name: 'Hafenblick', partnerId, timeZone: 'UTC' };
  ({ projectId } = await system.api.post<{ projectId: string }>('/projects', project));
  await system.api.post(`/projects/${projectId}/licenses`, { type: 'plus', partnerId, packageId, units });
  const [a, b, c] = [
    await group(projectId, 'building', 'Building A'),
    await group(projectId, 'building', 'Building B'),
    await group(projectId, 'building', 'Building C'),
  ];
  lastDay = new Date(Date.now() + 10 * DAY_MS).toISOString().slice(0, 10);
  await restrict(a, 2, lastDay);
  await assign(await group(a, 'apartment', 'Flat 1'), 2);
  await restrict(b, 5, null);
  await assign(await group(b, 'apartment', 'Flat 2'), 1);
  await restrict(c, 3, null);
  await assign(await group(c, 'apartment', 'Flat 3'), 3);
  await restrict(c, 1, null);
  // The tables follow in the order in which things are recorded.
  const suspended = `/projects/${projectId}/tree?state=suspended`;
  await until(
    () => system.api.get<{ total: number }>(suspended),
    ({ total }) => total > 0,
  );
}

beforeAll(async () => {
  bench = await workbench();
  system = await bench.start({ ADMIN_PASSWORD: ADMIN.password, RATE_LIMIT_PER_ADDRESS: '0' });
  await newProject();
}, 2 * MINUTE);
afterAll(async () => {
  await bench.clear();
}, MINUTE);

describeInBrowser((browser) => {
  const visit = (search: string, look: (page: Page) => Promise<void>, options?: BrowserContextOptions): Promise<void> =>
    new ConsolePages(system, browser).as(ADMIN, `/projects/${projectId}/groups/${projectId}${search}`, look, options);
  const chip = (page: Page, name: string) => page.getByRole('checkbox', { name });
  const found = (page: Page) => page.getByRole('grid', { name: 'Groups found' });
  /** Name, place, reason and use of each group, once the page shows this number of them. */
  const rows = async (page: Page, count: number): Promise<string[][]> => {
    const counted = count === 1 ? '1 group, wherever it is' : `${count} groups, wherever they are`;
    await page.getByText(`${counted} in the tree`).waitFor();
    const texts = await found(page).locator('.tree-row[aria-selected]').allInnerTexts();
    return texts.map((text) => text.split('\n').filter((line) => line !== ''));
  };
  const inTree = (page: Page) => page.getByRole('treegrid').getByText('Building B').waitFor();
  const searchOf = (page: Page): string => new URL(page.url()).search;

  it(
    'finds the groups in the states that are chosen, wherever they are in the tree',
    async () => {
      const date = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeZone: 'UTC' }).format(new Date(lastDay));
      await visit('', async (page) => {
        await inTree(page);
        await page.getByText('At limit', { exact: true }).click();
        const [a, c] = [
          ['Building A', 'Hafenblick', 'At limit', '2 / 2'],
          ['Building C', 'Hafenblick', 'At limit', '1 / 1'],
        ];
        expect(await rows(page, 2)).toEqual([a, c]);
        expect(searchOf(page)).toBe('?state=at_limit');
        await page.reload();
        expect(await rows(page, 2)).toEqual([a, c]);
        await page.getByText('Suspended', { exact: true }).first().click();
        expect(await rows(page, 3)).toEqual([a, c, ['Flat 3', 'Hafenblick / Building C', 'Suspended', '1 / 1']]);
        await page.getByText('At limit', { exact: true }).first().click();
        expect(await rows(page, 1)).toEqual([['Flat 3', 'Hafenblick / Building C', 'Suspended', '1 / 1']]);
        // With the keyboard alone.
        await chip(page, 'Suspended').focus();
        await page.keyboard.press('Space');
        await inTree(page);
        expect(searchOf(page)).toBe('');
        await chip(page, 'Ending soon').focus();
        await page.keyboard.press('Space');
        expect(await rows(page, 1)).toEqual([['Building A', 'Hafenblick', `Ends on ${date}`, '2 / 2']]);
      });
    },
    2 * MINUTE,
  );

  it(
    'opens a group that was found by the keyboard, and keeps what is found in sight',
    async () => {
      await visit('?state=at_limit', async (page) => {
        await rows(page, 2);
        await found(page).focus();
        await page.keyboard.press('ArrowDown');
        await page.keyboard.press('Enter');
        await page.getByRole('heading', { level: 1, name: 'Building C' }).waitFor();
        expect(await rows(page, 2)).toHaveLength(2);
        expect(await found(page).locator('[aria-selected=true]').innerText()).toContain('Building C');
        expect(searchOf(page)).toBe('?state=at_limit');
        await page.keyboard.press('Home');
        await page.keyboard.press('?');
        await page.getByRole('dialog').getByText('Building A').first().waitFor();
      });
    },
    2 * MINUTE,
  );

  it(
    'says what was looked for where nothing is found, at any instant, and leads back to the tree',
    async () => {
      const before = `&at=${encodeURIComponent(new Date(Date.now() + DAY_MS * 20).toISOString())}`;
      await visit(`?state=ending_soon${before}`, async (page) => {
        await page.getByText('No group is like this.').waitFor();
        await page.getByText('Ending soon: the licenses of the group').waitFor();
        await page.getByRole('button', { name: 'Show the whole tree' }).click();
        await inTree(page);
        expect(new URL(page.url()).searchParams.has('at')).toBe(true);
      });
      await visit('?state=full,suspended', async (page) => {
        await rows(page, 1);
        await page.goto(`${system.url}/projects/${projectId}/groups/${projectId}?state=full`);
        await inTree(page);
      });
    },
    2 * MINUTE,
  );

  it.each([
    ['en-GB', 1_280],
    ['de-AT', 320],
  ] as const)(
    'is accessible (%s, %d pixels wide)',
    async (locale, width) => {
      const options = { locale, viewport: { width, height: 900 } };
      await visit(
        '?state=at_limit,ending_soon,suspended',
        async (page) => {
          await page.locator('[role=grid] [aria-selected]').first().waitFor();
          await loaded(page);
          expect(await violationsOf(page)).toEqual([]);
          expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
        },
        options,
      );
    },
    2 * MINUTE,
  );
});
