import type { Leases } from '@allotree/leases';
import type { Logger } from 'pino';
import type { BusMetrics } from '../bus-metrics.js';
import type { GroupConsumer } from '../bus.js';
import type { Handler, HandlingSettings } from '../topic-handler.js';
import type { PostgresBus } from './postgres-bus.js';
import { TopicConsumer, type TopicConsumerOptions } from './topic-consumer.js';

export interface PostgresGroupOptions extends HandlingSettings {
  readonly groupId: string;
  readonly handlers: readonly Handler[];
  readonly connectionString: string;
  /** Only the process that holds a topic's lease reads it for the group. */
  readonly leases: Leases;
  /** See `TopicConsumerOptions`. */
  readonly pollMs?: TopicConsumerOptions['pollMs'];
  /** See `TopicConsumerOptions`. */
  readonly openClient?: TopicConsumerOptions['openClient'];
  /** Creates the tables. */
  readonly bus: PostgresBus;
  readonly logger: Logger;
  readonly metrics: BusMetrics;
}

/** A consumer group on PostgreSQL: a reader for each of its topics. */
export class PostgresGroup implements GroupConsumer {
  private readonly consumers: readonly TopicConsumer[];

  constructor(private readonly options: PostgresGroupOptions) {
    this.consumers = options.handlers.map((handler) => new TopicConsumer({ ...options, handler }));
  }

  async start(): Promise<void> {
    const { bus, groupId, handlers, metrics } = this.options;
    await bus.prepare();
    for (const { topic } of handlers) metrics.watch(bus, groupId, topic);
    await Promise.all(this.consumers.map((consumer) => consumer.start()));
  }

  async stop(): Promise<void> {
    await Promise.all(this.consumers.map((consumer) => consumer.stop()));
  }
}
