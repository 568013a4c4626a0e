import { describe, expect, it } from '@jest/globals';
import { InMemoryEventStore } from '@allotree/testing/in-memory-event-store';
import { seats } from '@allotree/testing/seats';
import { CommandRuntime } from '../command-runtime.js';
import { StateTooLarge } from '../errors.js';
import { heapForStates } from './memory.js';

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
});
