/** How every command of `allotree` ends. */
export const EXIT = {
  /** Done, or there was nothing to do. */
  done: 0,
  /** Anything else: a wrong option, no server, no permission. */
  failed: 1,
  /** Changes are pending (`plan`, `drift`). */
  pending: 2,
  /** A rule refuses it. */
  refused: 3,
  /** It was decided on a state that has changed since. */
  stale: 4,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** A failure that the caller can do something about: shown as its message, without a stack. */
export class CliError extends Error {
  override readonly name = 'CliError';

  constructor(
    message: string,
    readonly exitCode: ExitCode = EXIT.failed,
  ) {
    super(message);
  }
}
