import { deadLetterTopic, type CloudEvent } from '@allotree/contracts';
import { Server, type CustomTransportStrategy, type MessageHandler } from '@nestjs/microservices';
import { isObservable, lastValueFrom } from 'rxjs';
import type { Logger } from 'pino';
import { busTransport } from './integration-event.js';
import { TopicConsumer, type TopicConsumerOptions } from './topic-consumer.js';
import type { PostgresBus } from './postgres-bus.js';

export interface PostgresBusServerOptions extends Partial<
  Pick<TopicConsumerOptions, 'attempts' | 'backoffMs' | 'batchSize' | 'concurrency'>
> {
  readonly groupId: string;
  readonly connectionString: string;
  /** Creates the tables. */
  readonly bus: PostgresBus;
  readonly logger: Logger;
}

/**
 * The consuming end of the bus on PostgreSQL, for one consumer group, as a Nest microservice transport: calls the
 * `@OnIntegrationEvent(topic, groupId)` handlers of its group.
 */
export class PostgresBusServer extends Server implements CustomTransportStrategy {
  override readonly propagatesEventHandlerErrors = true;
  private consumers: TopicConsumer[] = [];

  constructor(private readonly options: PostgresBusServerOptions) {
    super();
    this.transportId = busTransport(options.groupId);
  }

  listen(callback: (error?: Error) => void): void {
    this.start().then(
      () => callback(),
      (error: Error) => callback(error),
    );
  }

  private async start(): Promise<void> {
    await this.options.bus.prepare();
    this.consumers = [...this.messageHandlers].map(([topic, handler]) => this.consumerOf(topic, handler));
    if (this.consumers.length === 0) throw new Error(`the bus consumer group "${this.options.groupId}" has no handler`);
    for (const consumer of this.consumers) consumer.start();
  }

  private consumerOf(topic: string, handler: MessageHandler): TopicConsumer {
    if (handler.next !== undefined)
      throw new Error(`${topic} has two handlers in the consumer group "${this.options.groupId}"`);
    const call = async (payload: CloudEvent | readonly CloudEvent[]): Promise<void> => {
      const result: unknown = await handler(payload, undefined);
      if (isObservable(result)) await lastValueFrom(result, { defaultValue: undefined });
    };
    return new TopicConsumer({
      ...this.options,
      topic,
      deadLetterTopic: deadLetterTopic(topic),
      batched: handler.extras?.['batch'] === true,
      handle: (events) => (handler.extras?.['batch'] === true ? call(events) : call(events[0] as CloudEvent)),
    });
  }

  /** Lets every handler finish the message it has and records how far it got. */
  async close(): Promise<void> {
    await Promise.all(this.consumers.map((consumer) => consumer.stop()));
  }

  on(): void {
    throw new Error('the bus has no events of its own');
  }

  unwrap<T>(): T {
    return this.consumers as T;
  }
}
