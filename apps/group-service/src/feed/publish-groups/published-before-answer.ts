import { Inject, Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import { CommandRuntime, Subscriptions } from '@allotree/event-sourcing';
import { from, mergeMap, type Observable } from 'rxjs';
import { PUBLISH_GROUPS } from './publish-groups.reactor.js';

/** The longest delay of a response. */
const LONGEST_MS = 5_000;

/**
 * Delays the response of a route that writes until the events recorded so far are published. The next request to another service finds
 * them, because that service catches up with the end of the topic before it refuses. After a wait has timed out, responses are not delayed
 * until the publisher has caught up.
 */
@Injectable()
export class PublishedBeforeAnswer implements NestInterceptor {
  /** The position at which a wait for the publisher timed out. */
  private stalledAt: bigint | null = null;

  constructor(
    @Inject(CommandRuntime) private readonly runtime: Pick<CommandRuntime, 'lastPosition'>,
    @Inject(Subscriptions) private readonly subscriptions: Pick<Subscriptions, 'waitUntil'>,
  ) {}

  intercept(_execution: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(mergeMap((answer: unknown) => from(this.published().then(() => answer))));
  }

  private async published(): Promise<void> {
    if (this.stalledAt !== null) {
      if (!(await this.subscriptions.waitUntil(PUBLISH_GROUPS, this.stalledAt, 0))) return;
      this.stalledAt = null;
    }
    const position = this.runtime.lastPosition;
    if (!(await this.subscriptions.waitUntil(PUBLISH_GROUPS, position, LONGEST_MS))) this.stalledAt = position;
  }
}
