import { describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { allDone } from './all-done.js';

describe('work that is done side by side', () => {
  it('gives its results in order', async () => {
    expect(await allDone([sleep(2, 'slow'), Promise.resolve('fast')])).toEqual(['slow', 'fast']);
    expect(await allDone([])).toEqual([]);
  });

  it('is no longer running when one part fails', async () => {
    let finished = false;
    const slow = async (): Promise<void> => {
      await sleep(5);
      finished = true;
    };
    const failing = [Promise.reject(new Error('first')), slow(), Promise.reject(new Error('second'))];
    await expect(allDone(failing)).rejects.toThrow('first');
    expect(finished).toBe(true);
  });
});
