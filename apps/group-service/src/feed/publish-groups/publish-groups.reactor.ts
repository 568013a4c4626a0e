import { GROUPS_HISTORY_TOPIC, GROUPS_TOPIC } from '@allotree/contracts';
import { groupTreeAggregate, partnerAggregate, tenantRolesAggregate, userAggregate } from '@allotree/domain';
import type { Reactor } from '@allotree/event-sourcing';
import type { BusPublisher } from '@allotree/bus';
import { integrationEventOf } from '../integration-events.js';

export const PUBLISH_GROUPS = 'publish_groups';

/** Publishes the integration events of partners, group trees, roles and users, in the order of the stored events. */
export const publishGroups = (bus: BusPublisher): Reactor => publisherTo(GROUPS_TOPIC, bus);

/** Publishes for the reporting service what an earlier version has published with fewer fields and types. */
export const publishGroupsHistory = (bus: BusPublisher): Reactor => publisherTo(GROUPS_HISTORY_TOPIC, bus);

const publisherTo = (topic: string, bus: BusPublisher): Reactor => ({
  name: PUBLISH_GROUPS,
  categories: [
    partnerAggregate.category,
    groupTreeAggregate.category,
    tenantRolesAggregate.category,
    userAggregate.category,
  ],
  batchSize: 500,
  handle: (events) => bus.publish(topic, events.map(integrationEventOf)),
});
