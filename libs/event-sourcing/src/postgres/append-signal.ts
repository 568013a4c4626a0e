import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { Logger } from '../logger.js';

/** Interval and timeout in milliseconds of the liveness check of the listening connection. */
const HEARTBEAT_MS = 5_000;

/**
 * Notifies listeners in this and other processes of appends. The notification is sent after the append in a transaction
 * of its own (transactions that notify commit one after another), once for all appends of the last milliseconds.
 */
export class AppendSignal {
  readonly #origin = randomUUID();
  readonly #listeners = new Set<(byAnotherProcess: boolean) => void>();
  #client: pg.Client | null = null;
  #stopped = false;
  #sending: Promise<void> | null = null;
  #again = false;

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
    await client.connect();
    await client.query(`LISTEN ${pg.escapeIdentifier(this.channel)}`);
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

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#listeners.clear();
    await this.#sending;
    await this.#client?.end().catch(() => undefined);
  }

  #notify(byAnotherProcess: boolean): void {
    for (const listener of this.#listeners) listener(byAnotherProcess);
  }

  async #send(): Promise<void> {
    do {
      this.#again = false;
      await this.pool
        .query({ name: 'notify', text: 'SELECT pg_notify($1, $2)', values: [this.channel, this.#origin] })
        .catch((error: unknown) => this.logger.warn({ err: error }, 'could not notify other processes of an append'));
      if (!this.#stopped) await sleep(5);
    } while (this.#again);
    this.#sending = null;
  }

  async #reconnect(): Promise<void> {
    for (let wait = 100, connected = false; !connected && !this.#stopped; wait = Math.min(wait * 2, 5_000)) {
      await sleep(wait, undefined, { ref: false });
      connected =
        !this.#stopped &&
        (await this.start().then(
          () => true,
          () => false,
        ));
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
