import { Problem } from './problem.js';

/** The wait asked of a caller: an operator has to free space first. */
const RETRY_AFTER_SECONDS = 30;

export const storageFull = (reason: string): Problem =>
  new Problem('STORAGE_FULL', `${reason}. Nothing was recorded; reads go on`, {
    retryAfterSeconds: RETRY_AFTER_SECONDS,
  });
