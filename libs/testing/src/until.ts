import { setTimeout as sleep } from 'node:timers/promises';

/** Between two looks: little compared with what is waited for, and enough that looking does not take the processor from it. */
const PAUSE_MS = 10;

/** After which it says where it is called, in case that the time limit of the test ends it. */
const LONG_MS = 60_000;

/** Looks again and again until what it finds suits (by default: is truthy). Only the time limit of the test ends it. */
export async function until<Found>(
  look: () => Promise<Found> | Found,
  suits: (found: Found) => Promise<boolean> | boolean = Boolean,
): Promise<Found> {
  const call = new Error('still waiting after a minute');
  const telling = setTimeout(() => console.warn(call.stack), LONG_MS).unref();
  try {
    for (;;) {
      const found = await look();
      if (await suits(found)) return found;
      await sleep(PAUSE_MS);
    }
  } finally {
    clearTimeout(telling);
  }
}
