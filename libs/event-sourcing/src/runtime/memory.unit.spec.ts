import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { InMemoryEventStore } from '@allotree/testing/in-memory-event-store';
import { seats } from '@allotree/testing/seats';
import { CommandRuntime } from '../command-runtime.js';
import { StateTooLarge } from '../errors.js';
import { defaultIdleStateBytes, heapForStates } from './memory.js';
import { Snapshots } from './runtime.fixture.js';

const MEBIBYTE = 1_048_576;
const CONTEXT = { correlationId: 'c', causationId: null, actor: 'spec', tenantId: null };
const context = (commandId: string) => ({ ...CONTEXT, commandId });
/** Size according to `seats`: a house with five seats taken. */
const FIVE_SEATS = 1_000 + 100 * 5;

describe('memory limits of states', () => {
  it('reserve memory for the process itself', () => {
    expect(heapForStates(624 * MEBIBYTE)).toBe(512 * MEBIBYTE);
    expect(heapForStates(64 * MEBIBYTE)).toBe(8 * MEBIBYTE);
  });

  describe('by default', () => {
    const { NODE_OPTIONS } = process.env;
    afterEach(() => {
      delete process.env['NODE_OPTIONS'];
      if (NODE_OPTIONS !== undefined) process.env['NODE_OPTIONS'] = NODE_OPTIONS;
    });

    it('keep a quarter of the heap for idle states, also where there is hardly any', () => {
      process.env['NODE_OPTIONS'] = '--max-semi-space-size=1000000';
      expect(heapForStates()).toBe(8 * MEBIBYTE);
      expect(defaultIdleStateBytes()).toBe(2 * MEBIBYTE);
    });
  });

  it('reject a command whose state would exceed the limit, and record nothing', async () => {
    const store = new InMemoryEventStore();
    const house = new CommandRuntime({ store, maxBytesPerState: FIVE_SEATS }).aggregate(seats);
    await house.execute('h', { type: 'TakeMany', count: 4 }, context('1'));
    const refused = house.execute('h', { type: 'TakeMany', count: 2 }, context('2'));
    await expect(refused).rejects.toBeInstanceOf(StateTooLarge);
    await expect(refused).rejects.toMatchObject({ recorded: 'nothing', code: 'STATE_TOO_LARGE' });
    await expect(refused).rejects.toThrow('NODE_OPTIONS=--max-old-space-size');
    expect(await store.streamRevision('seats-h')).toBe(3);
    expect(await house.execute('h', { type: 'TakeMany', count: 1 }, context('3'))).toMatchObject({ kind: 'accepted' });
  });

  it('reject loading a state that exceeds the limit without affecting other streams', async () => {
    const store = new InMemoryEventStore();
    const before = new CommandRuntime({ store }).aggregate(seats);
    await before.execute('large', { type: 'TakeMany', count: 6 }, context('1'));
    await before.execute('small', { type: 'TakeMany', count: 1 }, context('2'));
    const house = new CommandRuntime({ store, maxBytesPerState: FIVE_SEATS }).aggregate(seats);
    await expect(house.read('large', ({ taken }) => taken.length)).rejects.toBeInstanceOf(StateTooLarge);
    expect(await house.read('small', ({ taken }) => taken.length)).toBe(1);
  });

  it('reject no event that leaves a state as large as it is, so that a state beyond the limit can still be changed', async () => {
    const house = new CommandRuntime({ store: new InMemoryEventStore(), maxBytesPerState: 500 }).aggregate(seats);
    expect(await house.execute('h', { type: 'Open', capacity: 2 }, context('1'))).toMatchObject({ kind: 'accepted' });
  });

  it('apply to the state of a snapshot, which is not taken for an invalid one', async () => {
    const store = new InMemoryEventStore();
    const [snapshots, snapshotIgnored] = [new Snapshots(), jest.fn()];
    await new CommandRuntime({ store }).aggregate(seats).execute('h', { type: 'TakeMany', count: 1 }, context('1'));
    const [event] = await store.findByCommand('seats-h', '1');
    const { eventId } = event!.metadata;
    const loadedFrom = async (taken: number) => {
      const json = JSON.stringify({ capacity: 9, taken: Array(taken).fill('from the snapshot') });
      snapshots.kept.set('seats-h', { version: 1, revision: 0, eventId, position: 1n, json });
      const metrics = { snapshotIgnored };
      const house = new CommandRuntime({ store, snapshots, metrics, maxBytesPerState: FIVE_SEATS }).aggregate(seats);
      return house.read('h', (state) => state.taken);
    };
    expect(await loadedFrom(5)).toStrictEqual(Array(5).fill('from the snapshot'));
    await expect(loadedFrom(6)).rejects.toStrictEqual(new StateTooLarge('seats', FIVE_SEATS + 100, FIVE_SEATS));
    expect(snapshotIgnored).not.toHaveBeenCalled();
  });

  it('are no concern of an aggregate without a size', async () => {
    const { snapshot, ...bare } = seats;
    const { sizeOf: _, ...unsized } = snapshot!;
    for (const aggregate of [bare, { ...bare, snapshot: unsized }]) {
      const house = new CommandRuntime({ store: new InMemoryEventStore(), maxBytesPerState: 1 }).aggregate(aggregate);
      const outcome = await house.execute('h', { type: 'TakeMany', count: 9 }, context('1'));
      expect(outcome).toMatchObject({ kind: 'accepted', revision: 8 });
    }
  });
});
