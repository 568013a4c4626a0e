import { Injectable } from '@nestjs/common';
import { CommandRuntime, Subscriptions } from '@allotree/event-sourcing';

/** How long a list waits for its rows before it answers with what there is. */
const LONGEST_MS = 1_000;

/** Lets a caller read in lists what it wrote before. */
@Injectable()
export class Freshness {
  constructor(
    private readonly runtime: CommandRuntime,
    private readonly subscriptions: Subscriptions,
  ) {}

  /** Waits until the projection has what was recorded before, by this process or another, within bounds. */
  async of(projection: string): Promise<void> {
    await this.subscriptions.freshen(projection, this.runtime.lastPosition, LONGEST_MS);
  }
}
