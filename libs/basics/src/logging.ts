import type { LoggerService } from '@nestjs/common';
import { pino, type DestinationStream, type Logger } from 'pino';
import { requestContext } from './request-context.js';

export type { Logger } from 'pino';

const SECRET_KEYS = new Set([
  'authorization',
  'cookie',
  'password',
  'passwordHash',
  'token',
  'access_token',
  'secret',
  'connectionString',
]);
const DEEPEST = 6;

export interface LoggerOptions {
  readonly service: string;
  readonly level: string;
  /** Unset: standard output. */
  readonly destination?: DestinationStream;
}

const NO_CONTEXT = {};

const hasAll = (line: object, context: object): boolean =>
  Object.keys(context).every((key) => Object.hasOwn(line, key));

/** Structured log lines (JSON, one per line). Secrets are redacted by their key; every line carries the correlation id. */
export function createLogger({ service, level, destination }: LoggerOptions): Logger {
  return pino(
    {
      level,
      base: { service },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: {
        level: (label) => ({ level: label }),
        log: (line) => withoutSecrets(line, DEEPEST) as Record<string, unknown>,
      },
      mixin: () => requestContext.getStore() ?? NO_CONTEXT,
      // Pino's own strategy would write the fields of the line into the context, and so into every later line of the request.
      mixinMergeStrategy: (line: object, context: object) =>
        context === NO_CONTEXT || hasAll(line, context) ? line : { ...context, ...line },
    },
    destination ?? standardOutput(),
  );
}

/** Bytes of log lines that are buffered while standard output is blocked; further lines are dropped. */
const WAITING_BYTES = 4_000_000;

/** A log that cannot be written (a full disk, a closed pipe) never stops the process. */
function standardOutput(): DestinationStream {
  const destination = pino.destination({ dest: 1, sync: true, maxLength: WAITING_BYTES });
  destination.on('error', () => undefined);
  return destination;
}

/**
 * Returns the same object unless it contains a secret. Pino's own redaction copies every line it inspects, at fifteen times the cost of
 * writing it.
 */
function withoutSecrets(value: unknown, depth: number): unknown {
  if (typeof value !== 'object' || value === null || value instanceof Error || depth === 0) return value;
  let copy: Record<string, unknown> | undefined;
  for (const [key, inner] of Object.entries(value)) {
    const kept = SECRET_KEYS.has(key) ? '[redacted]' : withoutSecrets(inner, depth - 1);
    if (kept === inner) continue;
    copy ??= copyOf(value);
    copy[key] = kept;
  }
  return copy ?? value;
}

const copyOf = (value: object): Record<string, unknown> =>
  (Array.isArray(value) ? [...(value as unknown[])] : { ...value }) as Record<string, unknown>;

/** Nest's own log lines in the same format. */
export class NestLogger implements LoggerService {
  constructor(private readonly logger: Logger) {}

  log(message: unknown, ...rest: unknown[]): void {
    this.write('info', message, rest);
  }
  error(message: unknown, ...rest: unknown[]): void {
    this.write('error', message, rest);
  }
  warn(message: unknown, ...rest: unknown[]): void {
    this.write('warn', message, rest);
  }
  debug(message: unknown, ...rest: unknown[]): void {
    this.write('debug', message, rest);
  }
  verbose(message: unknown, ...rest: unknown[]): void {
    this.write('trace', message, rest);
  }
  fatal(message: unknown, ...rest: unknown[]): void {
    this.write('fatal', message, rest);
  }

  /** Nest passes the context last, after an optional stack. */
  private write(
    level: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal',
    message: unknown,
    rest: unknown[],
  ): void {
    const context = rest.at(-1);
    const stack = rest.length > 1 && typeof rest[0] === 'string' ? { stack: rest[0] } : {};
    const about = { ...(typeof context === 'string' ? { context } : {}), ...stack };
    if (message instanceof Error) this.logger[level]({ ...about, err: message }, message.message);
    else this.logger[level](about, typeof message === 'string' ? message : JSON.stringify(message));
  }
}
