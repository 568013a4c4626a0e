import { groupsEventOf } from '@allotree/contracts';
import type { DataSource } from 'typeorm';
import type { IdentityView } from './identity-view.js';
import { recordMemberships } from './membership-rows.js';

/**
 * Keeps a service's view of people and memberships up to date with the events of the group service. A consumer group of its own reads them
 * from the first message: permissions do not wait for other work, and a service that is added later misses none.
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
