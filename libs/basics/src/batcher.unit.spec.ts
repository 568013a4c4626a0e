import { describe, expect, it } from '@jest/globals';
import { Batcher } from './batcher.js';

describe('things done together', () => {
  it('are one batch with what is asked for meanwhile', async () => {
    const batches: number[][] = [];
    let go: () => void = () => undefined;
    const batcher = new Batcher(async (items: readonly number[]) => {
      batches.push([...items]);
      if (batches.length === 1) await new Promise<void>((resolve) => (go = resolve));
      return items.map((item) => item * 2);
    });
    const first = [batcher.one(1), batcher.one(2)];
    await new Promise((resolve) => setImmediate(resolve));
    const second = [batcher.one(3), batcher.one(4)];
    go();
    expect(await Promise.all([...first, ...second])).toEqual([2, 4, 6, 8]);
    expect(batches).toEqual([
      [1, 2],
      [3, 4],
    ]);
  });

  it('fail together, and go on', async () => {
    let fails = true;
    const batcher = new Batcher(async (items: readonly number[]) => {
      if (fails) throw new Error('no');
      return items;
    });
    const results = await Promise.allSettled([batcher.one(1), batcher.one(2)]);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    fails = false;
    expect(await batcher.one(3)).toBe(3);
  });
});
