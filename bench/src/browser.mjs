import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';
import { percentile } from './measure.mjs';

const PROGRAM = [process.env.ALLOTREE_TEST_CHROMIUM ?? '', '/usr/bin/chromium', '/usr/bin/chromium-browser'].find(
  (path) => path !== '' && existsSync(path),
);
const WHEELS = 150;
const WHEEL_PX = 120;

/** @returns Chromium, or `null` where it is not installed */
export const startChromium = () =>
  PROGRAM === undefined ? null : chromium.launch({ executablePath: PROGRAM, args: ['--no-sandbox'] });

/**
 * When a page can be used, in ms since the navigation began: its row is drawn, and the page is free to answer again.
 *
 * @param {string} row selector of the name of a row
 */
export const readyAt = (page, row) =>
  page.evaluate(
    (selector) =>
      new Promise((done) => {
        const frame = () =>
          document.querySelector(selector) === null
            ? requestAnimationFrame(frame)
            : requestAnimationFrame(() => setTimeout(() => done(performance.now())));
        frame();
      }),
    row,
  );

/** Bytes transferred for the scripts and for everything else that the page loads from now on. */
export async function countTransferred(page) {
  const session = await page.context().newCDPSession(page);
  const types = new Map();
  const bytes = { script: 0, all: 0 };
  session.on('Network.responseReceived', ({ requestId, type }) => types.set(requestId, type));
  session.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
    bytes.all += encodedDataLength;
    if (types.get(requestId) === 'Script') bytes.script += encodedDataLength;
  });
  await session.send('Network.enable');
  return bytes;
}

/** What the scripts of a page hold after a garbage collection, in bytes. */
export async function heapOf(page) {
  const session = await page.context().newCDPSession(page);
  await session.send('HeapProfiler.collectGarbage');
  return (await session.send('Runtime.getHeapUsage')).usedSize;
}

/** The time between frames while the wheel is turned over an element, in ms; 95 % of them are shorter. */
export async function frameTime(page, scroller) {
  await page.locator(scroller).hover();
  await page.evaluate(() => {
    globalThis.frames_ = [];
    const frame = (at) => {
      globalThis.frames_.push(at);
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  });
  for (let turn = 0; turn < WHEELS; turn++) await page.mouse.wheel(0, WHEEL_PX);
  const at = await page.evaluate(() => globalThis.frames_);
  return percentile(
    at.slice(1).map((time, index) => time - at[index]),
    0.95,
  );
}
