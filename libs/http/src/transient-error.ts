import { Problem } from './problem.js';
import { storageFull } from './storage-full.js';

/** The properties by which errors declare themselves transient (`Transient` of the event sourcing library). */
interface TransientError {
  readonly recorded: 'nothing' | 'unknown';
}

/** Errors of the network, and of PostgreSQL while it starts, stops, or has no connection left. */
const AWAY = new Set([
  ...['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENOTFOUND', 'EAI_AGAIN'],
  ...['08000', '08003', '08006', '53300', '57P01', '57P02', '57P03'],
]);
/** A statement was cancelled because it took too long, or because another one had to win. */
const GAVE_UP = new Set(['57014', '55P03', '25P03', '40001', '40P01']);
/** The database has too little memory at the moment. */
const SHORT_OF_MEMORY = new Set(['53000', '53200']);
/** The code that the event sourcing library uses. */
const TOO_LARGE = new Set(['STATE_TOO_LARGE']);
const FULL = new Set(['53100', 'ENOSPC', 'EDQUOT']);
/** The driver gives these errors no code. */
const AWAY_MESSAGE =
  /^(?:Error: )?(?:Connection terminated|timeout exceeded when trying to connect|Query read timeout)/;
const AGAIN = { retryAfterSeconds: 1 };

/** The 503 for an error after which the same request can succeed a little later; `null` for any other error. */
export function transientProblem(error: unknown): Problem | null {
  if (!(error instanceof Error)) return null;
  if (hasCode(error, FULL)) return storageFull('The disk of the database is full');
  if (hasCode(error, TOO_LARGE)) return new Problem('CAPACITY_EXCEEDED', `Nothing was done: ${error.message}`);
  const { recorded } = error as Error & Partial<TransientError>;
  if (recorded === 'nothing') return new Problem('OVERLOADED', `Nothing was done: ${error.message}`, AGAIN);
  if (recorded === 'unknown' || isAway(error)) {
    const advice =
      'It is unknown whether it was carried out: send it again, with the same Idempotency-Key if it had one';
    return new Problem('UNAVAILABLE', `A backend of this service does not answer. ${advice}`, AGAIN);
  }
  return null;
}

function isAway(error: Error): boolean {
  if (TRANSIENT.some((codes) => hasCode(error, codes))) return true;
  return AWAY_MESSAGE.test(error.message) || (error.cause instanceof Error && isAway(error.cause));
}

const TRANSIENT = [AWAY, GAVE_UP, SHORT_OF_MEMORY];

function hasCode(error: Error, codes: ReadonlySet<string>): boolean {
  const { code, cause } = error as NodeJS.ErrnoException;
  return codes.has(code ?? '') || (cause instanceof Error && hasCode(cause, codes));
}
