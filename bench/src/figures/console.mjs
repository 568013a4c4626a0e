import { countTransferred, frameTime, heapOf, readyAt, startChromium } from '../browser.mjs';
import { untilFollowed, withDatabase } from '../database.mjs';
import { median } from '../measure.mjs';
import { servePageOfAntd } from '../peers/antd-tree.mjs';
import { createProject, groupsOf, registerDistributor, startProduct } from '../product.mjs';
import { row } from '../table.mjs';

const ANTD = { row: '.ant-tree-title', scroller: '.ant-tree-list-holder' };
const CONSOLE = { row: '.tree-name', scroller: '.tree' };
const VIEWPORT = { width: 1280, height: 900 };
const MB = 2 ** 20;

/** The tree of a large project in the console as `npm start` serves it, against antd's tree on a page of its own. */
export const run = ({ server, quick, progress }) =>
  withDatabase(server, 'bench_console', async (connectionString) => {
    const browser = await startChromium();
    if (browser === null) {
      progress('not taken: Chromium is not installed');
      return [];
    }
    const product = await startProduct(connectionString, { RATE_LIMIT_PER_ADDRESS: '0' });
    const { projectId, groups } = await largeProject(product, quick);
    await untilFollowed(connectionString);
    progress(`${groups.length} groups`);
    const antd = await servePageOfAntd(groups);
    const tree = `${product.url}/projects/${projectId}/groups/${projectId}`;
    const sides = {
      console: { ...CONSOLE, browser, address: tree, before: signIn(product), open: openBuildings },
      antd: {
        ...ANTD,
        browser,
        address: antd.url,
        before: async () => {},
        open: (page) => page.goto(`${antd.url}/?open`),
      },
    };
    try {
      return rowsOf(await visitInTurn(sides, quick ? 1 : 5, progress), groups.length);
    } finally {
      antd.stop();
      await browser.close();
      await product.stop();
    }
  });

async function largeProject(product, quick) {
  const projectId = await createProject(product, await registerDistributor(product), 'Complex');
  const [buildings, units, floors, apartments] = [quick ? 5 : 100, 4, 12, 20].map((count) => ({ count }));
  const { created } = await product.post(`/projects/${projectId}/groups/generate`, {
    parentId: projectId,
    buildings,
    units,
    floors,
    apartments,
  });
  // The list follows the answer.
  let groups = [];
  while (groups.length <= created) groups = await groupsOf(product, projectId);
  const rows = async () => (await product.get(`/projects/${projectId}/tree?expanded=${projectId}`)).total;
  while ((await rows()) <= buildings.count);
  return { projectId, groups };
}

/** Leaves the cookie of a session in the browser, and nothing in its cache. */
const signIn =
  ({ url, administrator }) =>
  async (page) => {
    const answer = await page.request.post(`${url}/api/v1/auth/session`, { data: administrator });
    if (!answer.ok()) throw new Error(`sign-in: ${answer.status()}`);
  };

/** From the last one upward, so that the rows above stay where they are. */
async function openBuildings(page) {
  await page.locator('.tree').focus();
  const rows = Number(await page.locator('.tree').getAttribute('aria-rowcount'));
  await page.keyboard.press('End');
  for (let index = rows; index > 1; index--) {
    await page.locator(`.tree-row[data-active][aria-rowindex="${index}"][aria-level]`).waitFor();
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowUp');
  }
  await page.locator(`.tree[aria-rowcount="${rows + 4 * (rows - 1)}"]`).waitFor();
  await page.keyboard.press('Home');
}

/** One visit of a browser that has never been there, then a second one. */
async function visit({ browser, address, before, open, row: name, scroller }) {
  const context = await browser.newContext({ viewport: VIEWPORT });
  try {
    const page = await context.newPage();
    await before(page);
    const bytes = await countTransferred(page);
    await page.goto(address, { waitUntil: 'commit' });
    const ready = await readyAt(page, name);
    const transferred = { ...bytes };
    const heap = await heapOf(page);
    await page.goto(address, { waitUntil: 'commit' });
    const again = await readyAt(page, name);
    await open(page);
    await page.locator(name).first().waitFor();
    return { ready, again, heap, frame: await frameTime(page, scroller), ...transferred };
  } finally {
    await context.close();
  }
}

/** @returns the median of each figure of each side */
async function visitInTurn(sides, rounds, progress) {
  const visits = Object.fromEntries(Object.keys(sides).map((name) => [name, []]));
  // The first round warms up the server.
  for (let round = 0; round <= rounds; round++)
    for (const [name, side] of Object.entries(sides)) {
      const seen = await visit(side);
      if (round > 0) visits[name].push(seen);
      progress(
        `${round === 0 ? 'warm-up' : `round ${round}/${rounds}`} ${name}: ready after ${Math.round(seen.ready)} ms`,
      );
    }
  const medians = (all) =>
    Object.fromEntries(Object.keys(all[0]).map((figure) => [figure, median(all.map((each) => each[figure]))]));
  return { console: medians(visits.console), antd: medians(visits.antd) };
}

function rowsOf({ console: own, antd }, groups) {
  const compared = (figure, unit, of, rest) =>
    row({
      figure: `console, ${figure}`,
      unit,
      value: of(own),
      peer: { name: "antd's tree", value: of(antd) },
      ...rest,
    });
  return [
    compared(`${groups.toLocaleString('en-US')} groups until they can be used`, 's', ({ ready }) => ready / 1_000, {
      target: { atMost: 1, of: 'value' },
      note:
        `in a browser that has never been there; the second time after ${(own.again / 1_000).toFixed(2)} s, antd ` +
        `${(antd.again / 1_000).toFixed(2)} s; transferred ${Math.round(own.all / 1_000)} kB, antd ${Math.round(antd.all / 1_000)} kB`,
    }),
    compared('JavaScript heap then', 'MB', ({ heap }) => heap / MB, { target: { atMost: 1 } }),
    compared('95th percentile of the time between frames while scrolling', 'ms', ({ frame }) => frame),
    compared('JavaScript transferred for this page', 'kB', ({ script }) => script / 1_000),
  ];
}
