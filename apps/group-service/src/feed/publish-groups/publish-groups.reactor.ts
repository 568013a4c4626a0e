import { GROUPS_TOPIC } from '@allotree/contracts';
import { groupTreeAggregate, partnerAggregate, tenantRolesAggregate, userAggregate } from '@allotree/domain';
import type { Reactor } from '@allotree/event-sourcing';
import type { BusPublisher } from '@allotree/bus';
import { integrationEventOf } from '../integration-events.js';

export const PUBLISH_GROUPS = 'publish_groups';

/** Publishes the integration events of partners, group trees, roles and users, in the order of the stored events. */
export const publishGroups = (bus: BusPublisher): Reactor => ({
  name: PUBLISH_GROUPS,
  categories: [
    partnerAggregate.category,
    groupTreeAggregate.category,
    tenantRolesAggregate.category,
    userAggregate.category,
  ],
  batchSize: 500,
  handle: (events) => bus.publish(GROUPS_TOPIC, events.map(integrationEventOf)),
});
