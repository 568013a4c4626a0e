import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { InMemoryEventStore } from '@allotree/testing/in-memory-event-store';
import { seats, type SeatsState } from '@allotree/testing/seats';
import type { CommandContext } from '../aggregate.js';
import { CommandRuntime } from '../command-runtime.js';
import type { RecordedEvent } from '../event-store.js';
import type { Snapshot, SnapshotStore } from '../snapshot-store.js';

const context = (): CommandContext => {
  const commandId = randomUUID();
  return { commandId, correlationId: 'c', causationId: null, actor: 'user:u', tenantId: 't' };
};

/** Remembers from where streams were read. */
class Store extends InMemoryEventStore {
  from: number[] = [];
  override readStream(streamName: string, fromRevision?: number) {
    this.from.push(fromRevision ?? 0);
    return super.readStream(streamName, fromRevision);
  }
}

class Snapshots implements SnapshotStore {
  snapshot: Snapshot | null = null;
  load = () => Promise.resolve(this.snapshot);
  save = async (_: string, snapshot: Snapshot): Promise<void> => void (this.snapshot = snapshot);
}

/** A stream of 25 events, one a command, with a snapshot at one of the first 20: which one depends on the time taken. */
async function filled() {
  const store = new Store();
  const snapshots = new Snapshots();
  const take = async (times: number, runtime: CommandRuntime): Promise<void> => {
    const handler = runtime.aggregate(seats);
    for (let n = 0; n < times; n++) await handler.execute('h', { type: 'TakeMany', count: 1 }, context());
    await runtime.stop();
  };
  await take(20, new CommandRuntime({ store, snapshots }));
  await take(5, new CommandRuntime({ store }));
  const handler = new CommandRuntime({ store, snapshots }).aggregate(seats);
  store.from = [];
  return { store, snapshots, handler, kept: snapshots.snapshot!.revision };
}

const taken = (state: SeatsState): number => state.taken.length;

describe('the state at a revision', () => {
  it('is that after each of several events, whatever happened since', async () => {
    const { handler } = await filled();
    expect(await handler.readAt('h', [0, 3, 24], taken)).toEqual([1, 4, 25]);
    expect(await handler.readAt('h', [], taken)).toEqual([]);
    expect(await handler.readAt('missing', [0], taken)).toEqual([]);
  });

  it('is read from the snapshot before it, not from the beginning', async () => {
    const { store, handler, kept } = await filled();
    expect(kept).toBeGreaterThan(5);
    expect(await handler.readAt('h', [kept + 1, kept + 2], taken)).toEqual([kept + 2, kept + 3]);
    expect(Math.min(...store.from)).toBe(kept);
    expect(await handler.readAt('h', [kept], taken)).toEqual([kept + 1]);
  });

  it('is read from the beginning where the snapshot is later, or of another stream', async () => {
    const { store, snapshots, handler, kept } = await filled();
    expect(await handler.readAt('h', [kept - 1, kept], taken)).toEqual([kept, kept + 1]);
    expect(store.from).toContain(0);
    snapshots.snapshot = { ...snapshots.snapshot!, eventId: randomUUID() };
    expect(await handler.readAt('h', [kept, kept + 1], taken)).toEqual([kept + 1, kept + 2]);
  });

  it('is the state in memory where that is at it', async () => {
    const { store, handler } = await filled();
    await handler.read('h', taken);
    store.from = [];
    expect(await handler.readAt('h', [24], taken)).toEqual([25]);
    expect(store.from).toEqual([]);
  });

  describe('with a snapshot of the tenth event', () => {
    async function tenth(change: Partial<Snapshot> = {}) {
      const { store, snapshots, handler } = await filled();
      const events: RecordedEvent[] = [];
      for await (const event of store.readStream('seats-h')) events.push(event);
      const { position, metadata } = events[9]!;
      const json = JSON.stringify({ capacity: 0, taken: Array(10).fill('from the snapshot') });
      snapshots.snapshot = { version: 1, revision: 9, eventId: metadata.eventId, position, json, ...change };
      snapshots.save = () => Promise.resolve();
      let read = 0;
      const readStream = store.readStream.bind(store);
      store.readStream = async function* (streamName, from) {
        for await (const event of readStream(streamName, from)) {
          read++;
          yield event;
        }
      };
      store.from = [];
      return { store, handler, eventsRead: () => read };
    }
    const last = ({ taken: seatsTaken }: SeatsState): string => seatsTaken.at(-1)!;

    it('takes that event from the snapshot', async () => {
      const { store, handler } = await tenth();
      expect(await handler.readAt('h', [9, 10], last)).toStrictEqual(['from the snapshot', '10']);
      expect(store.from).toStrictEqual([9, 10]);
    });

    it('reads only the event that proves the snapshot where no other is asked for', async () => {
      const { store, handler } = await tenth();
      await handler.read('h', last);
      store.from = [];
      expect(await handler.readAt('h', [9], last)).toStrictEqual(['from the snapshot']);
      expect(store.from).toStrictEqual([9]);
    });

    it('reads no further than the last revision, and nothing where there is none', async () => {
      const { store, handler, eventsRead } = await tenth();
      expect(await handler.readAt('h', [], last)).toStrictEqual([]);
      expect(store.from).toStrictEqual([]);
      await handler.readAt('h', [10, 12], last);
      expect(eventsRead()).toBe(1 + 3);
    });

    it('ignores the snapshot where that was taken after another event', async () => {
      const { store, handler } = await tenth({ eventId: randomUUID() });
      expect(await handler.readAt('h', [9, 10], last)).toStrictEqual(['9', '10']);
      expect(store.from).toStrictEqual([9, 0]);
    });
  });

  it('is complete where another process recorded events after the state in memory', async () => {
    const store = new Store();
    const [handler, other] = [1, 2].map(() => new CommandRuntime({ store }).aggregate(seats));
    await handler!.execute('h', { type: 'TakeMany', count: 3 }, context());
    await other!.execute('h', { type: 'TakeMany', count: 1 }, context());
    expect(await handler!.readAt('h', [2, 3], taken)).toStrictEqual([3, 4]);
  });
});
