/** Logger used by this library; compatible with pino. */
export interface Logger {
  /** Called on hot paths: build nothing expensive for it. */
  debug?(facts: object, message: string): void;
  info(facts: object, message: string): void;
  warn(facts: object, message: string): void;
  error(facts: object, message: string): void;
}

export const SILENT: Logger = { info: () => undefined, warn: () => undefined, error: () => undefined };
