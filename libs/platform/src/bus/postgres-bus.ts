import { deadLetterTopic, type CloudEvent } from '@allotree/contracts';
import { Inject, Injectable } from '@nestjs/common';
import type pg from 'pg';
import { prepareSchema } from '../postgres/pool.js';
import { PG_POOL } from '../tokens.js';
import { BusPublisher } from './bus.js';

/** Named on `LISTEN`; its payload is the topic. */
export const BUS_CHANNEL = 'bus_message';

/**
 * Payloads are not compressed: that costs more than writing them. Publishers of one topic take turns until their transaction is over. So positions become visible in the order in which
 * they were given out, and a consumer that has read up to one has missed nothing before it.
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

/** So much goes in one call: a bigger batch is cut, in order. */
const CALL_MESSAGES = 1_000;
const CALL_BYTES = 2_000_000;

export interface BusMessage {
  readonly position: string;
  readonly key: string;
  readonly event: CloudEvent;
}

/** The bus as a log table in PostgreSQL, with the offsets of consumer groups beside it. */
@Injectable()
export class PostgresBus extends BusPublisher {
  private ready: Promise<void> | undefined;

  constructor(@Inject(PG_POOL) private readonly pool: pg.Pool) {
    super();
  }

  /** Creates the tables. Repeatable; called by whatever uses the bus first. */
  async prepare(): Promise<void> {
    this.ready ??= prepareSchema(this.pool, 'bus', SCHEMA);
    try {
      await this.ready;
    } catch (error) {
      this.ready = undefined;
      throw error;
    }
  }

  async publish(topic: string, events: readonly CloudEvent[]): Promise<void> {
    await this.prepare();
    for (const call of calls(
      events.map((event) => ({ key: event.subject, id: event.id, payload: JSON.stringify(event) })),
    )) {
      await this.pool.query('SELECT bus.publish($1, $2, $3, $4)', [
        topic,
        call.map((message) => message.key),
        call.map((message) => message.id),
        call.map((message) => message.payload),
      ]);
    }
  }

  /**
   * Lets a consumer group hear a topic again from the beginning. A group that is running goes on from there with its next
   * batch; its handlers must be able to take events a second time.
   */
  async replay(groupId: string, topic: string): Promise<void> {
    await this.prepare();
    await this.pool.query(
      'UPDATE bus.consumer_offset SET position = 0, updated_at = clock_timestamp() WHERE group_id = $1 AND topic = $2',
      [groupId, topic],
    );
    await this.pool.query(`SELECT pg_notify('${BUS_CHANNEL}', $1)`, [topic]);
  }

  /** How many messages of a topic a consumer group has not handled yet. */
  async lag(groupId: string, topic: string): Promise<number> {
    await this.prepare();
    const { rows } = await this.pool.query<{ behind: string }>(
      `SELECT count(*) AS behind FROM bus.message WHERE topic = $2 AND position >
         coalesce((SELECT position FROM bus.consumer_offset WHERE group_id = $1 AND topic = $2), 0)`,
      [groupId, topic],
    );
    return Number(rows[0]?.behind ?? 0);
  }

  /** The messages consumer groups could not handle, oldest first, with the error of each. */
  async deadLetters(topic: string, limit = 100): Promise<readonly DeadLetter[]> {
    await this.prepare();
    const { rows } = await this.pool.query<{ payload: DeadLetter }>(
      'SELECT payload FROM bus.message WHERE topic = $1 ORDER BY position LIMIT $2',
      [deadLetterTopic(topic), limit],
    );
    return rows.map((row) => row.payload);
  }
}

/** A message that kept failing: the event as it was, with CloudEvents extension attributes about the failure. */
export interface DeadLetter extends CloudEvent {
  readonly dlqgroup: string;
  readonly dlqerror: string;
  readonly dlqattempts: number;
  readonly dlqtime: string;
}

interface Outgoing {
  readonly key: string;
  readonly id: string;
  readonly payload: string;
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
