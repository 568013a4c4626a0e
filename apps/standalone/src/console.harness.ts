import { expect } from '@jest/globals';
import { runBuilt, type RunningSystem, type workbench } from '@allotree/testing/running-system';
import axe from 'axe-core';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';

export const ADMIN_PASSWORD = 'a-walk-along-the-harbor';

interface DemoSystem {
  readonly system: RunningSystem;
  /** The project of the demo. */
  readonly projectId: string;
}

/** Starts the system and fills it with the demo. */
export async function startDemo(
  bench: Awaited<ReturnType<typeof workbench>>,
  settings: Readonly<Record<string, string>> = {},
): Promise<DemoSystem> {
  const system = await bench.start({ ADMIN_PASSWORD, RATE_LIMIT_PER_ADDRESS: '0', ...settings });
  await runBuilt('demo', [], { DATA_DIR: bench.dataDir }).ended;
  const projects = await system.api.list<{ projectId: string; name: string }>('/projects');
  return { system, projectId: projects.find(({ name }) => name === 'Hafenblick')!.projectId };
}

/** Uses a page as a person does. */
export type Look = (page: Page) => Promise<void>;

export interface Person {
  readonly email: string;
  readonly password: string;
}

export const ADMIN: Person = { email: 'admin@allotree.local', password: ADMIN_PASSWORD };

/** Pages that nobody looks at, by browser and by what they were opened with; each in a context of its own. */
const idle = new WeakMap<Browser, Map<string, Page[]>>();

function idlePages(browser: Browser, options: BrowserContextOptions): Page[] {
  const ofBrowser = idle.get(browser) ?? new Map<string, Page[]>();
  idle.set(browser, ofBrowser);
  const key = JSON.stringify(options);
  const pages = ofBrowser.get(key) ?? [];
  ofBrowser.set(key, pages);
  return pages;
}

async function newPage(browser: Browser, options: BrowserContextOptions): Promise<Page> {
  const viewport = { width: 1280, height: 1000 };
  const context = await browser.newContext({ locale: 'en-GB', viewport, ...options });
  return context.newPage();
}

/** Leaves nothing to the next who uses the page, except files that the browser has kept. @returns whether that is possible */
async function isCleared(page: Page, origin: string): Promise<boolean> {
  if (page.isClosed() || new URL(page.url()).origin !== origin) return false;
  const context = page.context();
  for (const other of context.pages()) if (other !== page) await other.close();
  for (const event of ['console', 'load', 'pageerror', 'request', 'response']) page.removeAllListeners(event);
  await page.unrouteAll();
  // A page of that address without the console.
  await page.goto(`${origin}/health/live`);
  await page.evaluate('localStorage.clear(); sessionStorage.clear()');
  await context.clearCookies();
  await page.emulateMedia({ media: null, colorScheme: 'light' });
  return true;
}

/**
 * Uses a page of a browser that knows nobody; fails where it reports an error. A new process would load and compile the console anew, so a
 * page that another visit has left is used again.
 */
async function onPage(browser: Browser, origin: string, look: Look, options: BrowserContextOptions): Promise<void> {
  const pages = idlePages(browser, options);
  const page = pages.pop() ?? (await newPage(browser, options));
  let isReusable = false;
  try {
    const faults: string[] = [];
    page.on('pageerror', (error) => faults.push(error.message));
    page.on('console', (message) => {
      // A refusal is an answer, which the browser itself notes.
      if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
        faults.push(message.text());
    });
    await look(page);
    expect(faults).toEqual([]);
    isReusable = await isCleared(page, origin);
  } finally {
    if (isReusable) pages.push(page);
    else await page.context().close();
  }
}

/** A browser that knows nobody, at an address. */
export function visited(
  browser: Browser,
  address: string,
  look: Look,
  options: BrowserContextOptions = {},
): Promise<void> {
  const visit: Look = async (page) => {
    await page.goto(address);
    await look(page);
  };
  return onPage(browser, new URL(address).origin, visit, options);
}

/** Fills in the form of the page. */
export async function enter(page: Page, { email, password }: Person): Promise<void> {
  await page.locator('input[type=email]').fill(email);
  await page.locator('input[type=password]').fill(password);
  await page.locator('button[type=submit]').click();
}

/** A browser in which somebody has signed in. */
export function signedIn(
  browser: Browser,
  { url }: RunningSystem,
  path: string,
  look: Look,
  options: BrowserContextOptions = {},
  person = ADMIN,
): Promise<void> {
  const visit: Look = async (page) => {
    // As the form does, which takes longer to show than the rest.
    const answer = await page.context().request.post(`${url}/api/v1/auth/session`, { data: person });
    expect(answer.status()).toBe(200);
    await page.goto(`${url}${path}`);
    await page.locator('header').waitFor();
    await look(page);
  };
  return onPage(browser, url, visit, options);
}

/**
 * Waits until the page shows everything it asked for. A page of a project is never without a request, because the stream of its changes stays
 * open.
 */
export const loaded = (page: Page): Promise<void> =>
  page.locator('.mantine-Loader-root, .mantine-Skeleton-root').first().waitFor({ state: 'detached' });

const WCAG_2_2_AA = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
/** Of these, the rules about colors: all that differs between the themes. */
const ABOUT_COLORS = ['color-contrast', 'link-in-text-block'];

/** The elements of the page that do not meet WCAG 2.2 AA in the light or in the dark theme. */
export async function violationsOf(page: Page): Promise<readonly string[]> {
  const run = (rules: readonly string[]): Promise<readonly string[]> =>
    page.evaluate(`axe
      .run(document, { runOnly: ${JSON.stringify(rules)}, resultTypes: ['violations'], preload: false })
      .then(({ violations }) => violations.map(({ id, nodes }) => id + ': ' + nodes.map(({ html }) => html.slice(0, 150)).join(' | ')))`);
  if (!(await page.evaluate<boolean>(`'axe' in window`))) await page.evaluate(axe.source);
  await showIn(page, 'light');
  const light = await run(WCAG_2_2_AA);
  await showIn(page, 'dark');
  const dark = await run(ABOUT_COLORS);
  await showIn(page, 'light');
  return [...light, ...dark.map((violation) => `dark theme: ${violation}`)];
}

/** Until no color changes any more. */
async function showIn(page: Page, colorScheme: 'light' | 'dark'): Promise<void> {
  await page.emulateMedia({ colorScheme });
  await page.locator(`html[data-mantine-color-scheme=${colorScheme}]`).waitFor();
  await page.evaluate(
    'Promise.allSettled(document.getAnimations().filter((each) => each instanceof CSSTransition).map(({ finished }) => finished))',
  );
}

/** Opens pages one after another, each without a violation of WCAG 2.2 AA. */
export async function expectAccessible(page: Page, system: RunningSystem, paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    await page.goto(`${system.url}${path}`);
    await page.getByRole('heading', { level: 1 }).waitFor();
    await loaded(page);
    expect([path, await violationsOf(page)]).toEqual([path, []]);
  }
}
