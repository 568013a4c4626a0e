import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { StartError } from '@allotree/basics/start-error';
import { LEAST_HEAP_BYTES, LEAST_MEMORY_BYTES, requireMemory } from './heap.js';

const root = resolve(import.meta.dirname, '../../../..');
const MEBIBYTE = 1_048_576;
const ENOUGH = { heap: LEAST_HEAP_BYTES, container: LEAST_MEMORY_BYTES, youngGeneration: 0 };

describe('the memory that a process needs', () => {
  it.each([
    ['exactly the minimum', ENOUGH],
    ['no limit of a container', { ...ENOUGH, container: 0 }],
    ['the limit of a container without one', { ...ENOUGH, container: 2 ** 63 }],
    ['room for a larger young generation', { ...ENOUGH, container: 400 * MEBIBYTE, youngGeneration: 144 * MEBIBYTE }],
  ])('starts with %s', (_what, memory) => {
    expect(() => requireMemory(memory)).not.toThrow();
  });

  it.each([
    [
      'a smaller heap',
      { ...ENOUGH, heap: LEAST_HEAP_BYTES - 1 },
      'Allotree needs a heap of 160 MB, and Node gives this process 159 MB. Start it with NODE_OPTIONS=--max-old-space-size=256 or more, or on a machine with more memory.',
    ],
    [
      'a smaller container',
      { ...ENOUGH, container: LEAST_MEMORY_BYTES - 1 },
      'Allotree needs 256 MB of memory, and the limit of its container or service is 255 MB. Raise the limit.',
    ],
    [
      'a container too small for its young generation',
      { ...ENOUGH, youngGeneration: 144 * MEBIBYTE },
      'Allotree needs 400 MB of memory, and the limit of its container or service is 256 MB. Raise the limit, or start it without --max-semi-space-size.',
    ],
  ])('refuses to start with %s, and says what helps', (_what, memory, message) => {
    expect(() => requireMemory(memory)).toThrow(new StartError(message));
  });

  it('is the same in the documentation and in the tools that start from a fresh clone', async () => {
    const page = await readFile(resolve(root, 'docs/how-to/run-for-years.md'), 'utf8');
    const tools = await readFile(resolve(root, 'tools/workspace.mjs'), 'utf8');
    expect(page).toContain(`needs a heap of ${LEAST_HEAP_BYTES / MEBIBYTE} MB`);
    expect(page).toContain(`a container or service needs a limit of ${LEAST_MEMORY_BYTES / MEBIBYTE} MB`);
    expect(tools).toContain(`LEAST_HEAP_MEBIBYTES = ${LEAST_HEAP_BYTES / MEBIBYTE};`);
  });
});
