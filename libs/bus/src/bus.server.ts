import type { CloudEvent } from '@allotree/contracts';
import { Server, type CustomTransportStrategy, type MessageHandler } from '@nestjs/microservices';
import { isObservable, lastValueFrom } from 'rxjs';
import { busTransport } from './integration-event.js';
import type { GroupConsumer } from './bus.js';
import type { Handler } from './topic-handler.js';

/**
 * The consuming end of the bus for one consumer group, as a Nest microservice transport: calls the
 * `@OnIntegrationEvent(topic, groupId)` handlers of its group.
 */
export class BusServer extends Server implements CustomTransportStrategy {
  override readonly propagatesEventHandlerErrors = true;
  private consumer: GroupConsumer | undefined;

  constructor(
    private readonly groupId: string,
    private readonly consumerOf: (handlers: readonly Handler[]) => GroupConsumer,
  ) {
    super();
    this.transportId = busTransport(groupId);
  }

  listen(callback: (error?: Error) => void): void {
    this.start().then(
      () => callback(),
      (error: Error) => callback(error),
    );
  }

  private async start(): Promise<void> {
    const handlers = [...this.messageHandlers].map(([topic, handler]) => this.handlerOf(topic, handler));
    if (handlers.length === 0) throw new Error(`the bus consumer group "${this.groupId}" has no handler`);
    this.consumer = this.consumerOf(handlers);
    await this.consumer.start();
  }

  private handlerOf(topic: string, handler: MessageHandler): Handler {
    if (handler.next !== undefined)
      throw new Error(`${topic} has two handlers in the consumer group "${this.groupId}"`);
    const call = async (payload: CloudEvent | readonly CloudEvent[]): Promise<void> => {
      const result: unknown = await handler(payload, undefined);
      if (isObservable(result)) await lastValueFrom(result, { defaultValue: undefined });
    };
    const batched = handler.extras?.['batch'] === true;
    return { topic, batched, handle: (events) => call(batched ? events : (events[0] as CloudEvent)) };
  }

  /** Lets every handler finish its current message and commits the offsets. */
  async close(): Promise<void> {
    await this.consumer?.stop();
  }

  on(): void {
    throw new Error('the bus does not emit events');
  }

  unwrap<T>(): T {
    return this.consumer as T;
  }
}
