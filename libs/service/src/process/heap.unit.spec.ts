import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { StartError } from '@allotree/basics/start-error';
import { LEAST_HEAP_BYTES, requireHeap } from './heap.js';

const root = resolve(import.meta.dirname, '../../../..');

describe('the heap that a process needs', () => {
  it('refuses to start with less, in one sentence that names the option', () => {
    const refused = (): void => requireHeap(LEAST_HEAP_BYTES - 1);
    expect(refused).toThrow(StartError);
    expect(refused).toThrow(
      /^Allotree needs a heap of 160 MB, and Node gives this process 159 MB\. .*--max-old-space-size=256/,
    );
  });

  it('starts with exactly the minimum', () => {
    expect(() => requireHeap(LEAST_HEAP_BYTES)).not.toThrow();
  });

  it('is the same in the documentation and in the tools that start from a fresh clone', async () => {
    const megabytes = LEAST_HEAP_BYTES / 1_048_576;
    const page = await readFile(resolve(root, 'docs/how-to/run-for-years.md'), 'utf8');
    const tools = await readFile(resolve(root, 'tools/workspace.mjs'), 'utf8');
    expect(page).toContain(`needs a heap of ${megabytes} MB`);
    expect(tools).toContain(`LEAST_HEAP_MEBIBYTES = ${megabytes};`);
  });
});
