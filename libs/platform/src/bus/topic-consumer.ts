import { setTimeout as sleep } from 'node:timers/promises';
import type { CloudEvent } from '@allotree/contracts';
import pg from 'pg';
import type { Logger } from 'pino';
import { requestContext, type RequestContext } from '../http/request-context.js';
import { BUS_CHANNEL, type BusMessage, type DeadLetter } from './postgres-bus.js';

export interface TopicConsumerOptions {
  readonly groupId: string;
  readonly topic: string;
  readonly deadLetterTopic: string;
  readonly connectionString: string;
  readonly logger: Logger;
  /** Events of one key, oldest first; one, unless `batched`. */
  readonly handle: (events: readonly CloudEvent[]) => Promise<void>;
  readonly batched: boolean;
  /** How often a message is tried before it becomes a dead letter. */
  readonly attempts?: number;
  /** Pause after the first failure; doubles with every further one, up to 5 s. */
  readonly backoffMs?: number;
  /** Messages read at once. */
  readonly batchSize?: number;
  /** Keys handled side by side. */
  readonly concurrency?: number;
}

const FETCH_BYTES = 16_000_000;
/** A notification can get lost with its connection, and another process may give up its turn: look at least so often. */
const LOOK_AGAIN_MS = 1_000;
const LONGEST_BACKOFF_MS = 5_000;

/**
 * Up to a number of messages after the group's offset, as long as they hold together less than a number of bytes (but
 * one at least).
 */
const FETCH = `
  WITH due AS (
    SELECT position, sum(bytes) OVER (ORDER BY position) - bytes AS bytes_before
    FROM (SELECT position, bytes FROM bus.message WHERE topic = $1 AND position > $2 ORDER BY position LIMIT $3) AS next
  )
  SELECT message.position, message.key, message.payload AS event
  FROM due JOIN bus.message USING (position) WHERE due.bytes_before < $4 ORDER BY message.position`;

/**
 * One consumer group's reader of one topic. Of all processes of the group one at a time has the turn: it holds a lock
 * of its database session, so the turn passes on by itself when the process or its connection dies. The offset is moved
 * through that same session, after the messages were handled: at least once.
 */
export class TopicConsumer {
  private readonly attempts: number;
  private readonly backoffMs: number;
  private readonly batchSize: number;
  private readonly concurrency: number;
  private readonly log: Logger;
  private readonly stopping = new AbortController();
  private running: Promise<void> = Promise.resolve();
  private wake: () => void = () => undefined;
  /** Something was published since the last look. */
  private notified = false;

  constructor(private readonly options: TopicConsumerOptions) {
    this.attempts = options.attempts ?? 8;
    this.backoffMs = options.backoffMs ?? 100;
    this.batchSize = options.batchSize ?? 500;
    this.concurrency = options.concurrency ?? 16;
    this.log = options.logger.child({ topic: options.topic, group: options.groupId });
  }

  private get stopped(): boolean {
    return this.stopping.signal.aborted;
  }

  start(): void {
    this.running = this.run();
  }

  /** Resolves when the messages in hand are handled and the offset is written. */
  async stop(): Promise<void> {
    this.stopping.abort();
    this.wake();
    await this.running;
  }

  /** One session after the other, for as long as the consumer is wanted. */
  private async run(): Promise<void> {
    for (let failures = 0; !this.stopped;) {
      try {
        await this.session();
        failures = 0;
      } catch (error) {
        failures += 1;
        this.log.warn({ err: error }, 'the bus connection was lost; connecting again');
        await this.backOff(failures);
      }
    }
  }

  private async session(): Promise<void> {
    const client = new pg.Client({
      connectionString: this.options.connectionString,
      application_name: `bus ${this.options.groupId}`,
      keepAlive: true,
    });
    let lost: Error | undefined;
    client.on('error', (error) => {
      lost = error;
      this.wake();
    });
    client.on('notification', ({ payload }) => {
      if (payload !== this.options.topic) return;
      this.notified = true;
      this.wake();
    });
    await client.connect();
    try {
      await client.query(`LISTEN ${BUS_CHANNEL}`);
      let hasTurn = false;
      while (!this.stopped && lost === undefined) {
        hasTurn ||= await this.takeTurn(client);
        const more = hasTurn && (await this.step(client));
        if (!more) await this.pause(LOOK_AGAIN_MS);
      }
      if (lost !== undefined && !this.stopped) throw lost;
    } finally {
      await client.end().catch(() => undefined);
    }
  }

  private async takeTurn(client: pg.Client): Promise<boolean> {
    const { topic, groupId } = this.options;
    const { rows } = await client.query<{ taken: boolean }>(
      "SELECT pg_try_advisory_lock(hashtextextended('allotree bus consumer ' || $1 || ' ' || $2, 0)) AS taken",
      [groupId, topic],
    );
    if (rows[0]?.taken !== true) return false;
    await client.query(
      'INSERT INTO bus.consumer_offset (group_id, topic, position) VALUES ($1, $2, 0) ON CONFLICT DO NOTHING',
      [groupId, topic],
    );
    return true;
  }

