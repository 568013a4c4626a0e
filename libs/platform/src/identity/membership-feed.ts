import { groupsEventOf } from '@allotree/contracts';
import type { DataSource } from 'typeorm';
import type { IdentityView } from './identity-view.js';
import { recordMemberships } from './membership-rows.js';

/**
 * Keeps a service's view of people and memberships up to date with what the group service tells. It is read by a consumer
 * group of its own, from the first message: what somebody may do neither waits for other work nor is missed by a service
 * that comes later.
 */
export class MembershipFeed {
  constructor(
    private readonly dataSource: DataSource,
    private readonly schema: string,
    private readonly identity: IdentityView,
  ) {}

  async follow(messages: readonly unknown[]): Promise<void> {
    const events = messages.map(groupsEventOf).filter((event) => event !== null);
    await this.dataSource.transaction((tx) => recordMemberships(tx, this.schema, events));
    await this.identity.follow(events);
  }
}
