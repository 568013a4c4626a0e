import { Controller } from '@nestjs/common';
import { BILLING_TOPIC, GROUPS_TOPIC, LICENSING_TOPIC, type CloudEvent } from '@allotree/contracts';
import { OnIntegrationEvents } from '@allotree/bus';
import { WEBHOOKS_GROUP } from '../../consumer-groups.js';
import { CollectedEvents } from '../collected-events.js';

/** Takes every integration event for the webhook endpoints of its tenant, also of types that this version does not know. */
@Controller()
export class CollectEventsController {
  constructor(private readonly events: CollectedEvents) {}

  @OnIntegrationEvents(GROUPS_TOPIC, WEBHOOKS_GROUP)
  async collectGroups(messages: readonly CloudEvent[]): Promise<void> {
    await this.events.collect(messages);
  }

  @OnIntegrationEvents(LICENSING_TOPIC, WEBHOOKS_GROUP)
  async collectLicensing(messages: readonly CloudEvent[]): Promise<void> {
    await this.events.collect(messages);
  }

  @OnIntegrationEvents(BILLING_TOPIC, WEBHOOKS_GROUP)
  async collectBilling(messages: readonly CloudEvent[]): Promise<void> {
    await this.events.collect(messages);
  }
}
