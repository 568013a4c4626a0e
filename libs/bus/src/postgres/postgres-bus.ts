import { deadLetterTopic, type CloudEvent } from '@allotree/contracts';
import type { Leases } from '@allotree/leases';
import type pg from 'pg';
import { inTransaction, prepareSchema } from '@allotree/basics';
import { Bus, type ConsumerGroup, type GroupConsumer, type PartitionLag, type PartitionProgress } from '../bus.js';
import type { BusMetrics } from '../bus-metrics.js';
import { matchesFilter, ONLY_FOR, type DeadLetter, type Failure, type DeadLetterFilter } from '../dead-letter.js';
import { received } from '../received.js';
import { PostgresGroup } from './postgres-group.js';

/** The channel for `LISTEN`; its payload is the topic. */
export const BUS_CHANNEL = 'bus_message';

/**
 * Payloads are not compressed: that costs more than writing them. Publishers of one topic are serialized until their transactions end, so
 * positions become visible in the order in which they were assigned, and a consumer that has read up to one has missed nothing before it.
 */
const SCHEMA = `
  CREATE SCHEMA IF NOT EXISTS bus;
  CREATE TABLE IF NOT EXISTS bus.message (
    position     bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    topic        text        NOT NULL,
    key          text        NOT NULL,
    id           text        NOT NULL,
    bytes        integer     NOT NULL,
    payload      json        STORAGE EXTERNAL NOT NULL,
    published_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    UNIQUE (topic, id)
  );
  CREATE INDEX IF NOT EXISTS message_by_topic ON bus.message (topic, position) INCLUDE (bytes);
  CREATE TABLE IF NOT EXISTS bus.consumer_offset (
    group_id   text        NOT NULL,
    topic      text        NOT NULL,
    position   bigint      NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (group_id, topic)
  );
  ALTER TABLE bus.consumer_offset ADD COLUMN IF NOT EXISTS fence bigint NOT NULL DEFAULT 0;
  CREATE OR REPLACE FUNCTION bus.publish(to_topic text, keys text[], ids text[], payloads text[]) RETURNS integer
  LANGUAGE plpgsql AS $$
  DECLARE
    published integer;
  BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('allotree bus ' || to_topic, 0));
    INSERT INTO bus.message (topic, key, id, bytes, payload)
    SELECT to_topic, given.key, given.id, octet_length(given.payload), given.payload::json
    FROM unnest(keys, ids, payloads) WITH ORDINALITY AS given (key, id, payload, place)
    ORDER BY given.place
    ON CONFLICT (topic, id) DO NOTHING;
    GET DIAGNOSTICS published = ROW_COUNT;
    IF published > 0 THEN
      PERFORM pg_notify('${BUS_CHANNEL}', to_topic);
    END IF;
    RETURN published;
  END $$;
`;

/** A topic without messages ends where its group is. */
const HANDLED = `
  WITH handled AS (
    SELECT coalesce((SELECT position FROM bus.consumer_offset WHERE group_id = $1 AND topic = $2), 0) AS position
  )`;
const PROGRESS = `${HANDLED}
  SELECT handled.position AS handled,
    coalesce((SELECT max(position) FROM bus.message WHERE topic = $2), handled.position) AS last
  FROM handled`;
const PROGRESS_OF_KEY = `${HANDLED}
  SELECT handled.position AS handled, coalesce(max(message.position), handled.position) AS last
  FROM handled LEFT JOIN bus.message ON topic = $2 AND key = $3 AND message.position > handled.position
  GROUP BY handled.position`;

/** Messages per call: a larger batch is split, in order. */
const CALL_MESSAGES = 1_000;
const CALL_BYTES = 2_000_000;

/** What consumers need beside the tables. */
export interface PostgresConsumption {
  /** They listen for new messages on a connection of their own. */
  readonly connectionString: string;
  /** Only the process that holds a topic's lease reads it for a group. */
  readonly leases: Leases;
}

/** The bus as a log table in PostgreSQL, with the offsets of consumer groups beside it. */
export class PostgresBus extends Bus {
  private ready: Promise<void> | undefined;

  constructor(
    private readonly pool: pg.Pool,
    private readonly metrics: BusMetrics,
    private readonly consumption?: PostgresConsumption,
  ) {
    super();
  }

  consumer(group: ConsumerGroup): GroupConsumer {
    if (this.consumption === undefined) throw new Error('this bus was opened without consumers');
    return new PostgresGroup({ ...group, ...this.consumption, bus: this });
  }

  /** Creates the tables, which hold all topics. */
  async prepare(): Promise<void> {
    this.ready ??= prepareSchema(this.pool, 'bus', SCHEMA);
    try {
      await this.ready;
    } catch (error) {
      this.ready = undefined;
      throw error;
    }
  }

  async check(): Promise<void> {
    await this.pool.query('SELECT 1');
  }

  /** An event whose id is already on the topic counts as published. */
  async publish(topic: string, events: readonly CloudEvent[]): Promise<void> {
    await this.prepare();
    const messages = events.map((event) => ({ key: event.subject, id: event.id, payload: JSON.stringify(event) }));
    for (const call of calls(messages))
      await this.metrics.measurePublish(topic, call.length, async () => void (await append(this.pool, topic, call)));
  }

  /** A running group continues from the beginning with its next batch. */
  async rewind(groupId: string, topic: string): Promise<void> {
    await this.prepare();
    await this.pool.query(
      `WITH rewound AS (
         UPDATE bus.consumer_offset SET position = 0, updated_at = clock_timestamp()
         WHERE group_id = $1 AND topic = $2 RETURNING topic
       ) SELECT pg_notify('${BUS_CHANNEL}', topic) FROM rewound`,
      [groupId, topic],
    );
  }

