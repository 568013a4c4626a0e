import type { Hold, Lease, Leases } from '@allotree/leases';
import pg from 'pg';
import { received, type Received } from '../received.js';
import { TopicHandler, type TopicHandlerOptions } from '../topic-handler.js';
import { BUS_CHANNEL, fileLetter } from './postgres-bus.js';

export interface TopicConsumerOptions extends Omit<TopicHandlerOptions<Message>, 'fileDeadLetter'> {
  readonly connectionString: string;
  readonly leases: Leases;
  /**
   * How often messages are read without a notification (ms). Every publication notifies in its transaction, and a lost connection ends the
   * session, so this is for a connection that passes nothing on. Default 5,000.
   */
  readonly pollMs?: number | undefined;
  /** Opens the connection of a consumer. Default: with the driver of PostgreSQL. */
  readonly openClient?: ((settings: pg.ClientConfig) => pg.Client) | undefined;
}

interface Row {
  readonly position: string;
  readonly key: string;
  readonly payload: unknown;
}

interface Message extends Received, Row {}

const FETCH_BYTES = 16_000_000;
const DEFAULT_POLL_MS = 5_000;
/** After this time without an answer (ms) the connection is closed. */
const ANSWER_MS = 30_000;

/** Up to a given number of messages after the group's offset, and up to a given number of bytes in total (but at least one message). */
const FETCH = `
  WITH due AS (
    SELECT position, sum(bytes) OVER (ORDER BY position) - bytes AS bytes_before
    FROM (SELECT position, bytes FROM bus.message WHERE topic = $1 AND position > $2 ORDER BY position LIMIT $3) AS next
  )
  SELECT message.position, message.key, message.payload
  FROM due JOIN bus.message USING (position) WHERE due.bytes_before < $4 ORDER BY message.position`;

/** Returns no row when a later holder of the lease has taken the offset. */
const TAKE_OFFSET = `
  INSERT INTO bus.consumer_offset AS mine (group_id, topic, position, fence) VALUES ($1, $2, 0, $3)
  ON CONFLICT (group_id, topic) DO UPDATE SET fence = excluded.fence WHERE mine.fence <= excluded.fence
  RETURNING fence`;

const READ_OFFSET = 'SELECT position FROM bus.consumer_offset WHERE group_id = $1 AND topic = $2 AND fence = $3';

const MOVE_OFFSET = `
  UPDATE bus.consumer_offset SET position = $5, updated_at = clock_timestamp()
  WHERE group_id = $1 AND topic = $2 AND fence = $3 AND position = $4`;

/**
 * One consumer group's reader of one topic. Of all processes of the group, the holder of a lease reads. The offset moves after the messages
 * were handled (at least once) and carries the lease's fence: a holder that was paused while another took over cannot move it.
 */
export class TopicConsumer {
  private readonly groupId: string;
  private readonly topic: string;
  private hold: Hold | undefined;

  constructor(private readonly options: TopicConsumerOptions) {
    this.groupId = options.groupId;
    this.topic = options.handler.topic;
  }

  async start(): Promise<void> {
    this.hold = await this.options.leases.hold(`bus ${this.groupId} ${this.topic}`, {
      work: (lease) => this.work(lease),
    });
  }

  /** Resolves when the messages in progress are handled and the offset is written. */
  async stop(): Promise<void> {
    await this.hold?.stop();
  }

  /** @throws when the connection is lost: the lease is then released, and its next holder starts anew */
  private async work(lease: Lease): Promise<void> {
    const { openClient = (settings) => new pg.Client(settings) } = this.options;
    const client = openClient({
      connectionString: this.options.connectionString,
      application_name: `bus ${this.groupId}`,
      keepAlive: true,
      connectionTimeoutMillis: ANSWER_MS,
      query_timeout: ANSWER_MS,
    });
    const session = new Session(lease, this.options.pollMs ?? DEFAULT_POLL_MS);
    client.on('error', (error) => session.lose(error));
    client.on('notification', ({ payload }) => payload === this.topic && session.hint());
    await client.connect();
    try {
      await client.query(`LISTEN ${BUS_CHANNEL}`);
      const mine = [this.groupId, this.topic, lease.fence.toString()];
      const { rowCount } = await client.query(TAKE_OFFSET, mine);
      const handler = this.handlerOn(client);
      for (let more = rowCount === 1; more; more = await session.waitForMore())
        while (await this.step(client, handler, session));
    } finally {
      session.end();
      await client.end().catch(() => undefined);
    }
  }

  private handlerOn(client: pg.Client): TopicHandler<Message> {
    const { groupId, topic } = this;
    return new TopicHandler({
      ...this.options,
      fileDeadLetter: (message, failure) => fileLetter(client, { groupId, topic, ...message }, failure),
    });
  }

  /** Handles one batch; returns whether there may be more. The offset is read anew each time, because a rewind moves it. */
  private async step(client: pg.Client, handler: TopicHandler<Message>, session: Session): Promise<boolean> {
    if (session.isOver) return false;
    session.look();
    const mine = [this.groupId, this.topic, session.lease.fence.toString()];
    const { rows: offsets } = await client.query<{ position: string }>(READ_OFFSET, mine);
    const from = offsets[0]?.position;
    if (from === undefined) throw new Error(`another consumer reads ${this.topic} for ${this.groupId}`);
    const { rows } = await client.query<Row>(FETCH, [this.topic, from, handler.batchSize, FETCH_BYTES]);
    const messages = rows.map((row) => ({ ...row, ...received(row.key, row.payload) }));
    const handled = await handler.handleAll(messages, session.lease.signal);
    const last = messages[handled - 1];
    if (last !== undefined) await client.query(MOVE_OFFSET, [...mine, from, last.position]);
    return messages.length > 0;
  }
}

/** The time between obtaining and releasing a lease, on one connection. */
class Session {
  private lost: Error | undefined;
  /** Something was published since the last read. */
  private isNotified = false;
  private wake: () => void = () => undefined;
  private readonly onAbort = (): void => this.wake();

  constructor(
    readonly lease: Lease,
    private readonly pollMs: number,
  ) {
    lease.signal.addEventListener('abort', this.onAbort);
  }

  get isOver(): boolean {
    return this.lease.signal.aborted || this.lost !== undefined;
  }

  lose(error: Error): void {
    this.lost = error;
    this.wake();
  }

  hint(): void {
    this.isNotified = true;
    this.wake();
  }

  look(): void {
    this.isNotified = false;
  }

  /** Waits until something was published, or for the poll interval; returns whether the session goes on. */
  async waitForMore(): Promise<boolean> {
    if (!this.isOver && !this.isNotified)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, this.pollMs);
        this.wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    if (this.lost !== undefined && !this.lease.signal.aborted) throw this.lost;
    return !this.isOver;
  }

  end(): void {
    this.lease.signal.removeEventListener('abort', this.onAbort);
  }
}
