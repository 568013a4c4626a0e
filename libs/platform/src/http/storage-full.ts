import { Problem } from './problem.js';

/** How long a caller is asked to wait: somebody has to make room first. */
const RETRY_AFTER_SECONDS = 30;

export const storageFull = (reason: string): Problem =>
  new Problem('STORAGE_FULL', `${reason}. Nothing was recorded; reads go on`, {
    retryAfterSeconds: RETRY_AFTER_SECONDS,
  });
