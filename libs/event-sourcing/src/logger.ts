/** What the parts of this library say to a log; pino's loggers have this shape. */
export interface Logger {
  /** Called often; nothing is to be made for it that costs. */
  debug?(facts: object, message: string): void;
  info(facts: object, message: string): void;
  warn(facts: object, message: string): void;
  error(facts: object, message: string): void;
}

export const SILENT: Logger = { info: () => undefined, warn: () => undefined, error: () => undefined };
