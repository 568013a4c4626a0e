import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { withTimeout } from '@allotree/basics';
import type { Bus, PartitionProgress } from './bus.js';
import { SharedRead } from './shared-read.js';

export interface FeedOptions {
  readonly bus: Bus;
  readonly topic: string;
  readonly groupId: string;
  readonly logger: Logger;
  /** The longest a request waits, in milliseconds. 0: requests do not wait. */
  readonly maxWaitMs: number;
}

/** How often the progress of the group is read while a request waits. */
const POLL_MS = 10;

/**
 * A topic as read by one consumer group of a service, for requests that depend on it: before such a request is refused because a fact is
 * missing, the group catches up with the end that the topic had when the request arrived.
 */
export class FeedWaiter {
  private readonly progress: SharedRead<readonly PartitionProgress[]>;

  constructor(private readonly options: FeedOptions) {
    const { bus, groupId, topic } = options;
    this.progress = new SharedRead(() => bus.progress(groupId, topic));
  }

  /**
   * Waits until the group has handled everything published before this call; returns at once when it already has, or where requests do
   * not wait. False when the time runs out or the bus does not answer: an answer that something is missing would be a guess.
   * @param key only what was published under this key
   * @param withinMs a wait shorter than the longest wait of this feed
   */
  async caughtUp(key?: string, withinMs = Infinity): Promise<boolean> {
    const { maxWaitMs, groupId, topic, logger } = this.options;
    const milliseconds = Math.min(maxWaitMs, withinMs);
    if (milliseconds <= 0) return true;
    const deadline = performance.now() + milliseconds;
    try {
      return await withTimeout(milliseconds, () => this.reached(key, deadline));
    } catch (error) {
      logger.warn({ err: error, group: groupId, topic }, 'the progress of a consumer group could not be read');
      return false;
    }
  }

  private async reached(key: string | undefined, deadline: number): Promise<boolean> {
    const { bus, groupId, topic } = this.options;
    const first = await this.progress.read();
    if (first.every(({ end, handled }) => handled >= end)) return true;
    const asked = key === undefined ? first : await bus.progress(groupId, topic, key);
    const ends = new Map(asked.map(({ partition, end }) => [partition, end]));
    const isBehind = ({ partition, handled }: PartitionProgress): boolean => handled < (ends.get(partition) ?? 0n);
    for (let now = asked; now.some(isBehind); now = await this.progress.read()) {
      if (performance.now() >= deadline) return false;
      await sleep(POLL_MS);
    }
    return true;
  }
}
