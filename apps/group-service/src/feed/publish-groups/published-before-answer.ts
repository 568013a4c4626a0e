import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import type { CommandRuntime, Subscriptions } from '@allotree/event-sourcing';
import { from, mergeMap, type Observable } from 'rxjs';
import { PUBLISH_GROUPS } from './publish-groups.reactor.js';

/** The longest an answer is held back. */
const LONGEST_MS = 5_000;

/**
 * Answers a command when what it recorded is published: whoever asks another service next finds it there, because that
 * service catches up with the end of the topic before it refuses. While the bus is away answers are not held back, from the
 * first that waited in vain until the publisher is past it.
 */
export class PublishedBeforeAnswer implements NestInterceptor {
  /** Where the publisher was waited for in vain. */
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
