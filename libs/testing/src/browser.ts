import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe } from '@jest/globals';
import type { Browser } from 'playwright-core';

/** The headless shell, which cannot show a window, takes half of the processor time of the whole browser. */
const PLACES = [
  '/usr/bin/chromium-headless-shell',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
];

/**
 * Specs in a real browser. They are skipped if Chromium is missing, except in CI, where they fail.
 *
 * `ALLOTREE_TEST_CHROMIUM` is the path of the browser if it is not in a standard location.
 */
export function describeInBrowser(specs: (browser: () => Browser) => void): void {
  const program = [process.env['ALLOTREE_TEST_CHROMIUM'] ?? '', ...PLACES].find(
    (path) => path !== '' && existsSync(path),
  );
  if (program === undefined) {
    if (process.env['CI'] === 'true') throw new Error('Chromium is missing, but CI requires it');
    describe.skip('skipped: chromium is missing. On Debian: apt-get install chromium-headless-shell', () =>
      specs(() => undefined as never));
    return;
  }
  describe('in Chromium', () => {
    let browser: Browser;
    beforeAll(async () => {
      const { chromium } = await import('playwright-core');
      browser = await chromium.launch({ executablePath: program, args: ['--no-sandbox'] });
    });
    afterAll(() => browser.close());
    specs(() => browser);
  });
}
