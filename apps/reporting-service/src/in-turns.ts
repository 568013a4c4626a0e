import { setImmediate } from 'node:timers/promises';

/** Works on items one after the other; after some of them, other things get their turn. */
export async function inTurns<Item, Result>(
  items: readonly Item[],
  atATime: number,
  work: (item: Item) => Result,
): Promise<Result[]> {
  const results: Result[] = [];
  for (const item of items) {
    if (results.push(work(item)) % atATime === 0) await setImmediate();
  }
  return results;
}
