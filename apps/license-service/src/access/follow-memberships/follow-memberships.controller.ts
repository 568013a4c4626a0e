import { Controller } from '@nestjs/common';
import { GROUPS_TOPIC } from '@allotree/contracts';
import { MembershipFeed, OnIntegrationEvents } from '@allotree/platform';
import { News } from '../../feed/news.js';

export const ACCESS_GROUP = 'license-service-access';

/** Keeps this service's own view of who may do what. */
@Controller()
export class FollowMembershipsController {
  constructor(
    private readonly feed: MembershipFeed,
    private readonly news: News,
  ) {}

  @OnIntegrationEvents(GROUPS_TOPIC, ACCESS_GROUP)
  async follow(messages: readonly unknown[]): Promise<void> {
    for (const subject of await this.feed.follow(messages)) this.news.heard(subject);
  }
}
