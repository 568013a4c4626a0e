import { setTimeout as sleep } from 'node:timers/promises';
import { Signal } from '@allotree/basics';

/** How often this process looks for events that another one has stored. */
const LOOK_MS = 250;
/** The most events that are read at once. */
export const MOST_NEW_EVENTS = 1_000;

export interface NewEventsOptions<Event> {
  /** Whether anybody waits for events: otherwise nothing is read. */
  readonly isWanted: () => boolean;
  /** The next events after a position in their order, at most `MOST_NEW_EVENTS`. */
  readonly read: (position: string) => Promise<readonly Event[]>;
  /** @param hasMore there may be further ones already */
  readonly take: (events: readonly Event[], hasMore: boolean) => void;
  readonly onFailure: (error: unknown) => void;
  /** Milliseconds: events stored within this time are read together. */
  readonly gatherMs: number;
}

/** Looks for new events while somebody waits for them: at once when it is notified, else a few times a second. */
export class NewEvents<Event extends { readonly position: string }> {
  private readonly signal = new Signal();
  private seen = 0n;
  private isLooking = false;

  constructor(private readonly options: NewEventsOptions<Event>) {}

  /** The position up to which events have been taken. */
  get position(): bigint {
    return this.seen;
  }

  /** There may be new events. */
  notify(): void {
    this.signal.notify();
  }

  /** Begins after this position, unless it is looking already. */
  lookFrom(position: bigint): void {
    if (this.isLooking) return;
    this.seen = position;
    this.isLooking = true;
    this.lookWhileWanted().catch(() => undefined);
  }

  private async lookWhileWanted(): Promise<void> {
    const { isWanted, onFailure, gatherMs } = this.options;
    while (isWanted()) {
      try {
        while ((await this.lookNow()) && isWanted());
      } catch (error) {
        onFailure(error);
      }
      await sleep(gatherMs);
      if (isWanted()) await this.signal.wait(LOOK_MS);
    }
    this.isLooking = false;
  }

  /** @returns whether there may be more */
  private async lookNow(): Promise<boolean> {
    const events = await this.options.read(this.seen.toString());
    const last = events.at(-1);
    if (last === undefined) return false;
    this.seen = BigInt(last.position);
    const hasMore = events.length === MOST_NEW_EVENTS;
    this.options.take(events, hasMore);
    return hasMore;
  }
}
