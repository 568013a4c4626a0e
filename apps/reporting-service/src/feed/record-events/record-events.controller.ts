import { Controller } from '@nestjs/common';
import {
  BILLING_TOPIC,
  GROUPS_HISTORY_TOPIC,
  GROUPS_TOPIC,
  LICENSING_HISTORY_TOPIC,
  LICENSING_TOPIC,
  type CloudEvent,
} from '@allotree/contracts';
import { OnIntegrationEvents } from '@allotree/bus';
import { CONSUMER_GROUP } from '../../consumer-groups.js';
import { EventLog } from '../../events/event-log.js';

/** Stores every integration event, also of types that this version does not know. */
@Controller()
export class RecordEventsController {
  constructor(private readonly log: EventLog) {}

  @OnIntegrationEvents(GROUPS_TOPIC, CONSUMER_GROUP)
  async recordGroups(messages: readonly CloudEvent[]): Promise<void> {
    await this.log.record(messages);
  }

  @OnIntegrationEvents(LICENSING_TOPIC, CONSUMER_GROUP)
  async recordLicensing(messages: readonly CloudEvent[]): Promise<void> {
    await this.log.record(messages);
  }

  @OnIntegrationEvents(BILLING_TOPIC, CONSUMER_GROUP)
  async recordBilling(messages: readonly CloudEvent[]): Promise<void> {
    await this.log.record(messages);
  }

  @OnIntegrationEvents(GROUPS_HISTORY_TOPIC, CONSUMER_GROUP)
  async replaceGroups(messages: readonly CloudEvent[]): Promise<void> {
    await this.log.replace(messages);
  }

  @OnIntegrationEvents(LICENSING_HISTORY_TOPIC, CONSUMER_GROUP)
  async replaceLicensing(messages: readonly CloudEvent[]): Promise<void> {
    await this.log.replace(messages);
  }
}
