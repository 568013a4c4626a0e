import { afterEach, describe, expect, it } from '@jest/globals';
import { heapLimit } from './heap-limit.js';

const MEBIBYTE = 1_048_576;

describe('the limit of the heap', () => {
  it.each([
    ['', 1_000],
    ['--max-old-space-size=256', 1_000],
    ['--max-semi-space-size=16', 1_000],
    ['--max-semi-space-size=64', 1_000 - 3 * 48],
    ['--max_semi_space_size 32', 1_000 - 3 * 16],
    ['--max-semi-space-size=16 --enable-source-maps --max-semi-space-size=64', 1_000 - 3 * 48],
  ])('leaves out a larger young generation: %p', (options, expected) => {
    expect(heapLimit(options, 1_000 * MEBIBYTE)).toBe(expected * MEBIBYTE);
  });

  describe('of this process', () => {
    const { env, execArgv } = process;
    afterEach(() => {
      process.env = env;
      process.execArgv = execArgv;
    });

    it.each<[options: string | undefined, execArgv: string[], expected: number]>([
      [undefined, [], 1_000],
      ['--max-semi-space-size=64', [], 1_000 - 3 * 48],
      [undefined, ['--enable-source-maps', '--max-semi-space-size', '32'], 1_000 - 3 * 16],
      ['--max-semi-space-size=64', ['--max-semi-space-size=32'], 1_000 - 3 * 16],
    ])('follows NODE_OPTIONS %p and the arguments %p of Node', (options, args, expected) => {
      const { NODE_OPTIONS: _, ...others } = env;
      process.env = options === undefined ? others : { ...others, NODE_OPTIONS: options };
      process.execArgv = args;
      expect(heapLimit(undefined, 1_000 * MEBIBYTE)).toBe(expected * MEBIBYTE);
    });
  });
});
