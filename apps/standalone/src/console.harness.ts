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

interface Visit {
  readonly email?: string;
  readonly password?: string;
  readonly context?: BrowserContextOptions;
}

/** A browser of its own at an address; fails where a page reports an error. */
export async function visited(
  browser: Browser,
  address: string,
  look: Look,
  options: BrowserContextOptions = {},
): Promise<void> {
  const viewport = { width: 1280, height: 1000 };
  const context = await browser.newContext({ locale: 'en-GB', viewport, ...options });
  try {
    const page = await context.newPage();
    const faults: string[] = [];
    page.on('pageerror', (error) => faults.push(error.message));
    page.on('console', (message) => {
      // A refusal is an answer, which the browser itself notes.
      if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
        faults.push(message.text());
    });
    await page.goto(address);
    await look(page);
    expect(faults).toEqual([]);
  } finally {
    await context.close();
  }
}

/** The same, signed in as the administrator unless another is named. */
export function signedIn(
  browser: Browser,
  system: RunningSystem,
  path: string,
  look: Look,
  { email = 'admin@allotree.local', password = ADMIN_PASSWORD, context }: Visit = {},
): Promise<void> {
  const signIn: Look = async (page) => {
    await page.locator('input[type=email]').fill(email);
    await page.locator('input[type=password]').fill(password);
    await page.locator('button[type=submit]').click();
    await page.getByRole('button', { name: email }).waitFor();
    await look(page);
  };
  return visited(browser, `${system.url}${path}`, signIn, context);
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
  await page.evaluate(axe.source);
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
