import { Injectable } from '@nestjs/common';
import { LICENSING_TOPIC } from '@allotree/contracts';
import type { Reactor, RecordedEvent } from '@allotree/event-sourcing';
import { BusPublisher } from '@allotree/bus';
import { integrationEventsOf } from './cloud-events.js';

/** Publishes integration events about licenses and their use, mainly for billing. */
@Injectable()
export class PublishLicensingReactor implements Reactor {
  readonly name = 'publish-licensing';
  readonly categories = ['project', 'partner_stock'];
  readonly batchSize = 1_000;

  constructor(private readonly bus: BusPublisher) {}

  async handle(events: readonly RecordedEvent[]): Promise<void> {
    const outgoing = events.flatMap(integrationEventsOf);
    if (outgoing.length > 0) await this.bus.publish(LICENSING_TOPIC, outgoing);
  }
}
