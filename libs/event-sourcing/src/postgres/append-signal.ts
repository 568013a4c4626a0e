import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { Logger } from '../logger.js';

/** Interval and timeout in milliseconds of the liveness check of the listening connection. */
const HEARTBEAT_MS = 5_000;
/** Pause before a failed notification is sent again. */
const RETRY_MS = 200;
/** The longest pause between two attempts to listen again. */
const MAX_RECONNECT_MS = 1_000;
/** How soon listeners are called again while a committed append cannot be read yet. */
const HIDDEN_APPEND_MS = 100;

/**
 * Notifies listeners in this and other processes of appends. The notification is sent after the append in a transaction
 * of its own (transactions that notify commit one after another), once for all appends of the last milliseconds, and
 * again until it succeeds. While it cannot listen, it calls its listeners at every attempt to do so.
 */
export class AppendSignal {
  readonly #origin = randomUUID();
  readonly #listeners = new Set<(byAnotherProcess: boolean) => void>();
  #client: pg.Client | null = null;
  #stopped = false;
  #sending: Promise<void> | null = null;
  #again = false;
  #callingAgain: NodeJS.Timeout | null = null;

  constructor(
    private readonly connectionString: string,
    private readonly pool: pg.Pool,
    private readonly channel: string,
    private readonly logger: Logger,
  ) {}

  async start(): Promise<void> {
    const client = new pg.Client({
      connectionString: this.connectionString,
      application_name: 'allotree events hints',
      connectionTimeoutMillis: HEARTBEAT_MS,
      query_timeout: HEARTBEAT_MS,
    });
    client.on('notification', ({ payload }) => payload !== this.#origin && this.#notify(true));
    client.on('error', (error) => this.logger.warn({ err: error }, 'connection for append hints failed'));
    let isConnected = true;
    client.once('end', () => (isConnected = false));
    try {
      await client.connect();
      await client.query(`LISTEN ${pg.escapeIdentifier(this.channel)}`);
      if (!isConnected) throw new Error('the connection for append hints ended as soon as it listened');
    } catch (error) {
      await client.end().catch(() => undefined);
      throw error;
    }
    this.#client = client;
    const heartbeat = setInterval(() => void checkAlive(client), HEARTBEAT_MS).unref();
    client.once('end', () => {
      clearInterval(heartbeat);
      void this.#reconnect();
    });
  }

  listen(listener: (byAnotherProcess: boolean) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  appended(): void {
    this.#notify(false);
    if (this.#sending) this.#again = true;
    else this.#sending = this.#send();
  }

  /** A committed append is behind one in progress, whose end may go without a notification: it fails, or its process ends. */
  appendHidden(): void {
    if (this.#stopped) return;
    this.#callingAgain ??= setTimeout(() => {
      this.#callingAgain = null;
      this.#notify(false);
    }, HIDDEN_APPEND_MS).unref();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#callingAgain ?? undefined);
    this.#listeners.clear();
    await this.#sending;
    await this.#client?.end().catch(() => undefined);
  }

  #notify(byAnotherProcess: boolean): void {
    for (const listener of this.#listeners) listener(byAnotherProcess);
  }

  async #send(): Promise<void> {
    let isSent = true;
    do {
      this.#again = false;
      isSent = await this.#sendOnce(isSent);
      if (!this.#stopped) await sleep(isSent ? 5 : RETRY_MS);
    } while (isSent ? this.#again : !this.#stopped);
    this.#sending = null;
  }

  async #sendOnce(isFailureNew: boolean): Promise<boolean> {
    try {
      await this.pool.query({
        name: 'notify',
        text: 'SELECT pg_notify($1, $2)',
        values: [this.channel, this.#origin],
      });
      return true;
    } catch (error) {
      if (isFailureNew) this.logger.warn({ err: error }, 'could not notify other processes of an append, retrying');
      return false;
    }
  }

  async #reconnect(): Promise<void> {
    for (let wait = 100, connected = false; !connected && !this.#stopped; wait = Math.min(wait * 2, MAX_RECONNECT_MS)) {
      await sleep(wait, undefined, { ref: false });
      connected =
        !this.#stopped &&
        (await this.start().then(
          () => true,
          () => false,
        ));
      if (!connected && !this.#stopped) this.#notify(true);
    }
    if (this.#stopped) await this.#client?.end().catch(() => undefined);
    // One hint covers everything missed in the meantime.
    else this.#notify(true);
  }
}

/** A dead connection delivers no notifications, so it is destroyed and opened again. */
async function checkAlive(client: pg.Client): Promise<void> {
  try {
    await client.query('SELECT');
  } catch {
    (client as unknown as { connection: { stream: Socket } }).connection.stream.destroy();
  }
}
