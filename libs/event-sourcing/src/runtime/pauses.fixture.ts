import { syncBuiltinESMExports } from 'node:module';
import timers from 'node:timers/promises';

/** Does the work with every pause ended at once, and returns the milliseconds of each pause. */
export async function pausesOf(work: () => Promise<unknown>): Promise<number[]> {
  const pauses: number[] = [];
  const { setTimeout: original } = timers;
  timers.setTimeout = (async (milliseconds: number) => void pauses.push(milliseconds)) as typeof original;
  syncBuiltinESMExports();
  try {
    await work();
  } finally {
    timers.setTimeout = original;
    syncBuiltinESMExports();
  }
  return pauses;
}
