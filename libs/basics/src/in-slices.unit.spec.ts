import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { inSlices, slice } from './in-slices.js';

afterEach(() => {
  jest.restoreAllMocks();
});

describe('a computation in slices', () => {
  it('lets others have their turn before it is finished', async () => {
    let turned = false;
    setImmediate(() => (turned = true));
    function* untilTurned(): Generator<undefined, string> {
      while (!turned) yield;
      return 'done';
    }
    expect(await inSlices(untilTurned())).toBe('done');
  });

  it('goes on where it stopped', () => {
    let now = 0;
    jest.spyOn(performance, 'now').mockImplementation(() => (now += 10));
    let steps = 0;
    function* long(): Generator<undefined, string> {
      for (; steps < 10; steps += 1) yield;
      return 'done';
    }
    const work = long();
    const reached: number[] = [];
    let done = slice(work);
    for (; done === null; done = slice(work)) reached.push(steps);
    expect({ done, reached }).toEqual({ done: { result: 'done' }, reached: [1, 3, 5, 7, 9] });
  });

  it('fails with what it throws', async () => {
    // eslint-disable-next-line require-yield
    function* failing(): Generator<undefined, string> {
      throw new Error('no');
    }
    await expect(inSlices(failing())).rejects.toThrow('no');
  });
});
