import { describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import type { Bus, PartitionProgress } from './bus.js';
import { FeedWaiter } from './feed-waiter.js';

/** A topic with two partitions, and a group whose progress the spec sets. */
class Topic {
  readonly ends = [0n, 0n];
  readonly handled = [0n, 0n];
  asked = 0;
  fails = false;
  onAsked: () => void = () => undefined;

  readonly bus = {
    progress: async (_group: string, _topic: string, key?: string): Promise<readonly PartitionProgress[]> => {
      this.asked += 1;
      this.onAsked();
      if (this.fails) throw new Error('the bus is unavailable');
      const all = [0, 1].map((partition) => ({
        partition,
        end: this.ends[partition]!,
        handled: this.handled[partition]!,
      }));
      return key === undefined ? all : all.filter(({ partition }) => String(partition) === key);
    },
  } as unknown as Bus;

  feed(maxWaitMs = 60_000): FeedWaiter {
    return new FeedWaiter({ bus: this.bus, topic: 't', groupId: 'g', logger: pino({ level: 'silent' }), maxWaitMs });
  }
}

describe('FeedWaiter', () => {
  it('does not wait where the group has handled everything: one query, however many requests ask at the same time', async () => {
    const topic = new Topic();
    topic.ends[0] = topic.handled[0] = 7n;
    const feed = topic.feed();
    expect(await Promise.all(Array.from({ length: 10 }, () => feed.caughtUp()))).toEqual(Array(10).fill(true));
    expect(topic.asked).toBe(2);
  });

  it('waits for everything published before the call, and for nothing that comes later', async () => {
    const topic = new Topic();
    topic.ends[0] = 3n;
    topic.onAsked = () => {
      topic.handled[0]! += 1n;
      topic.ends[0]! += 1n;
    };
    expect(await topic.feed().caughtUp()).toBe(true);
    expect(topic.handled[0]).toBeGreaterThanOrEqual(4n);
    expect(topic.handled[0]! < topic.ends[0]!).toBe(true);
  });

  it('waits for the partition of the given key alone', async () => {
    const topic = new Topic();
    topic.ends[0] = 3n;
    expect(await topic.feed().caughtUp('1')).toBe(true);
  });

  it('gives up after its time, and does not look where the wait is 0', async () => {
    const topic = new Topic();
    topic.ends[0] = 3n;
    expect(await topic.feed(30).caughtUp()).toBe(false);
    topic.asked = 0;
    expect(await topic.feed(0).caughtUp()).toBe(true);
    expect(topic.asked).toBe(0);
  });

  it('does not fail with the bus', async () => {
    const topic = new Topic();
    topic.fails = true;
    expect(await topic.feed().caughtUp()).toBe(false);
  });
});
