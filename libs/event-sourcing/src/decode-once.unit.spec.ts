import { describe, expect, it, jest } from '@jest/globals';
import { newEvent } from '@allotree/testing/event-store-contract';
import { decodeOnce } from './decode-once.js';
import type { RecordedEvent } from './event-store.js';

const recorded = (position: bigint): RecordedEvent => ({
  ...newEvent('Counted', { by: Number(position) }),
  streamName: 'counter-1',
  revision: Number(position) - 1,
  position,
});

describe('decodeOnce', () => {
  it('decodes a recorded event for the first who asks, and gives the others the same', () => {
    const decode = jest.fn((type: string, data: unknown) => ({ type, data }));
    const eventOf = decodeOnce({ decode });
    const [first, second] = [recorded(1n), recorded(2n)];
    expect(eventOf(first)).toEqual({ type: 'Counted', data: { by: 1 } });
    expect(eventOf(second)).toEqual({ type: 'Counted', data: { by: 2 } });
    expect(eventOf(first)).toBe(eventOf(first));
    expect(decode).toHaveBeenCalledTimes(2);
  });

  it('decodes again what failed', () => {
    const decode = jest.fn((): object => {
      throw new Error('unknown type');
    });
    const eventOf = decodeOnce({ decode });
    const event = recorded(1n);
    expect(() => eventOf(event)).toThrow('unknown type');
    expect(() => eventOf(event)).toThrow('unknown type');
  });
});
