import { Inject, Injectable } from '@nestjs/common';
import { CommandRuntime, Subscriptions } from '@allotree/event-sourcing';

/** The longest wait of a list for events recorded before the request. */
const LONGEST_WAIT_MS = 1_000;

/** Read-your-writes consistency of lists. */
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
