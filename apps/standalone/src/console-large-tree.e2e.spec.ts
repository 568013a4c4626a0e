import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { until } from '@allotree/testing/until';
import { describeInBrowser } from '@allotree/testing';
import { workbench, type RunningSystem } from '@allotree/testing/running-system';
import type { Page, Response } from 'playwright-core';
import { ConsolePages } from './console-pages.harness.js';
import { ADMIN, loaded } from './console.harness.js';

const MINUTE = 60_000;
const BUILDINGS = 100;
const PER_BUILDING = { units: 4, floors: 12, apartments: 20 };
/** With the company itself. */
const GROUPS = 101_301;
const WIDE = 250;

/** Rows that the browser may hold at once: those in sight, some before and some after them. */
const MAX_ROWS_HELD = 50;
/** Rows that the server may answer in all while a few groups are opened, closed and looked at. */
const MAX_ROWS_ANSWERED = 2_000;
/** Of compressed JavaScript for the page of a group, and in how many files: each is a round trip. */
const MAX_SCRIPT_BYTES = 360_000;
const MAX_SCRIPTS = 30;

/** Level, position in its set and size of that set, as ARIA has them. */
type Place = readonly [level: number, position: number, size: number];

interface Seen {
  readonly places: Readonly<Record<number, Place>>;
  readonly mostHeld: number;
}

/** Scrolls through the tree; collects the places of all rows, and how many of them the page holds at once. */
const SCROLL_THROUGH = `(async () => {
  const tree = document.querySelector('.tree');
  const frame = () => new Promise(requestAnimationFrame);
  const places = {};
  let mostHeld = 0;
  for (tree.scrollTop = 0; Object.keys(places).length < Number(tree.ariaRowCount); await frame()) {
    const rows = [...tree.querySelectorAll('.tree-row')];
    mostHeld = Math.max(mostHeld, rows.length);
    if (rows.some((row) => row.ariaLevel === null)) continue;
    for (const row of rows) places[row.ariaRowIndex] = [row.ariaLevel, row.ariaPosInSet, row.ariaSetSize].map(Number);
    tree.scrollTop += tree.clientHeight / 2;
  }
  return { places, mostHeld };
})()`;

let bench: Awaited<ReturnType<typeof workbench>>;
let system: RunningSystem;
let projectId: string;

interface Group {
  readonly groupId: string;
}

const rowsOfTree = async (expanded: string): Promise<number> =>
  (await system.api.get<{ total: number }>(`/projects/${projectId}/tree?expanded=${expanded}`)).total;

async function newProject(): Promise<void> {
  const administrator = { name: 'Ada Berg', email: 'ada.berg@nordlicht.example' };
  const { partnerId } = await system.api.post<{ partnerId: string }>('/partners', {
    name: 'Nordlicht',
    kind: 'distributor',
    administrator,
  });
  const project = { name: 'Complex', partnerId, timeZone: 'Europe/Berlin' };
  ({ projectId } = await system.api.post<{ projectId: string }>('/projects', project));
}

beforeAll(async () => {
  bench = await workbench();
  system = await bench.start({ ADMIN_PASSWORD: ADMIN.password, RATE_LIMIT_PER_ADDRESS: '0' });
  await newProject();
  const counts = Object.entries(PER_BUILDING).map(([level, count]) => [level, { count }]);
  const { created } = await system.api.post<{ created: number }>(`/projects/${projectId}/groups/generate`, {
    parentId: projectId,
    buildings: { count: BUILDINGS },
    ...Object.fromEntries(counts),
  });
  expect(created + 1).toBe(GROUPS);
  // A set of siblings that no page of rows holds, in a building that comes first.
  const building = { parentId: projectId, type: 'building', name: 'Annex' };
  const { groupId: annex } = await system.api.post<{ groupId: string }>(`/projects/${projectId}/groups`, building);
  await system.api.post(`/projects/${projectId}/groups/generate`, {
    parentId: annex,
    floors: { count: 1, namePattern: 'Wide floor' },
    apartments: { count: WIDE, namePattern: 'Studio {n:3}' },
  });
  // A list waits a second for its projection, which has a hundred thousand groups to write.
  const [floor] = await until(
    () => system.api.list<Group>(`/projects/${projectId}/groups?parentId=${annex}`),
    ({ length }) => length > 0,
  );
  await until(
    () => rowsOfTree([projectId, annex, floor!.groupId].join()),
    (rows) => rows >= BUILDINGS + WIDE,
  );
}, 4 * MINUTE);
afterAll(async () => {
  await bench.clear();
}, MINUTE);

