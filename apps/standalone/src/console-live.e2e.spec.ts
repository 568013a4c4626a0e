import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { until } from '@allotree/testing/until';
import { describeInBrowser } from '@allotree/testing';
import { workbench, type RunningSystem } from '@allotree/testing/running-system';
import type { Page } from 'playwright-core';
import { signedIn, startDemo } from './console.harness.js';

const MINUTE = 60_000;

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

const groupPage = (groupId: string): string => `/projects/${projectId}/groups/${groupId}`;

/** A building with a limit, which the licenses of the project allow. */
async function newBuilding(name: string, numbers: number): Promise<string> {
  const body = { parentId: projectId, type: 'building', name };
  const { groupId } = await system.api.post<{ groupId: string }>(`/projects/${projectId}/groups`, body);
  await limit(groupId, numbers);
  return groupId;
}
const limit = (groupId: string, numbers: number): Promise<unknown> =>
  system.api.put(`/projects/${projectId}/groups/${groupId}/restriction`, {
    enabled: true,
    poolMode: 'shared',
    gracePeriodDays: 0,
    reminder: null,
    allotments: [
      {
        type: 'plus',
        units: { sip_number: numbers, mobile_app: 0, ukey2: 0 },
        features: [],
        validFrom: null,
        validUntil: null,
      },
    ],
  });

const numbersOf = (page: Page) => page.getByLabel('Virtual numbers', { exact: true });
/** Until the page shows the number, without being asked. */
const shows = (page: Page, numbers: number): Promise<unknown> =>
  until(
    () => numbersOf(page).inputValue(),
    (value) => value === String(numbers),
  );

describeInBrowser((browser) => {
  const visit = (path: string, look: (page: Page) => Promise<void>): Promise<void> =>
    signedIn(browser(), system, path, (page) => {
      page.setDefaultTimeout(MINUTE);
      return look(page);
    });

  it(
    'shows in one browser what another one changes',
    async () => {
      const groupId = await newBuilding('Building L', 3);
      await visit(groupPage(groupId), async (page) => {
        await numbersOf(page).waitFor();
        await visit(groupPage(groupId), async (other) => {
          await numbersOf(other).fill('7');
          await other.getByText('This can be saved.').waitFor();
          await other.getByRole('button', { name: 'Save' }).click();
          await other.getByText('Saved.', { exact: true }).waitFor();
        });
        await shows(page, 7);
        await newBuilding('Building M', 1);
        await page.getByRole('row', { name: 'Building M' }).waitFor();
      });
    },
    3 * MINUTE,
  );

  it(
    'keeps what is typed while somebody else changes it, and shows both',
    async () => {
      const groupId = await newBuilding('Building N', 3);
      await visit(groupPage(groupId), async (page) => {
        await numbersOf(page).fill('9');
        await page.getByText('This can be saved.').waitFor();
        await limit(groupId, 5);
        await page.getByText('Somebody else changed this section meanwhile.').waitFor();
        await page
          .getByRole('listitem')
          .filter({ hasText: '3 virtual numbers' })
          .filter({ hasText: '5 virtual' })
          .waitFor();
        expect(await numbersOf(page).inputValue()).toBe('9');
        expect(await page.getByRole('button', { name: 'Save' }).isEnabled()).toBe(false);
        await page.getByRole('button', { name: 'Keep my entries' }).click();
        await page.getByText('This can be saved.').waitFor();
        await page.getByRole('button', { name: 'Save' }).click();
        await page.getByText('Saved.', { exact: true }).waitFor();
        await numbersOf(page).fill('2');
        await limit(groupId, 6);
        await page.getByRole('button', { name: 'Take what is in force' }).click();
        await shows(page, 6);
      });
    },
    3 * MINUTE,
  );

  it(
    'says that a group on the screen is gone, and leads to the nearest above that is there',
    async () => {
      const building = await newBuilding('Building P', 3);
      const groups = `/projects/${projectId}/groups`;
      const unit = { parentId: building, type: 'unit', name: 'Unit P1' };
      const { groupId } = await system.api.post<{ groupId: string }>(groups, unit);
      await visit(groupPage(groupId), async (page) => {
        await page.getByRole('heading', { level: 1, name: 'Unit P1' }).waitFor();
        await system.api.ask({ method: 'DELETE', path: `${groups}/${building}` });
        await page.getByText('Unit P1 has been removed meanwhile').waitFor();
        await page.getByRole('link', { name: 'Open Hafenblick' }).click();
        await page.getByRole('heading', { level: 1, name: 'Hafenblick' }).waitFor();
        expect(page.url()).toBe(`${system.url}${groupPage(projectId)}`);
      });
    },
    3 * MINUTE,
  );

  it(
    'says when changes do not arrive, and catches up',
    async () => {
      const groupId = await newBuilding('Building O', 3);
      await visit('/', async (page) => {
        const changes = '**/changes';
        await page.route(changes, (route) => route.abort());
        await page.goto(`${system.url}${groupPage(groupId)}`);
        const heading = page.getByRole('heading', { level: 1, name: 'Building O' });
        const place = await heading.boundingBox();
        const notice = page.getByText('Changes by others are not shown at the moment');
        await notice.waitFor();
        // A button that somebody is about to click stays where it is.
        expect(await heading.boundingBox()).toEqual(place);
        await limit(groupId, 8);
        await page.unroute(changes);
        await notice.waitFor({ state: 'detached' });
        await shows(page, 8);
      });
    },
    3 * MINUTE,
  );
});
