const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** The pauses after the first failed attempt, the second one, and so on. */
export const PAUSES_MS: readonly number[] = [
  5 * SECOND,
  5 * MINUTE,
  30 * MINUTE,
  2 * HOUR,
  5 * HOUR,
  10 * HOUR,
  14 * HOUR,
  20 * HOUR,
  24 * HOUR,
];

/** After this many attempts a delivery has failed. */
export const MAX_ATTEMPTS = PAUSES_MS.length + 1;

/** An endpoint that fails for so long is disabled. */
export const DISABLE_AFTER_SECONDS = 5 * 24 * 3_600;

/** A longer `Retry-After` counts as this one. */
const LONGEST_RETRY_AFTER_MS = 24 * HOUR;

/** Pauses are up to this part longer, so that what failed together does not come back together. */
const JITTER = 0.2;

export interface FailedAttempt {
  /** Attempts so far, this one included. */
  readonly attempts: number;
  readonly retryAfterMs: number | null;
  /** From 0 to less than 1. */
  readonly random: number;
}

/** Milliseconds until the next attempt; `null`: there is none. */
export function pauseAfter({ attempts, retryAfterMs, random }: FailedAttempt): number | null {
  const pause = PAUSES_MS[attempts - 1];
  if (pause === undefined) return null;
  const asked = Math.min(retryAfterMs ?? 0, LONGEST_RETRY_AFTER_MS);
  return Math.round(Math.max(pause, asked) * (1 + JITTER * random));
}

const HTTP_DATE = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;

/** The milliseconds of a `Retry-After` header (RFC 9110, 10.2.3); `null`: there is none that can be read. */
export function retryAfterOf(header: string | undefined, now: number): number | null {
  const text = header?.trim() ?? '';
  if (/^\d{1,9}$/.test(text)) return Number(text) * SECOND;
  return HTTP_DATE.test(text) ? Math.max(0, Date.parse(text) - now) : null;
}
