import { StartError } from '@allotree/basics/start-error';
import {
  EmbeddedPostgresInUse,
  startEmbeddedPostgres,
  type EmbeddedPostgres,
  type EmbeddedPostgresOptions,
} from './embedded-postgres.js';
import { DiskFull } from './server-failure.js';

export interface SupervisedPostgresOptions extends EmbeddedPostgresOptions {
  /** Called when something needs attention: the server has ended, or runs again. */
  readonly warn: (message: string) => void;
  /** Called when the server ended too often or cannot be started again, so that nothing works any more. */
  readonly onGone: (reason: StartError) => void;
  /** Default: `startEmbeddedPostgres`. */
  readonly start?: typeof startEmbeddedPostgres;
  /** The pause before the first restart, in milliseconds; doubles up to 10 s. */
  readonly pauseMs?: number;
}

const PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 10_000;
/** After more exits than this within the time, restarting does not help. */
const ENDINGS = 5;
const WITHIN_MS = 600_000;

/**
 * An embedded PostgreSQL that is restarted, on the same port, when it exits unexpectedly: killed for lack of memory, or after an error it
 * could not recover from. Connections are lost meanwhile; committed data is not.
 */
export class SupervisedPostgres implements EmbeddedPostgres {
  #running: EmbeddedPostgres;
  #endings: number[] = [];
  #failure: string | null = null;
  #stopping = false;
  readonly #supervision: Promise<void>;
  #wake: (() => void) | null = null;

  private constructor(
    private readonly options: SupervisedPostgresOptions,
    first: EmbeddedPostgres,
  ) {
    this.#running = first;
    this.#supervision = this.#supervise();
  }

  /** @throws StartError */
  static async start(options: SupervisedPostgresOptions): Promise<SupervisedPostgres> {
    const { start = startEmbeddedPostgres } = options;
    return new SupervisedPostgres(options, await start(options));
  }

  get connectionString(): string {
    return this.#running.connectionString;
  }

  get ended(): Promise<string> {
    return this.#running.ended;
  }

  /** Why it does not work now; `null`: it runs. */
  get failure(): string | null {
    return this.#failure;
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    this.#wake?.();
    await this.#running.stop();
    await this.#supervision;
  }

  async #supervise(): Promise<void> {
    for (;;) {
      const how = await this.#running.ended;
      if (this.#stopping) return;
      this.#failure = `The embedded database has ended (${how}) and is being restarted`;
      this.options.warn(`the embedded database has ended (${how}), restarting it`);
      if (!this.#mayGoOn(`it ended (${how})`) || !(await this.#startAgain())) return;
      this.#failure = null;
      this.options.warn('the embedded database runs again');
    }
  }

  /** `false` when it must not be restarted any more. */
  async #startAgain(): Promise<boolean> {
    const { start = startEmbeddedPostgres, pauseMs = PAUSE_MS } = this.options;
    const port = Number(new URL(this.connectionString).port);
    for (let pause = pauseMs; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
      await this.#sleep(pause);
      if (this.#stopping) return false;
      try {
        this.#running = await start({ ...this.options, port });
        // A stop during the start has only stopped the previous server.
        if (this.#stopping) await this.#running.stop();
        return !this.#stopping;
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        this.#failure = `The embedded database does not start: ${reason}`;
        this.options.warn(`the embedded database does not start: ${reason}`);
        if (!this.#isWorthWaiting(error, reason)) return false;
      }
    }
  }

  /** A full disk is waited for; any other failure is retried a few times. */
  #isWorthWaiting(error: unknown, reason: string): boolean {
    if (error instanceof DiskFull) return true;
    if (error instanceof EmbeddedPostgresInUse) {
      this.options.onGone(error);
      return false;
    }
    return this.#mayGoOn(reason);
  }

  #mayGoOn(reason: string): boolean {
    const now = performance.now();
    this.#endings = [...this.#endings.filter((at) => at > now - WITHIN_MS), now];
    if (this.#endings.length <= ENDINGS) return true;
    const { dataDir } = this.options;
    this.options.onGone(
      new StartError(
        `the embedded database on ${dataDir} failed ${this.#endings.length} times within ${WITHIN_MS / 60_000} minutes, most recently because ${reason}. ` +
          `See ${dataDir}/postgres.log; what was committed is kept.`,
      ),
    );
    return false;
  }

  #sleep(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
