import { setTimeout as sleep } from 'node:timers/promises';
import { Signal, type Logger } from '@allotree/basics';

export interface RepeatedWorkOptions {
  /** @returns whether there may be more, so that nothing is waited for */
  readonly step: () => Promise<boolean>;
  /** How often there is a look for work of another process, in ms. */
  readonly lookMs: number;
  /** After a failure, in ms. */
  readonly pauseMs: number;
  readonly logger: Logger;
  /** The severity and the text of a failure. */
  readonly failure: readonly ['warn' | 'error', string];
}

/** Does work in steps until it is stopped: at once when it is notified, otherwise from time to time; a failed step is repeated. */
export class RepeatedWork {
  private readonly signal = new Signal();
  private readonly stopping = new AbortController();
  private running: Promise<void> = Promise.resolve();

  constructor(private readonly options: RepeatedWorkOptions) {}

  get isStopping(): boolean {
    return this.stopping.signal.aborted;
  }

  start(): void {
    this.running = this.run();
  }

  /** There may be something to do. */
  notify(): void {
    this.signal.notify();
  }

  /** Resolves when the step in progress has ended. */
  async stop(): Promise<void> {
    this.stopping.abort();
    this.signal.notify();
    await this.running;
  }

  private async run(): Promise<void> {
    const { step, lookMs, pauseMs, logger, failure } = this.options;
    const { signal } = this.stopping;
    while (!signal.aborted) {
      try {
        if (!(await step())) await this.signal.wait(lookMs);
      } catch (error) {
        const [severity, text] = failure;
        logger[severity]({ err: error }, text);
        await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
      }
    }
  }
}
