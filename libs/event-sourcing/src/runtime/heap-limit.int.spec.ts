import { spawnSync } from 'node:child_process';
import { expect, it } from '@jest/globals';
import { heapLimit } from './heap-limit.js';

/** The limit in bytes of a process that is started with these options. */
function limitWith(...options: readonly string[]): number {
  const { stdout } = spawnSync(process.execPath, [...options, '--print', 'v8.getHeapStatistics().heap_size_limit'], {
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  return Number(stdout);
}

it('is what Node itself says without a larger young generation', () => {
  const large = ['--max-old-space-size=300', '--max-semi-space-size=64'];
  expect(heapLimit(large.join(' '), limitWith(...large))).toBe(limitWith('--max-old-space-size=300'));
});
