import type { Logger } from '../logger.js';

/** A logger that keeps its lines. */
export class Log implements Logger {
  readonly lines: [level: keyof Logger, facts: object, message: string][] = [];

  debug(facts: object, message: string): void {
    this.lines.push(['debug', facts, message]);
  }

  info(facts: object, message: string): void {
    this.lines.push(['info', facts, message]);
  }

  warn(facts: object, message: string): void {
    this.lines.push(['warn', facts, message]);
  }

  error(facts: object, message: string): void {
    this.lines.push(['error', facts, message]);
  }
}
