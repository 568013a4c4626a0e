import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { LOGGER, type Logger } from '@allotree/basics';
import { Problem } from '@allotree/http';
import type { DataSource } from 'typeorm';
import { MOST_NEW_EVENTS, NewEvents } from '../new-events.js';
import { REPORTING } from '../tokens.js';
import { matches, type EventFilter, type EventHead } from './event-filter.js';

/** Requests of one caller, and of all, that wait in one process. */
export const MAX_WAITING_OF_CALLER = 10;
const MAX_WAITING = 1_000;

const GATHER_MS = 20;
const NEWER = `
  SELECT position, tenant_id, type, subject FROM ${REPORTING}.event WHERE position > $1 ORDER BY position LIMIT ${MOST_NEW_EVENTS}`;

interface NewEvent extends EventHead {
  readonly position: string;
}

interface Waiting {
  readonly caller: string;
  readonly filter: EventFilter;
  wake(): void;
}

/** How a request waits. */
export interface Wait {
  readonly caller: string;
  /** Everything up to this position is known to the request. */
  readonly position: bigint;
  readonly filter: EventFilter;
  readonly milliseconds: number;
  /** The caller is gone. */
  readonly signal: AbortSignal;
}

/**
 * Lets requests wait for events. Only while there are any, the process looks for new rows: one query for all of them, and only those that an
 * event is for are woken.
 */
@Injectable()
export class Arrivals implements OnModuleDestroy {
  private readonly waiting = new Set<Waiting>();
  private readonly newEvents: NewEvents<NewEvent>;
  private stopped = false;

  constructor(@InjectDataSource(REPORTING) dataSource: DataSource, @Inject(LOGGER) logger: Logger) {
    this.newEvents = new NewEvents<NewEvent>({
      isWanted: () => this.waiting.size > 0,
      read: (position) => dataSource.query<NewEvent[]>(NEWER, [position]),
      take: (events, hasMore) => this.wakeFor(events, hasMore),
      onFailure: (error) => logger.warn({ err: error }, 'new events could not be looked for, retrying'),
      gatherMs: GATHER_MS,
    });
  }

  /**
   * Resolves when an event of the filter may have been stored after the position, when the time is over, the caller is gone, or the process
   * stops.
   * @throws Problem `RATE_LIMITED` or `OVERLOADED` when too many are waiting
   */
  async next({ caller, position, filter, milliseconds, signal }: Wait): Promise<void> {
    // Some of what came after the position was looked at before this request was here.
    if (this.stopped || signal.aborted || position < this.newEvents.position) return;
    this.checkRoom(caller);
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', wake);
        this.waiting.delete(one);
        resolve();
      };
      const one: Waiting = { caller, filter, wake };
      const timer = setTimeout(wake, milliseconds);
      signal.addEventListener('abort', wake);
      this.waiting.add(one);
      this.newEvents.lookFrom(position);
    });
  }

  /** Nobody waits any more: the process stops. */
  get areOver(): boolean {
    return this.stopped;
  }

  /** There may be new events. */
  look(): void {
    this.newEvents.notify();
  }

  onModuleDestroy(): void {
    this.stopped = true;
    this.wakeAll();
  }

  private checkRoom(caller: string): void {
    const own = [...this.waiting].filter((each) => each.caller === caller).length;
    const again = { retryAfterSeconds: 1 };
    if (own >= MAX_WAITING_OF_CALLER)
      throw new Problem('RATE_LIMITED', `${own} requests of this caller are waiting for events already`, again);
    if (this.waiting.size >= MAX_WAITING)
      throw new Problem('OVERLOADED', 'Too many requests are waiting for events', again);
  }

  private wakeFor(events: readonly NewEvent[], hasMore: boolean): void {
    // There may be further ones for anybody.
    if (hasMore) return this.wakeAll();
    for (const one of this.waiting) if (events.some((event) => matches(one.filter, event))) one.wake();
  }

  private wakeAll(): void {
    for (const one of this.waiting) one.wake();
  }
}