  async lag(groupId: string, topic: string): Promise<readonly PartitionLag[]> {
    await this.prepare();
    const { rows } = await this.pool.query<{ behind: string }>(
      `SELECT count(*) AS behind FROM bus.message WHERE topic = $2 AND position >
         coalesce((SELECT position FROM bus.consumer_offset WHERE group_id = $1 AND topic = $2), 0)`,
      [groupId, topic],
    );
    return [{ partition: 0, lag: Number(rows[0]?.behind ?? 0) }];
  }

  async progress(groupId: string, topic: string, key?: string): Promise<readonly PartitionProgress[]> {
    await this.prepare();
    const { rows } = await this.pool.query<{ last: string; handled: string }>(
      key === undefined ? PROGRESS : PROGRESS_OF_KEY,
      key === undefined ? [groupId, topic] : [groupId, topic, key],
    );
    const { last = '0', handled = '0' } = rows[0] ?? {};
    return [{ partition: 0, end: BigInt(last) + 1n, handled: BigInt(handled) + 1n }];
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  async deadLetters(topic: string, filter: DeadLetterFilter = {}): Promise<readonly DeadLetter[]> {
    const filed = await this.filedLetters(topic);
    return filed.map(({ letter }) => letter).filter((letter) => matchesFilter(letter, filter));
  }

  async replay(topic: string, filter: DeadLetterFilter = {}): Promise<readonly DeadLetter[]> {
    const replayed: DeadLetter[] = [];
    for (const { letter, key } of await this.filedLetters(topic))
      if (matchesFilter(letter, filter) && (await this.replayOne(topic, key, letter))) replayed.push(letter);
    return replayed;
  }

  /** False when another process did it meanwhile. The message and the note about its replay are written in one transaction. */
  private async replayOne(topic: string, key: string, { letterId, group, content }: DeadLetter): Promise<boolean> {
    return inTransaction(this.pool, async (client) => {
      const note = { key, id: noteOf(letterId), payload: JSON.stringify({ replayed: letterId }) };
      if ((await append(client, deadLetterTopic(topic), [note])) === 0) return false;
      const payload = JSON.stringify({ ...(JSON.parse(content) as object), [ONLY_FOR]: group });
      await append(client, topic, [{ key, id: `replay of ${letterId}`, payload }]);
      return true;
    });
  }

  private async filedLetters(topic: string): Promise<readonly { letter: DeadLetter; key: string }[]> {
    await this.prepare();
    const { rows } = await this.pool.query<{ id: string; key: string; payload: FiledEvent }>(
      `SELECT id, key, payload FROM bus.message AS letter
       WHERE topic = $1 AND payload -> 'dlqgroup' IS NOT NULL AND NOT EXISTS
         (SELECT FROM bus.message AS note WHERE note.topic = $1 AND note.id = '${noteOf('')}' || letter.id)
       ORDER BY position`,
      [deadLetterTopic(topic)],
    );
    return rows.map(({ id, key, payload }) => ({ key, letter: letterOf(id, key, payload) }));
  }
}

/** A failed message as stored on the dead letter topic: with extension attributes about the failure. */
interface FiledEvent {
  readonly dlqgroup: string;
  readonly dlqerror: string;
  readonly dlqattempts: number;
  readonly dlqtime: string;
}

const noteOf = (letterId: string): string => `replayed: ${letterId}`;

function letterOf(letterId: string, key: string, filed: FiledEvent): DeadLetter {
  const { dlqgroup, dlqerror, dlqattempts, dlqtime, ...content } = filed;
  return {
    letterId,
    event: received(key, content).event,
    content: JSON.stringify(content),
    group: dlqgroup,
    error: dlqerror,
    attempts: dlqattempts,
    time: dlqtime,
  };
}

/** A message of a consumer group, to be filed as a dead letter. */
export interface FailedMessage {
  readonly groupId: string;
  readonly topic: string;
  readonly position: string;
  readonly key: string;
  readonly payload: unknown;
}

/** Files a message once, however often it is called for the same message. */
export async function fileLetter(
  client: Pick<pg.ClientBase, 'query'>,
  { groupId, topic, position, key, payload }: FailedMessage,
  { error, attempts, time }: Failure,
): Promise<void> {
  const filed: FiledEvent = {
    ...(typeof payload === 'object' ? payload : { data: payload }),
    dlqgroup: groupId,
    dlqerror: error,
    dlqattempts: attempts,
    dlqtime: time,
  };
  const letter = { key, id: `${groupId}/${position}`, payload: JSON.stringify(filed) };
  await append(client, deadLetterTopic(topic), [letter]);
}

interface Outgoing {
  readonly key: string;
  readonly id: string;
  readonly payload: string;
}

/** Returns how many of them were new on the topic. */
async function append(
  client: Pick<pg.ClientBase, 'query'>,
  topic: string,
  messages: readonly Outgoing[],
): Promise<number> {
  const { rows } = await client.query<{ published: number }>('SELECT bus.publish($1, $2, $3, $4) AS published', [
    topic,
    messages.map(({ key }) => key),
    messages.map(({ id }) => id),
    messages.map(({ payload }) => payload),
  ]);
  return rows[0]?.published ?? 0;
}

function* calls(messages: readonly Outgoing[]): Generator<readonly Outgoing[]> {
  let call: Outgoing[] = [];
  let bytes = 0;
  for (const message of messages) {
    if (call.length > 0 && (call.length === CALL_MESSAGES || bytes + message.payload.length > CALL_BYTES)) {
      yield call;
      call = [];
      bytes = 0;
    }
    call.push(message);
    bytes += message.payload.length;
  }
  if (call.length > 0) yield call;
}
