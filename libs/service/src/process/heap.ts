import { heapLimit, largerYoungGeneration } from '@allotree/event-sourcing/heap-limit';
import { StartError } from '@allotree/basics/start-error';

const MEBIBYTE = 1_048_576;

/** The minimum with the smallest project; `tools/workspace.mjs` checks the same before it installs and builds. */
export const LEAST_HEAP_BYTES = 160 * MEBIBYTE;

/** What the smallest process holds, with Node's own young generation. The kernel ends a process that exceeds the limit of its container. */
export const LEAST_MEMORY_BYTES = 256 * MEBIBYTE;

interface Memory {
  /** The limit of the heap. */
  readonly heap: number;
  /** The limit of the container or service; 0, or more than there is: none. */
  readonly container: number;
  readonly youngGeneration: number;
}

const ownMemory = (): Memory => ({
  heap: heapLimit(),
  container: process.constrainedMemory(),
  youngGeneration: largerYoungGeneration(),
});

/** Refuses to start with so little memory that the process would run out of it while it works. All figures are in bytes. */
export function requireMemory({ heap, container, youngGeneration }: Memory = ownMemory()): void {
  if (heap < LEAST_HEAP_BYTES)
    throw new StartError(
      `Allotree needs a heap of ${inMegabytes(LEAST_HEAP_BYTES)}, and Node gives this process ${inMegabytes(heap)}. ` +
        'Start it with NODE_OPTIONS=--max-old-space-size=256 or more, or on a machine with more memory.',
    );
  const least = LEAST_MEMORY_BYTES + youngGeneration;
  if (container > 0 && container < least)
    throw new StartError(
      `Allotree needs ${inMegabytes(least)} of memory, and the limit of its container or service is ${inMegabytes(container)}. ` +
        (youngGeneration > 0 ? 'Raise the limit, or start it without --max-semi-space-size.' : 'Raise the limit.'),
    );
}

const inMegabytes = (bytes: number): string => `${Math.floor(bytes / MEBIBYTE)} MB`;
