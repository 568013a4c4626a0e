import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import type { CommandRuntime, Subscriptions } from '@allotree/event-sourcing';
import { from, mergeMap, type Observable } from 'rxjs';
import { PUBLISH_GROUPS } from './publish-groups.reactor.js';

/** The longest delay of a response. */
const LONGEST_MS = 5_000;

/**
 * Delays the response to a command until its events are published. The next request to another service finds them, because
 * that service catches up with the end of the topic before it refuses. After a wait has timed out, responses are not delayed
 * until the publisher has caught up.
 */
export class PublishedBeforeAnswer implements NestInterceptor {
  /** The position at which a wait for the publisher timed out. */
  private stalledAt: bigint | null = null;

  constructor(
    private readonly runtime: Pick<CommandRuntime, 'lastPosition'>,
    private readonly subscriptions: Pick<Subscriptions, 'waitUntil'>,
    /** Of this service: an application may have more. */
    private readonly controllers: ReadonlySet<unknown>,
  ) {}

  intercept(execution: ExecutionContext, next: CallHandler): Observable<unknown> {
    if (!this.isCommand(execution)) return next.handle();
    return next.handle().pipe(mergeMap((answer: unknown) => from(this.published().then(() => answer))));
  }

  private isCommand(execution: ExecutionContext): boolean {
    if (execution.getType() !== 'http' || !this.controllers.has(execution.getClass())) return false;
    return execution.switchToHttp().getRequest<{ readonly method: string }>().method !== 'GET';
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
