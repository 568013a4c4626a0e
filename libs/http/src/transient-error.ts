import { hasCode, hasMessage, isBackendAway, isStorageFull, isTooLarge } from '@allotree/basics';
import { Problem } from './problem.js';
import { storageFull } from './storage-full.js';

/** The properties by which errors declare themselves transient (`Transient` of the event sourcing library). */
interface TransientError {
  readonly recorded: 'nothing' | 'unknown';
}

/** A statement was cancelled because it took too long, or because another one had to win. */
const GAVE_UP = new Set(['57014', '55P03', '25P03', '40001', '40P01']);
/** The database has too little memory at the moment. */
const SHORT_OF_MEMORY = new Set(['53000', '53200']);
/** The driver gives this error no code. */
const DRIVER_TIMEOUT = /^(?:Error: )?Query read timeout/;
const AGAIN = { retryAfterSeconds: 1 };

/** The 503 for an error after which the same request can succeed a little later; `null` for any other error. */
export function transientProblem(error: unknown): Problem | null {
  if (!(error instanceof Error)) return null;
  if (isStorageFull(error)) return storageFull('The disk of the database is full');
  if (isTooLarge(error)) return new Problem('CAPACITY_EXCEEDED', `Nothing was done: ${error.message}`);
  const { recorded } = error as Error & Partial<TransientError>;
  if (recorded === 'nothing') return new Problem('OVERLOADED', `Nothing was done: ${error.message}`, AGAIN);
  if (recorded === 'unknown' || isBackendAway(error) || hasGivenUp(error)) {
    const advice =
      'It is unknown whether it was carried out: send it again, with the same Idempotency-Key if it had one';
    return new Problem('UNAVAILABLE', `A backend of this service does not answer. ${advice}`, AGAIN);
  }
  return null;
}

const hasGivenUp = (error: Error): boolean =>
  hasCode(error, GAVE_UP) || hasCode(error, SHORT_OF_MEMORY) || hasMessage(error, DRIVER_TIMEOUT);
