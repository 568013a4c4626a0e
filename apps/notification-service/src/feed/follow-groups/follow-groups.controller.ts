import { Controller } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { GROUPS_TOPIC, groupsEventOf } from '@allotree/contracts';
import { OnIntegrationEvents } from '@allotree/bus';
import type { DataSource } from 'typeorm';
import { NOTIFICATIONS } from '../../tokens.js';
import { record } from './group-rows.js';
import { CONSUMER_GROUP } from '../../consumer-groups.js';

/**
 * Keeps this service's own view of groups, their administrators and members. An event that comes again, or after later ones,
 * undoes nothing those have said: in whatever order a project's events come, its rows end the same.
 */
@Controller()
export class FollowGroupsController {
  constructor(@InjectDataSource(NOTIFICATIONS) private readonly dataSource: DataSource) {}

  @OnIntegrationEvents(GROUPS_TOPIC, CONSUMER_GROUP)
  async follow(messages: readonly unknown[]): Promise<void> {
    const events = messages.map(groupsEventOf).filter((event) => event !== null);
    if (events.length === 0) return;
    await this.dataSource.transaction(async (tx) => {
      for (const event of events) await record(tx, event);
    });
  }
}
