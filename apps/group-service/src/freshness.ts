import { Inject, Injectable } from '@nestjs/common';
import { CommandRuntime, Subscriptions } from '@allotree/event-sourcing';

/** Lists wait so long, at most, for what this process recorded before. */
const LONGEST_WAIT_MS = 1_000;

/** Lets a caller find in a list what it has just written. */
@Injectable()
export class Freshness {
  constructor(
    @Inject(CommandRuntime) private readonly runtime: CommandRuntime,
    @Inject(Subscriptions) private readonly subscriptions: Subscriptions,
  ) {}

  /** Waits until a projection has seen everything that was recorded before, by this process or another, or the time is up: then false. */
  async of(projection: string): Promise<boolean> {
    return this.subscriptions.freshen(projection, this.runtime.lastPosition, LONGEST_WAIT_MS);
  }
}
