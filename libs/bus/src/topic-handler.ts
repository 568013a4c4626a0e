import { setTimeout as sleep } from 'node:timers/promises';
import type { CloudEvent } from '@allotree/contracts';
import { inSpan, type SpanSettings } from '@allotree/tracing';
import { SpanKind } from '@opentelemetry/api';
import pMap from 'p-map';
import type { Logger } from 'pino';
import { ZodError } from 'zod';
import { isTemporary, requestContext, type RequestContext } from '@allotree/basics';
import type { BusMetrics } from './bus-metrics.js';
import type { Failure } from './dead-letter.js';
import type { Received } from './received.js';

/** A consumer group's handler of a topic. */
export interface Handler {
  readonly topic: string;
  readonly batched: boolean;
  /** Events of one key, oldest first; a single one, unless `batched`. */
  handle(events: readonly CloudEvent[]): Promise<void>;
}

export interface HandlingSettings {
  /** Attempts before a message becomes a dead letter. Default 8. */
  readonly attempts?: number | undefined;
  /** Pause after the first failure, in milliseconds; doubles with every further one, up to 5 s. Default 100. */
  readonly backoffMs?: number | undefined;
  /** Messages handled between two commits of the offset. Default 500. */
  readonly batchSize?: number | undefined;
  /** Keys handled concurrently. Default 16. */
  readonly concurrency?: number | undefined;
}

export interface TopicHandlerOptions<Message> extends HandlingSettings {
  readonly groupId: string;
  readonly handler: Handler;
  readonly logger: Logger;
  readonly metrics: BusMetrics;
  /** Throws when the dead letter cannot be written: then the message is not handled. */
  readonly fileDeadLetter: (message: Message, failure: Failure) => Promise<void>;
}

const LONGEST_BACKOFF_MS = 5_000;
const STOPPED = Symbol('stopped');

interface Failed {
  readonly reason: unknown;
  readonly attempts: number;
}

/**
 * Has messages handled, from any bus: keys concurrently, the messages of a key one after the other, each retried a number of times and then
 * filed as a dead letter.
 */
export class TopicHandler<Message extends Received> {
  readonly batchSize: number;
  private readonly attempts: number;
  private readonly backoffMs: number;
  private readonly concurrency: number;
  private readonly log: Logger;
  private readonly labels: { readonly group: string; readonly topic: string };

  constructor(private readonly options: TopicHandlerOptions<Message>) {
    this.attempts = options.attempts ?? 8;
    this.backoffMs = options.backoffMs ?? 100;
    this.batchSize = options.batchSize ?? 500;
    this.concurrency = options.concurrency ?? 16;
    this.labels = { group: options.groupId, topic: options.handler.topic };
    this.log = options.logger.child(this.labels);
  }

  /**
   * Returns how many of the messages, counted from the first, are handled: all, unless `stop` was aborted. Messages in progress are
   * finished then; nothing is running any more when this returns or throws.
   */
  async handleAll(messages: readonly Message[], stop: AbortSignal): Promise<number> {
    const done = new Array<boolean>(messages.length).fill(false);
    const handle = async (indexes: readonly number[]): Promise<void> => {
      if (stop.aborted) return;
      const some = indexes.map((index) => messages[index] as Message);
      for (const index of indexes.slice(0, await this.handleKey(some, stop))) done[index] = true;
    };
    const { concurrency } = this;
    // The others are awaited, even when one fails.
    await pMap(byKey(messages).values(), handle, { concurrency, stopOnError: false }).catch(
      ({ errors }: AggregateError) => {
        throw errors[0];
      },
    );
    const firstUndone = done.indexOf(false);
    return firstUndone === -1 ? messages.length : firstUndone;
  }

  /** Returns how many of the messages of a key, counted from the first, are handled. */
  private async handleKey(messages: readonly Message[], stop: AbortSignal): Promise<number> {
    if (this.canGoTogether(messages)) {
      const failed = await this.tryToHandle(messages, stop);
      if (failed === null) return messages.length;
      if (failed === STOPPED) return 0;
    }
    for (const [place, message] of messages.entries())
      if (stop.aborted || !(await this.handleOne(message, stop))) return place;
    return messages.length;
  }

  private canGoTogether(messages: readonly Message[]): boolean {
    return (
      this.options.handler.batched &&
      messages.length > 1 &&
      messages.every((message) => message.event !== null && !this.isPassedOver(message))
    );
  }

