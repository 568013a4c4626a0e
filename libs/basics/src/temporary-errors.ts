/** Errors of the network, and of PostgreSQL while it starts, stops, or has no connection left. */
const AWAY = new Set([
  ...['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENOTFOUND', 'EAI_AGAIN'],
  ...['08000', '08003', '08006', '53300', '57P01', '57P02', '57P03'],
]);
/** The code that the event sourcing library uses. */
const TOO_LARGE = new Set(['STATE_TOO_LARGE']);
const FULL = new Set(['53100', 'ENOSPC', 'EDQUOT']);
/** The driver and TypeORM give these errors no code. The last three are of a connection that was lost since its last statement. */
const AWAY_MESSAGES = [
  'Connection terminated',
  'timeout exceeded when trying to connect',
  'timeout expired',
  'Client (?:has encountered a connection error|was closed) and is not queryable',
  'Database connection provided by a query runner was already released',
  'Query runner already released',
];
const AWAY_MESSAGE = new RegExp(`^(?:Error: )?(?:${AWAY_MESSAGES.join('|')})`);

/** Whether an error, or one that caused it, has one of these codes. */
export function hasCode(error: unknown, codes: ReadonlySet<string>): boolean {
  if (!(error instanceof Error)) return false;
  const { code } = error as NodeJS.ErrnoException;
  return codes.has(code ?? '') || hasCode(error.cause, codes);
}

/** Whether the disk of the database is full. */
export const isStorageFull = (error: unknown): boolean => hasCode(error, FULL);

/** Whether an error, or one that caused it, has a message like this. */
export const hasMessage = (error: unknown, message: RegExp): boolean =>
  error instanceof Error && (message.test(error.message) || hasMessage(error.cause, message));

/** Whether the network, the database or another backend does not answer. */
export const isBackendAway = (error: unknown): boolean => hasCode(error, AWAY) || hasMessage(error, AWAY_MESSAGE);

/** Whether a state does not fit into the memory of the process. */
export const isTooLarge = (error: unknown): boolean => hasCode(error, TOO_LARGE);

/**
 * Whether a message or job that failed can be handled later without a change: a backend is away or full, or a command could not be
 * decided now (`TransientError` of the event sourcing library).
 */
export function isTemporary(error: unknown): boolean {
  const { recorded } = (error ?? {}) as { readonly recorded?: unknown };
  const isUndecided = recorded === 'nothing' || recorded === 'unknown';
  return (isUndecided && !isTooLarge(error)) || isBackendAway(error) || isStorageFull(error);
}