  /** Handles one batch; whether there may be more. The offset is read anew each time, because a replay moves it. */
  private async step(client: pg.Client): Promise<boolean> {
    const { topic, groupId } = this.options;
    this.notified = false;
    const { rows: offsets } = await client.query<{ position: string }>(
      'SELECT position FROM bus.consumer_offset WHERE group_id = $1 AND topic = $2',
      [groupId, topic],
    );
    const from = offsets[0]?.position ?? '0';
    const { rows: messages } = await client.query<BusMessage>(FETCH, [topic, from, this.batchSize, FETCH_BYTES]);
    if (messages.length === 0) return this.notified;
    const handled = await this.handleAll(client, messages);
    const last = messages[handled - 1];
    if (last !== undefined) await this.moveOffset(client, from, last.position);
    return true;
  }

  private async moveOffset(client: pg.Client, from: string, to: string): Promise<void> {
    await client.query(
      `UPDATE bus.consumer_offset SET position = $4, updated_at = clock_timestamp()
       WHERE group_id = $1 AND topic = $2 AND position = $3`,
      [this.options.groupId, this.options.topic, from, to],
    );
  }

  /**
   * Keys side by side, the messages of a key one after the other. Returns how many from the first on are handled (all,
   * unless the consumer was stopped).
   */
  private async handleAll(client: pg.Client, messages: readonly BusMessage[]): Promise<number> {
    const byKey = new Map<string, number[]>();
    messages.forEach(({ key }, index) => {
      const indexes = byKey.get(key);
      if (indexes === undefined) byKey.set(key, [index]);
      else indexes.push(index);
    });
    const done = new Array<boolean>(messages.length).fill(false);
    const waiting = [...byKey.values()].values();
    const worker = async (): Promise<void> => {
      for (const indexes of waiting) {
        if (this.stopped) return;
        await this.handleKey(client, messages, indexes, done);
      }
    };
    // Every worker is waited for, also when one fails: nothing may still be under way when the turn is given up.
    const results = await Promise.allSettled(Array.from({ length: this.concurrency }, worker));
    const failed = results.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason as Error;
    const firstUndone = done.indexOf(false);
    return firstUndone === -1 ? messages.length : firstUndone;
  }

  private async handleKey(
    client: pg.Client,
    messages: readonly BusMessage[],
    indexes: readonly number[],
    done: boolean[],
  ): Promise<void> {
    const events = indexes.map((index) => (messages[index] as BusMessage).event);
    if (this.options.batched && events.length > 1) {
      const error = await this.tryToHandle(events);
      if (error === null) {
        for (const index of indexes) done[index] = true;
        return;
      }
      if (error === STOPPED) return;
    }
    for (const [place, event] of events.entries()) {
      if (this.stopped) return;
      const error = await this.tryToHandle([event]);
      if (error === STOPPED) return;
      if (error !== null) await this.fileDeadLetter(client, event, error);
      done[indexes[place] as number] = true;
    }
  }

  /** `null` when it was handled, the last error when it was tried often enough, `STOPPED` when it is left for later. */
  private async tryToHandle(events: readonly CloudEvent[]): Promise<unknown> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        await requestContext.run(contextOf(events), () => this.options.handle(events));
        return null;
      } catch (error) {
        this.log.warn(
          { err: error, attempt, event: events[0]?.id, type: events[0]?.type },
          'an integration event could not be handled',
        );
        if (attempt >= this.attempts) return error ?? new Error('failed without an error');
        await this.backOff(attempt);
        if (this.stopped) return STOPPED;
      }
    }
  }

  private async backOff(attempt: number): Promise<void> {
    const milliseconds = Math.min(this.backoffMs * 2 ** (attempt - 1), LONGEST_BACKOFF_MS);
    await sleep(milliseconds, undefined, { signal: this.stopping.signal }).catch(() => undefined);
  }

  /** Throws when it cannot be written: then the message is not handled, and the session begins anew. */
  private async fileDeadLetter(client: pg.Client, event: CloudEvent, error: unknown): Promise<void> {
    const letter: DeadLetter = {
      ...event,
      dlqgroup: this.options.groupId,
      dlqerror: error instanceof Error ? `${error.name}: ${error.message}` : JSON.stringify(error),
      dlqattempts: this.attempts,
      dlqtime: new Date().toISOString(),
    };
    await client.query('SELECT bus.publish($1, $2, $3, $4)', [
      this.options.deadLetterTopic,
      [event.subject],
      [`${this.options.groupId}:${event.id}`],
      [JSON.stringify(letter)],
    ]);
    this.log.error({ event: event.id, type: event.type, err: error }, 'an integration event became a dead letter');
  }

  /** Until woken, or for so long. */
  private async pause(milliseconds: number): Promise<void> {
    if (this.stopped) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
      if (this.notified) this.wake();
    });
  }
}

const STOPPED = Symbol('stopped');

/** The tenant of a batch is named where it is one. */
function contextOf(events: readonly CloudEvent[]): RequestContext {
  const [first] = events;
  const tenantId = first?.tenantid ?? null;
  const isOfOne = tenantId !== null && events.every((event) => event.tenantid === tenantId);
  return { correlationId: first?.correlationid ?? '', ...(isOfOne ? { tenantId } : {}) };
}