  private isPassedOver({ onlyFor }: Message): boolean {
    return onlyFor !== null && onlyFor !== this.options.groupId;
  }

  /** False when the message was left for later. */
  private async handleOne(message: Message, stop: AbortSignal): Promise<boolean> {
    if (this.isPassedOver(message)) return true;
    const failed =
      message.event === null ? { reason: message.flaw, attempts: 0 } : await this.tryToHandle([message], stop);
    if (failed === STOPPED) return false;
    if (failed !== null) await this.giveUp(message, failed);
    return true;
  }

  /** `null` when they were handled, `STOPPED` when they were left for later. */
  private async tryToHandle(messages: readonly Message[], stop: AbortSignal): Promise<Failed | typeof STOPPED | null> {
    const events = messages.map(({ event }) => event).filter((event) => event !== null);
    for (let [failures, attempts] = [1, 1]; ; failures += 1) {
      const failed = await this.attempt(events, attempts);
      if (failed === null) return null;
      // While a backend is away, every message would fail: waiting loses none, and keeps their order.
      if (!isTemporary(failed.reason)) {
        // A message that does not match its schema will not match it on the next attempt either.
        if (attempts >= this.attempts || failed.reason instanceof ZodError) return failed;
        attempts += 1;
      }
      await this.backOff(failures, stop);
      if (stop.aborted) return STOPPED;
    }
  }

  private async attempt(events: readonly CloudEvent[], attempts: number): Promise<Failed | null> {
    const [first] = events;
    try {
      const { handler } = this.options;
      await inSpan(`receive ${handler.topic}`, spanOf(events, this.labels), () =>
        requestContext.run(contextOf(events), () => handler.handle(events)),
      );
      this.options.metrics.handled.inc(this.labels, events.length);
      this.log.debug({ events: events.length, event: first?.id, type: first?.type }, 'integration events handled');
      return null;
    } catch (error) {
      this.options.metrics.failed.inc(this.labels);
      this.log.warn(
        { err: error, attempt: attempts, event: first?.id, type: first?.type },
        'an integration event could not be handled',
      );
      return { reason: error ?? new Error('failed without an error'), attempts };
    }
  }

  private async backOff(attempt: number, stop: AbortSignal): Promise<void> {
    const milliseconds = Math.min(this.backoffMs * 2 ** (attempt - 1), LONGEST_BACKOFF_MS);
    await sleep(milliseconds, undefined, { signal: stop }).catch(() => undefined);
  }

  private async giveUp(message: Message, { reason, attempts }: Failed): Promise<void> {
    await this.options.fileDeadLetter(message, {
      error: errorText(reason),
      attempts,
      time: new Date().toISOString(),
    });
    this.options.metrics.deadLetters.inc(this.labels);
    this.log.error(
      { event: message.event?.id, type: message.event?.type, key: message.key, err: reason },
      'an integration event became a dead letter',
    );
  }
}

/** Zod's errors are not instances of `Error`. */
const errorText = (reason: unknown): string =>
  reason instanceof Error || reason instanceof ZodError ? `${reason.name}: ${reason.message}` : JSON.stringify(reason);

function byKey(messages: readonly Received[]): Map<string, number[]> {
  const keys = new Map<string, number[]>();
  messages.forEach(({ key }, index) => {
    const indexes = keys.get(key);
    if (indexes === undefined) keys.set(key, [index]);
    else indexes.push(index);
  });
  return keys;
}

/** Continues the trace of the first event, and is linked to those of the others. */
const spanOf = (
  [first, ...others]: readonly CloudEvent[],
  { group, topic }: { group: string; topic: string },
): SpanSettings => ({
  kind: SpanKind.CONSUMER,
  parent: first?.traceparent,
  links: others.flatMap(({ traceparent }) => traceparent ?? []),
  attributes: {
    'messaging.operation.name': 'receive',
    'messaging.destination.name': topic,
    'messaging.consumer.group.name': group,
    'messaging.batch.message_count': 1 + others.length,
    'cloudevents.event_type': first?.type ?? '',
  },
});

/** The tenant of a batch is named only where all events share it. */
function contextOf(events: readonly CloudEvent[]): RequestContext {
  const [first] = events;
  const tenantId = first?.tenantid ?? null;
  const isOfOne = tenantId !== null && events.every((event) => event.tenantid === tenantId);
  return { correlationId: first?.correlationid ?? '', ...(isOfOne ? { tenantId } : {}) };
}
