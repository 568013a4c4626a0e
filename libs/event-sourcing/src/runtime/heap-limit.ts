import { getHeapStatistics } from 'node:v8';

const MEBIBYTE = 1_048_576;
/** Node's own `--max-semi-space-size`, in MiB. */
const USUAL_SEMI_SPACE = 16;
const SEMI_SPACES = 3;

/** Node's options of this process. */
const ownOptions = (): string => [process.env['NODE_OPTIONS'], ...process.execArgv].join(' ');

/**
 * The bytes that a young generation larger than Node's own can take besides.
 *
 * @param options the options that Node was started with; of two, the last counts
 */
export function largerYoungGeneration(options = ownOptions()): number {
  const [semiSpace] = [...options.matchAll(/--max[-_]semi[-_]space[-_]size[= ](\d+)/g)]
    .map(([, size]) => Number(size))
    .slice(-1);
  return SEMI_SPACES * MEBIBYTE * ((semiSpace ?? USUAL_SEMI_SPACE) - USUAL_SEMI_SPACE);
}

/**
 * The limit of the heap in bytes, without what a young generation larger than Node's own adds to it: that holds new objects only, and
 * the programs of this workspace are started with one.
 *
 * @param options the options that Node was started with; of two, the last counts
 */
export const heapLimit = (options = ownOptions(), limit = getHeapStatistics().heap_size_limit): number =>
  limit - largerYoungGeneration(options);
