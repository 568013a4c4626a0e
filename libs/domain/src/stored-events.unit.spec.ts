import { describe, expect, it } from '@jest/globals';
import { absentIfNull, AS_IS, eventCodec, fields, instant, listOf, orNull, timedEventCodec } from './stored-events.js';

interface Lease {
  readonly name: string;
  readonly until: number | null;
  readonly owner: string | null;
  readonly note?: string;
}
type LeaseEvent =
  | { readonly type: 'LeaseTaken'; readonly at: number; readonly data: Lease }
  | { readonly type: 'LeasesDropped'; readonly at: number; readonly data: { readonly at: readonly number[] } };

const lease = fields<Lease>()({ name: AS_IS, until: orNull(instant), owner: absentIfNull<string>(), note: AS_IS });
const codec = timedEventCodec<Exclude<LeaseEvent, { type: 'LeasesDropped' }>>('a lease')({ LeaseTaken: lease });
const now = Date.parse('2026-06-01T10:00:00.000Z');

describe('the form of an object', () => {
  it('stores instants as ISO 8601 and leaves absent what is absent or null in a field that was added later', () => {
    const value: Lease = { name: 'a', until: now, owner: null };
    expect(lease.store(value)).toStrictEqual({ name: 'a', until: '2026-06-01T10:00:00.000Z' });
    expect(lease.restore(lease.store(value))).toStrictEqual(value);
  });

  it('keeps null and present optional fields', () => {
    const value: Lease = { name: 'a', until: null, owner: 'b', note: 'c' };
    expect(lease.store(value)).toStrictEqual(value);
    expect(lease.restore(value as never)).toStrictEqual(value);
  });

  it('has the form of each member of a list', () => {
    const form = fields<{ readonly at: readonly number[] }>()({ at: listOf(instant) });
    const stored = { at: ['2026-06-01T10:00:00.000Z', '2026-06-01T10:00:00.001Z'] };
    expect(form.store({ at: [now, now + 1] })).toStrictEqual(stored);
    expect(form.restore(stored)).toStrictEqual({ at: [now, now + 1] });
  });

  it('leaves out fields it does not name', () => {
    expect(lease.restore({ name: 'a', until: null, tenantId: 't' } as never)).toStrictEqual({
      name: 'a',
      until: null,
      owner: null,
    });
  });

  it('does not compile without every field, or with the form of another type', () => {
    // @ts-expect-error: `note` is missing
    fields<Lease>()({ name: AS_IS, until: orNull(instant), owner: absentIfNull<string>() });
    // @ts-expect-error: a name is no instant
    fields<Lease>()({ name: instant, until: orNull(instant), owner: absentIfNull<string>(), note: AS_IS });
    expect(lease.store({ name: 'a', until: null, owner: null })).toStrictEqual({ name: 'a', until: null });
  });
});

describe('an event codec', () => {
  it('stores the instant of an event in its payload', () => {
    const event = { type: 'LeaseTaken', at: now, data: { name: 'a', until: null, owner: null } } as const;
    const stored = codec.encode(event);
    expect(stored).toStrictEqual({
      type: 'LeaseTaken',
      data: { at: '2026-06-01T10:00:00.000Z', name: 'a', until: null },
    });
    expect(codec.decode(stored.type, stored.data)).toStrictEqual(event);
  });

  it('stores the payload of an event without an instant by its form alone', () => {
    interface Closed {
      readonly type: 'Closed';
      readonly data: { readonly until: number };
    }
    const plain = eventCodec<Closed>('a door')({ Closed: fields<Closed['data']>()({ until: instant }) });
    const event = { type: 'Closed', data: { until: now } } as const;
    const stored = plain.encode(event);
    expect(stored).toStrictEqual({ type: 'Closed', data: { until: '2026-06-01T10:00:00.000Z' } });
    expect(plain.decode(stored.type, stored.data)).toStrictEqual(event);
  });

  it('does not compile without every event type', () => {
    // @ts-expect-error: `LeasesDropped` is missing
    timedEventCodec<LeaseEvent>('a lease')({ LeaseTaken: lease });
    expect(codec.types).toEqual(['LeaseTaken']);
  });

  it('refuses an unknown type, also one that every object has', () => {
    const plain = eventCodec<{ readonly type: 'Opened'; readonly data: object }>('a door')({ Opened: AS_IS });
    expect(plain.decode('Opened', { by: 'kim' })).toEqual({ type: 'Opened', data: { by: 'kim' } });
    expect(() => plain.decode('constructor', {})).toThrow('unknown event type of a door: constructor');
  });
});
