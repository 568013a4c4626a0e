import { Injectable } from '@nestjs/common';
import { CommandRuntime, Subscriptions } from '@allotree/event-sourcing';
import { GroupFeed } from './feed/group-feed.js';

/** How long a list waits for its rows before it answers with what there is. */
const LONGEST_MS = 1_000;

/** Lets a caller read in lists what it wrote before, here or in the group service. */
@Injectable()
export class Freshness {
  constructor(
    private readonly runtime: CommandRuntime,
    private readonly subscriptions: Subscriptions,
    private readonly feed: GroupFeed,
  ) {}

  /**
   * Waits until the projections have what was recorded before, by this process or another, or published by the group service;
   * within bounds.
   * @param projectId where the list is of one project
   */
  async of(projections: readonly string[], projectId?: string): Promise<void> {
    await this.feed.facts.caughtUp(projectId, LONGEST_MS);
    for (const projection of projections)
      await this.subscriptions.freshen(projection, this.runtime.lastPosition, LONGEST_MS);
  }
}
