import { getHeapStatistics } from 'node:v8';
import { StartError } from '@allotree/basics/start-error';

const MEBIBYTE = 1_048_576;

/** The minimum with the smallest project; `tools/workspace.mjs` checks the same before it installs and builds. */
export const LEAST_HEAP_BYTES = 160 * MEBIBYTE;

/** Refuses to start with a heap so small that the process would run out of memory while it works. */
export function requireHeap(limit = getHeapStatistics().heap_size_limit): void {
  if (limit >= LEAST_HEAP_BYTES) return;
  throw new StartError(
    `Allotree needs a heap of ${LEAST_HEAP_BYTES / MEBIBYTE} MB, and Node gives this process ${Math.floor(limit / MEBIBYTE)} MB. ` +
      'Start it with NODE_OPTIONS=--max-old-space-size=256 or more, or on a machine with more memory.',
  );
}
