import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { inTime } from '../in-time.js';
import type { Bus, PartitionProgress } from './bus.js';
import { SharedReading } from './shared-reading.js';

export interface FeedOptions {
  readonly bus: Bus;
  readonly topic: string;
  readonly groupId: string;
  readonly logger: Logger;
  /** The longest anybody waits, in milliseconds. 0: nobody waits. */
  readonly longestMs: number;
}

/** How often the progress of the group is read while somebody waits. */
const LOOK_AGAIN_MS = 10;

/**
 * A topic as one consumer group of a service hears it, for requests that depend on it: a request that would be refused for
 * want of a fact first lets the group catch up with the end that the topic had when the request came.
 */
export class Feed {
  private readonly progress: SharedReading<readonly PartitionProgress[]>;

  constructor(private readonly options: FeedOptions) {
    const { bus, groupId, topic } = options;
    this.progress = new SharedReading(() => bus.progress(groupId, topic));
  }

  /**
   * Waits until the group has handled everything that was published before this call. At once when it has. False when it has
   * not in time, or the bus does not answer.
   * @param key only what was published under this key
   * @param withinMs less than the longest wait of this feed
   */
  async caughtUp(key?: string, withinMs = Infinity): Promise<boolean> {
    const { longestMs, groupId, topic, logger } = this.options;
    const milliseconds = Math.min(longestMs, withinMs);
    if (milliseconds <= 0) return false;
    const deadline = performance.now() + milliseconds;
    try {
      return await inTime(milliseconds, () => this.reached(key, deadline));
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
      await sleep(LOOK_AGAIN_MS);
    }
    return true;
  }
}
