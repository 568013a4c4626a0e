import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { LOGGER, Signal, type Logger } from '@allotree/basics';
import { Problem } from '@allotree/http';
import type { DataSource } from 'typeorm';
import { REPORTING } from '../tokens.js';
import { matches, type EventFilter, type EventHead } from './event-filter.js';

/** Requests of one caller, and of all, that wait in one process. */
export const MAX_WAITING_OF_CALLER = 10;
const MAX_WAITING = 1_000;

/** How often this process looks for events that another one has stored. */
const LOOK_MS = 250;
/** Events that are stored one shortly after the other are looked at together. */
const GATHER_MS = 20;
const ROWS = 1_000;
const NEWER = `
  SELECT position, tenant_id, type, subject FROM ${REPORTING}.event WHERE position > $1 ORDER BY position LIMIT ${ROWS}`;

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
  private readonly signal = new Signal();
  private seen = 0n;
  private isLooking = false;
  private stopped = false;

  constructor(
    @InjectDataSource(REPORTING) private readonly dataSource: DataSource,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /**
   * Resolves when an event of the filter may have been stored after the position, when the time is over, the caller is gone, or the process
   * stops.
   * @throws Problem `RATE_LIMITED` or `OVERLOADED` when too many are waiting
   */
  async next({ caller, position, filter, milliseconds, signal }: Wait): Promise<void> {
    // Some of what came after the position was looked at before this request was here.
    if (this.stopped || signal.aborted || position < this.seen) return;
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
      this.lookFrom(position);
    });
  }

  /** Nobody waits any more: the process stops. */
  get areOver(): boolean {
    return this.stopped;
  }

  /** There may be new events. */
  look(): void {
    this.signal.notify();
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

  private lookFrom(position: bigint): void {
    if (this.isLooking) return;
    this.seen = position;
    this.isLooking = true;
    this.lookWhileWaiting().catch(() => undefined);
  }

  private async lookWhileWaiting(): Promise<void> {
    while (this.waiting.size > 0) {
      try {
        await this.lookNow();
      } catch (error) {
        this.logger.warn({ err: error }, 'new events could not be looked for, retrying');
      }
      await sleep(GATHER_MS);
      if (this.waiting.size > 0) await this.signal.wait(LOOK_MS);
    }
    this.isLooking = false;
  }

  private async lookNow(): Promise<void> {
    const events: readonly NewEvent[] = await this.dataSource.query(NEWER, [this.seen.toString()]);
    const last = events.at(-1);
    if (last === undefined) return;
    this.seen = BigInt(last.position);
    // There may be further ones for anybody.
    if (events.length === ROWS) return this.wakeAll();
    for (const one of this.waiting) if (events.some((event) => matches(one.filter, event))) one.wake();
  }

  private wakeAll(): void {
    for (const one of this.waiting) one.wake();
  }
}
