import { Controller } from '@nestjs/common';
import { GROUPS_TOPIC } from '@allotree/contracts';
import { OnIntegrationEvents } from '@allotree/bus';
import { MembershipFeed } from '@allotree/identity';
import { ACCESS_GROUP } from '../../consumer-groups.js';

/** Keeps this service's own view of who may do what. */
@Controller()
export class FollowMembershipsController {
  constructor(private readonly feed: MembershipFeed) {}

  @OnIntegrationEvents(GROUPS_TOPIC, ACCESS_GROUP)
  async follow(messages: readonly unknown[]): Promise<void> {
    await this.feed.follow(messages);
  }
}
