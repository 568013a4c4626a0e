import { Inject, Injectable } from '@nestjs/common';
import { GROUPS_TOPIC } from '@allotree/contracts';
import { Bus, CONFIGURATION, FeedWaiter, LOGGER, type Logger } from '@allotree/platform';
import type { LicenseConfiguration } from '../configuration.js';

/** Hears the facts that projects and stocks are made of. */
export const CONSUMER_GROUP = 'license-service';
/** Hears who may do what. */
export const ACCESS_GROUP = 'license-service-access';

/**
 * What the group service tells, as this service hears it. The group service answers when what it recorded is published, so a
 * request that comes after such an answer finds it here once the feed has caught up.
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
