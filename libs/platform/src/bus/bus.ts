import type { CloudEvent } from '@allotree/contracts';

/** The way out of a service: integration events onto the bus. */
export abstract class BusPublisher {
  /**
   * Durable when it returns. An event whose id the topic already holds is taken as published; events of one key
   * (`subject`) are delivered in the order in which they were published.
   */
  abstract publish(topic: string, events: readonly CloudEvent[]): Promise<void>;
}
