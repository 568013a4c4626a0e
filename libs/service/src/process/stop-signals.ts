/** The output of a process while it stops. */
export interface StopOutput {
  stopping(): void;
  /** Awaited, for example until the log is written. */
  stopped(): void | Promise<void>;
  complain(line: string): void;
}

/** A clean stop never takes longer than this; the data is safe either way. */
const STOP_MS = 20_000;
/** One Ctrl-C can arrive twice: from the terminal, and passed on by npm. */
const SAME_SIGNAL_MS = 1_000;
const SIGNALS = { SIGINT: 130, SIGTERM: 143 } as const;
type Signal = keyof typeof SIGNALS;

/**
 * Stops on SIGINT and SIGTERM at any stage of the start; a second Ctrl-C does not wait. The exit code is 0 after a clean stop, 1 after a
 * failed one, and 128 + the signal when there was nothing to stop yet.
 */
export class StopSignals {
  private since: number | null = null;
  private stop: (() => Promise<void>) | null = null;
  private longest = STOP_MS;

  private constructor(private readonly words: StopOutput) {}

  static listen(words: StopOutput): StopSignals {
    const signals = new StopSignals(words);
    for (const signal of Object.keys(SIGNALS) as Signal[]) process.on(signal, () => signals.receive(signal));
    return signals;
  }

  /** @param delayMs part of the stop that takes this long by design */
  started(stop: () => Promise<void>, delayMs = 0): void {
    this.stop = stop;
    this.longest = STOP_MS + delayMs;
  }

  private receive(signal: Signal): void {
    if (this.since === null) this.begin(signal);
    else if (signal === 'SIGINT' && performance.now() - this.since > SAME_SIGNAL_MS) process.exit(SIGNALS.SIGINT);
  }

  private begin(signal: Signal): void {
    this.since = performance.now();
    // Anything the start had begun to open closes with the process.
    if (this.stop === null) process.exit(SIGNALS[signal]);
    this.words.stopping();
    setTimeout(() => {
      this.words.complain('a clean stop took too long; leaving now. Nothing that was accepted is lost.');
      process.exit(1);
    }, this.longest).unref();
    this.stop().then(
      async () => {
        await this.words.stopped();
        process.exit(0);
      },
      (error: unknown) => {
        this.words.complain(String(error));
        process.exit(1);
      },
    );
  }
}