describeInBrowser((browser) => {
  const inTree = (look: (page: Page, answers: readonly Response[]) => Promise<void>): Promise<void> =>
    new ConsolePages(system, browser).as(ADMIN, '/account', async (page) => {
      await page.getByText('This browser').waitFor();
      const answers: Response[] = [];
      page.on('response', (answer) => answers.push(answer));
      await page.goto(`${system.url}/projects/${projectId}/groups/${projectId}`);
      await rowCount(page, BUILDINGS + 2);
      await page.locator('.tree').focus();
      await isActive(page, 1);
      await look(page, answers);
    });
  const rowCount = (page: Page, count: number): Promise<void> =>
    page.locator(`.tree[aria-rowcount="${count}"]`).waitFor();
  const isActive = (page: Page, index: number): Promise<void> =>
    page.locator(`.tree-row[data-active][aria-rowindex="${index}"][aria-level]`).waitFor();
  const press = async (page: Page, key: string, activeThen: number): Promise<void> => {
    await page.keyboard.press(key);
    await isActive(page, activeThen);
  };
  const open = async (page: Page, rowsThen: number): Promise<void> => {
    await page.keyboard.press('ArrowRight');
    await rowCount(page, rowsThen);
  };

  it(
    'holds the rows around those in sight, of 101,552 groups, each with its exact place',
    async () => {
      await inTree(async (page, answers) => {
        // Building 1 comes after the annex, then its first unit and the first floor of that.
        await press(page, 'ArrowDown', 2);
        await press(page, 'ArrowDown', 3);
        await open(page, 106);
        await press(page, 'ArrowRight', 4);
        await open(page, 118);
        await press(page, 'ArrowRight', 5);
        await open(page, 138);
        const { places, mostHeld } = await page.evaluate<Seen>(SCROLL_THROUGH);
        const set = (level: number, size: number, first = 1): Place[] =>
          Array.from({ length: size - first + 1 }, (_, index) => [level, first + index, size]);
        const { units, floors, apartments } = PER_BUILDING;
        expect(Object.values(places)).toEqual([
          ...set(1, 1),
          ...set(2, BUILDINGS + 1).slice(0, 2),
          ...set(3, units).slice(0, 1),
          ...set(4, floors).slice(0, 1),
          ...set(5, apartments),
          ...set(4, floors, 2),
          ...set(3, units, 2),
          ...set(2, BUILDINGS + 1, 3),
        ]);
        expect(mostHeld).toBeLessThanOrEqual(MAX_ROWS_HELD);
        const ofTree = answers.filter((answer) => answer.url().includes('/tree?'));
        const bodies = await Promise.all(ofTree.map(async (answer) => (await answer.json()) as { items: unknown[] }));
        const answered = bodies.reduce((sum, { items }) => sum + items.length, 0);
        expect(answered).toBeGreaterThanOrEqual(138);
        expect(answered).toBeLessThanOrEqual(MAX_ROWS_ANSWERED);
      });
    },
    2 * MINUTE,
  );

  it(
    'moves by the keys of a treegrid, also to rows that are not loaded',
    async () => {
      await inTree(async (page) => {
        await press(page, 'End', 102);
        await press(page, 'ArrowDown', 102);
        await press(page, 'Home', 1);
        await press(page, 'ArrowUp', 1);
        await press(page, 'ArrowDown', 2);
        await open(page, 103);
        await press(page, 'ArrowRight', 3);
        await open(page, 103 + WIDE);
        for (let presses = 0; presses < WIDE / 10; presses++) await page.keyboard.press('PageDown');
        await isActive(page, 3 + WIDE);
        await page.keyboard.press('Enter');
        await page.getByRole('heading', { level: 1, name: `Studio ${WIDE}` }).waitFor();
        // The parent is further above than the rows that are loaded around these.
        await press(page, 'ArrowLeft', 3);
        await page.keyboard.press(' ');
        await page.getByRole('heading', { level: 1, name: 'Wide floor' }).waitFor();
        await page.keyboard.press('ArrowLeft');
        await rowCount(page, 103);
        await press(page, 'ArrowLeft', 2);
        await press(page, 'PageDown', 12);
        await press(page, 'PageUp', 2);
      });
    },
    2 * MINUTE,
  );

  it(
    'finds a group on the server, opens those above it and brings its row in sight',
    async () => {
      await inTree(async (page) => {
        await page.getByRole('searchbox').fill(`Studio ${WIDE - 1}`);
        await page.getByRole('option', { name: `Studio ${WIDE - 1}` }).click();
        await page.getByRole('heading', { level: 1, name: `Studio ${WIDE - 1}` }).waitFor();
        await isActive(page, 2 + WIDE);
        expect(await page.locator('.tree-row[aria-selected=true] .tree-name').innerText()).toBe(`Studio ${WIDE - 1}`);
        await page.reload();
        await isActive(page, 2 + WIDE);
      });
    },
    2 * MINUTE,
  );

  it(
    'needs little JavaScript, in few files',
    async () => {
      await inTree(async (page) => {
        await loaded(page);
        const names = await page.evaluate<string[]>(
          `performance.getEntriesByType('resource').map(({ name }) => name).filter((name) => name.endsWith('.js'))`,
        );
        const sizes = await Promise.all(
          names.map(async (name) => gzipSync(await (await fetch(name)).arrayBuffer()).length),
        );
        expect(names.length).toBeGreaterThan(1);
        expect(names.length).toBeLessThanOrEqual(MAX_SCRIPTS);
        expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(MAX_SCRIPT_BYTES);
      });
    },
    2 * MINUTE,
  );
});
