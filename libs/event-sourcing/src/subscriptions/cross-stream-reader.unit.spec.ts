import { describe, expect, it, jest } from '@jest/globals';
import { InMemoryEventStore } from '@allotree/testing/in-memory-event-store';
import { newEvent } from '@allotree/testing/event-store-contract';
import { BUFFER_SIZE, CrossStreamReader } from './cross-stream-reader.js';

describe('CrossStreamReader', () => {
  const CATEGORIES = ['a', 'b'];

  function made() {
    const store = new InMemoryEventStore();
    const reads = jest.spyOn(store, 'readAll');
    const heads = jest.spyOn(store, 'head');
    const reader = new CrossStreamReader(store);
    reader.cover(CATEGORIES);
    let streams = 0;
    const append = async (category: string, count: number): Promise<void> => {
      const events = Array.from({ length: count }, () => newEvent('Happened', {}));
      await store.append([{ streamName: `${category}-${streams++}`, expectedRevision: -1, events }]);
    };
    return { reader, reads, heads, append };
  }

  const positions = async (
    reader: CrossStreamReader,
    after: bigint,
    categories = CATEGORIES,
    limit = 1_000,
  ): Promise<number[]> => (await reader.read(after, categories, limit)).events.map(({ position }) => Number(position));

  it('reads new events once for all subscriptions that have caught up', async () => {
    const { reader, reads, append } = made();
    await reader.read(0n, CATEGORIES, 10);
    await append('a', 2);
    await append('b', 1);
    expect(await positions(reader, 0n)).toEqual([1, 2, 3]);
    expect(await positions(reader, 0n, ['b'])).toEqual([3]);
    expect(await positions(reader, 1n, ['a'])).toEqual([2]);
    expect(reads).toHaveBeenCalledTimes(1);
  });

  it('returns at most the requested number of events and the position reached', async () => {
    const { reader, append } = made();
    await reader.read(0n, CATEGORIES, 10);
    await append('a', 5);
    expect(await reader.read(0n, CATEGORIES, 2)).toMatchObject({ after: 0n, upTo: 2n });
    expect(await positions(reader, 2n, CATEGORIES, 2)).toEqual([3, 4]);
    expect(await reader.read(2n, CATEGORIES, 3)).toMatchObject({ upTo: 5n });
  });

  it('reads from the store for a subscription behind the buffer', async () => {
    const { reader, append } = made();
    await append('a', 3);
    expect(await positions(reader, 0n)).toEqual([1, 2, 3]);
    await append('a', BUFFER_SIZE);
    await append('a', BUFFER_SIZE);
    expect(await positions(reader, 3n, CATEGORIES, 10_000)).toHaveLength(BUFFER_SIZE);
    expect(await positions(reader, BigInt(3 + BUFFER_SIZE), CATEGORIES, 10_000)).toHaveLength(BUFFER_SIZE);
    expect(await positions(reader, 3n, CATEGORIES, 10_000)).toHaveLength(2 * BUFFER_SIZE);
  });

  it('returns an empty batch only after reading everything appended before the call', async () => {
    const { reader, append } = made();
    await reader.read(0n, CATEGORIES, 10);
    await append('a', 2 * BUFFER_SIZE + 1);
    expect(await reader.read(0n, ['b'], 10)).toMatchObject({ events: [], upTo: BigInt(2 * BUFFER_SIZE + 1) });
    const early = reader.read(BigInt(2 * BUFFER_SIZE + 1), CATEGORIES, 10);
    await append('b', 1);
    expect(await positions(reader, BigInt(2 * BUFFER_SIZE + 1), ['b'])).toEqual([2 * BUFFER_SIZE + 2]);
    await early;
  });

  it('buffers every event once under concurrent reads', async () => {
    const { reader, heads, append } = made();
    await reader.read(0n, CATEGORIES, 10);
    await append('a', 1);
    heads.mockResolvedValueOnce(0n);
    // The first caller reads again as soon as it gets its answer, when the read that the second waits for starts.
    const first = reader.read(0n, CATEGORIES, 10).then(() => reader.read(0n, CATEGORIES, 10));
    await Promise.all([first, reader.read(0n, CATEGORIES, 10)]);
    expect(await positions(reader, 0n)).toEqual([1]);
  });

  it('rejects all readers when the store fails, and recovers afterwards', async () => {
    const { reader, reads, append } = made();
    await reader.read(0n, CATEGORIES, 10);
    await append('a', 1);
    reads.mockRejectedValueOnce(new Error('gone'));
    await expect(reader.read(0n, CATEGORIES, 10)).rejects.toThrow('gone');
    expect(await positions(reader, 0n)).toEqual([1]);
  });
});
