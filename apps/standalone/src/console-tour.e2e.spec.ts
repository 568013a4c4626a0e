import { readdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { describeInBrowser } from '@allotree/testing';
import { workbench, type RunningSystem } from '@allotree/testing/running-system';
import { ADMIN } from './console.harness.js';
import { takeTour, writePictures } from './console-tour.harness.js';

const MINUTE = 60_000;
const MAX_BYTES = 120_000;
const FOLDER = resolve(import.meta.dirname, '../../../docs/images/console');

let bench: Awaited<ReturnType<typeof workbench>>;
let system: RunningSystem;
beforeAll(async () => {
  bench = await workbench();
  system = await bench.start({ ADMIN_PASSWORD: ADMIN.password, RATE_LIMIT_PER_ADDRESS: '0', TEST_CLOCK: '1' });
}, 2 * MINUTE);
afterAll(async () => {
  await bench.clear();
}, MINUTE);

describeInBrowser((browser) => {
  it(
    'allots to a building, sees why more is refused, and finds the mail of the reminder, with a picture of each step',
    async () => {
      const pictures = await takeTour(system, browser());
      // `npm run tour` keeps them.
      if (process.env['ALLOTREE_TOUR_PICTURES'] !== undefined) await writePictures(pictures, FOLDER);
      expect((await readdir(FOLDER)).sort()).toEqual([...pictures.keys()].map((name) => `${name}.webp`).sort());
      for (const [name, { length }] of pictures) expect([name, length < MAX_BYTES]).toEqual([name, true]);
    },
    3 * MINUTE,
  );
});
