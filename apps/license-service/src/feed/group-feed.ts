import { Inject, Injectable } from '@nestjs/common';
import { GROUPS_TOPIC } from '@allotree/contracts';
import { CONFIGURATION, LOGGER, type Logger } from '@allotree/basics';
import { Bus, FeedWaiter } from '@allotree/bus';
import type { LicenseConfiguration } from '../configuration.js';
import { ACCESS_GROUP, CONSUMER_GROUP } from '../consumer-groups.js';

/**
 * Subscriptions to the integration events of the group service. The group service answers after it has published its events,
 * so a request that follows such an answer finds them here once the feed has caught up.
 */
@Injectable()
export class GroupFeed {
  readonly facts: FeedWaiter;
  readonly memberships: FeedWaiter;

  constructor(
    bus: Bus,
    @Inject(CONFIGURATION) { GROUP_FEED_WAIT_MS: maxWaitMs }: LicenseConfiguration,
    @Inject(LOGGER) logger: Logger,
  ) {
    const feed = { bus, topic: GROUPS_TOPIC, logger, maxWaitMs };
    this.facts = new FeedWaiter({ ...feed, groupId: CONSUMER_GROUP });
    this.memberships = new FeedWaiter({ ...feed, groupId: ACCESS_GROUP });
  }
}
