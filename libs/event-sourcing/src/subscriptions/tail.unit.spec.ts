import { describe, expect, it, jest } from '@jest/globals';
import { InMemoryEventStore, newEvent } from '@allotree/testing';
import { HELD, Tail } from './tail.js';

describe('Tail', () => {
  const CATEGORIES = ['a', 'b'];

  function made() {
    const store = new InMemoryEventStore();
    const reads = jest.spyOn(store, 'readAll');
    const heads = jest.spyOn(store, 'head');
    const tail = new Tail(store);
    tail.cover(CATEGORIES);
    let streams = 0;
    const append = async (category: string, count: number): Promise<void> => {
      const events = Array.from({ length: count }, () => newEvent('Happened', {}));
      await store.append([{ streamName: `${category}-${streams++}`, expectedRevision: -1, events }]);
    };
    return { tail, reads, heads, append };
  }

  const positions = async (tail: Tail, after: bigint, categories = CATEGORIES, limit = 1_000): Promise<number[]> =>
    (await tail.read(after, categories, limit)).events.map(({ position }) => Number(position));

  it('reads what is new once for all who have come up to it', async () => {
    const { tail, reads, append } = made();
    await tail.read(0n, CATEGORIES, 10);
    await append('a', 2);
    await append('b', 1);
    expect(await positions(tail, 0n)).toEqual([1, 2, 3]);
    expect(await positions(tail, 0n, ['b'])).toEqual([3]);
    expect(await positions(tail, 1n, ['a'])).toEqual([2]);
    expect(reads).toHaveBeenCalledTimes(1);
  });

  it('hands out no more than asked for, and says how far that is', async () => {
    const { tail, append } = made();
    await tail.read(0n, CATEGORIES, 10);
    await append('a', 5);
    expect(await tail.read(0n, CATEGORIES, 2)).toMatchObject({ after: 0n, upTo: 2n });
    expect(await positions(tail, 2n, CATEGORIES, 2)).toEqual([3, 4]);
    expect(await tail.read(2n, CATEGORIES, 3)).toMatchObject({ upTo: 5n });
  });

  it('reads from the store for one who is further behind than what is held', async () => {
    const { tail, append } = made();
    await append('a', 3);
    expect(await positions(tail, 0n)).toEqual([1, 2, 3]);
    await append('a', HELD);
    await append('a', HELD);
    expect(await positions(tail, 3n, CATEGORIES, 10_000)).toHaveLength(HELD);
    expect(await positions(tail, BigInt(3 + HELD), CATEGORIES, 10_000)).toHaveLength(HELD);
    expect(await positions(tail, 3n, CATEGORIES, 10_000)).toHaveLength(2 * HELD);
  });

  it('says that there is nothing only after looking at everything there was when it was asked', async () => {
    const { tail, append } = made();
    await tail.read(0n, CATEGORIES, 10);
    await append('a', 2 * HELD + 1);
    expect(await tail.read(0n, ['b'], 10)).toMatchObject({ events: [], upTo: BigInt(2 * HELD + 1) });
    const early = tail.read(BigInt(2 * HELD + 1), CATEGORIES, 10);
    await append('b', 1);
    expect(await positions(tail, BigInt(2 * HELD + 1), ['b'])).toEqual([2 * HELD + 2]);
    await early;
  });

  it('holds every event once, however those who ask meet', async () => {
    const { tail, heads, append } = made();
    await tail.read(0n, CATEGORIES, 10);
    await append('a', 1);
    heads.mockResolvedValueOnce(0n);
    // The first asks again as soon as it is answered, just when the reading that the second waits for begins.
    const first = tail.read(0n, CATEGORIES, 10).then(() => tail.read(0n, CATEGORIES, 10));
    await Promise.all([first, tail.read(0n, CATEGORIES, 10)]);
    expect(await positions(tail, 0n)).toEqual([1]);
  });

  it('lets everybody know when the store does not answer, and goes on when it does', async () => {
    const { tail, reads, append } = made();
    await tail.read(0n, CATEGORIES, 10);
    await append('a', 1);
    reads.mockRejectedValueOnce(new Error('gone'));
    await expect(tail.read(0n, CATEGORIES, 10)).rejects.toThrow('gone');
    expect(await positions(tail, 0n)).toEqual([1]);
  });
});
