import { setTimeout as sleep } from 'node:timers/promises';

/** Between two looks: little compared with what is waited for, and enough that looking does not take the processor from it. */
const PAUSE_MS = 10;

/** Looks again and again until what it finds suits (by default: is truthy). Only the time limit of the test ends it. */
export async function until<Found>(
  look: () => Promise<Found> | Found,
  suits: (found: Found) => Promise<boolean> | boolean = Boolean,
): Promise<Found> {
  for (;;) {
    const found = await look();
    if (await suits(found)) return found;
    await sleep(PAUSE_MS);
  }
}
