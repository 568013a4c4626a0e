import { Problem } from './problem.js';

/** What errors say of themselves that pass by (`Transient` of the event sourcing library). */
interface SaysItPasses {
  readonly recorded: 'nothing' | 'unknown';
}

/** Of the network, and of PostgreSQL while it starts, stops, or has no connection left. */
const AWAY = new Set([
  ...['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENOTFOUND', 'EAI_AGAIN'],
  ...['08000', '08003', '08006', '53300', '57P01', '57P02', '57P03'],
]);
/** The driver gives these no code. */
const AWAY_MESSAGE = /^Connection terminated|timeout exceeded when trying to connect/;
const AGAIN = { retryAfterSeconds: 1 };

/** The 503 of an error after which the same request can succeed a little later; `null` for any other error. */
export function passingTrouble(error: unknown): Problem | null {
  if (!(error instanceof Error)) return null;
  const { recorded } = error as Error & Partial<SaysItPasses>;
  if (recorded === 'nothing') return new Problem('OVERLOADED', `Nothing was done: ${error.message}`, AGAIN);
  if (recorded === 'unknown' || isAway(error)) {
    const advice = 'It is not known whether it was done: send it again, with the same Idempotency-Key if it had one';
    return new Problem('UNAVAILABLE', `Something this service needs does not answer. ${advice}`, AGAIN);
  }
  return null;
}

function isAway(error: Error): boolean {
  const { code, message, cause } = error as NodeJS.ErrnoException & { cause?: unknown };
  return AWAY.has(code ?? '') || AWAY_MESSAGE.test(message) || (cause instanceof Error && isAway(cause));
}
