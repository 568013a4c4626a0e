import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { OutcomeUnknown, StorageFull } from '../errors.js';
import type { StreamAppend } from '../event-store.js';
import { GroupCommit, type ReadyStream } from './group-commit.js';
import { Log } from './log.fixture.js';
import type { RuntimeMetrics } from './metrics.js';
import { pausesOf } from './pauses.fixture.js';
import { Gate, settle } from './runtime.fixture.js';

const metadata = { correlationId: 'c', causationId: null, commandId: 'k', actor: 'user:u', tenantId: 't' };
const append = (streamName: string, events: number): StreamAppend => ({
  streamName,
  expectedRevision: -1,
  events: Array.from({ length: events }, (_, n) => ({
    type: 'SeatTaken',
    data: {},
    metadata: { ...metadata, eventId: `${streamName} ${n}`, recordedAt: '2026-06-01T00:00:00.000Z' },
  })),
});

/** A stream with a number of events to append; remembers how much room it was offered. */
class Ready implements ReadyStream {
  readonly rooms: number[] = [];

  constructor(
    private readonly name: string,
    private readonly events: number,
  ) {}

  takeTurn(room: number): StreamAppend | null {
    this.rooms.push(room);
    return this.events === 0 ? null : append(this.name, this.events);
  }
}

const ready = (count: number, name = 'seats'): Ready[] =>
  Array.from({ length: count }, (_, n) => new Ready(`${name}-${n}`, 1));

function commitOn(store: Gate, { metrics = {}, retryDelays = [] as number[] } = {}) {
  const log = new Log();
  const commit = new GroupCommit(store, metrics, log, retryDelays);
  const joinAll = (streams: readonly ReadyStream[]) => Promise.all(streams.map((stream) => commit.join(stream)));
  return { commit, joinAll, log };
}

const sizes = ({ calls }: Gate): number[] => calls.map((call) => call.length);
const ok = (position: bigint) => ({ ok: true, revision: 0, position });

describe('group commit', () => {
  afterEach(() => void jest.restoreAllMocks());

  describe('calls', () => {
    it.each([
      [63, [63]],
      [64, [32, 32]],
      [65, [33, 32]],
    ])('carry %i streams that are ready together, shared as %j', async (count, expected) => {
      const store = new Gate();
      const { joinAll } = commitOn(store);
      const results = await joinAll(ready(count));
      expect(results).toStrictEqual(Array.from({ length: count }, (_, n) => ok(BigInt(n + 1))));
      expect(sizes(store)).toStrictEqual(expected);
    });

    it('are not split while another one is in progress', async () => {
      const store = new Gate();
      const { joinAll } = commitOn(store);
      store.closed = true;
      const first = joinAll(ready(1, 'first'));
      await settle();
      const others = joinAll(ready(64));
      await settle();
      expect(sizes(store)).toStrictEqual([1, 64]);
      store.open();
      await Promise.all([first, others]);
    });

    it('are shared by all streams that become ready in the same iteration of the event loop', async () => {
      const store = new Gate();
      const { commit } = commitOn(store);
      const again = commit.join(new Ready('seats-a', 0)).then(() => commit.join(new Ready('seats-a', 1)));
      const nothing = commit.join(new Ready('seats-b', 0));
      const next = new Promise(setImmediate).then(() => commit.join(new Ready('seats-c', 1)));
      expect(await Promise.all([again, nothing, next])).toStrictEqual([ok(1n), null, ok(2n)]);
      expect(sizes(store)).toStrictEqual([2]);
    });

    it('offer each stream the room that is left, and a new call once there is none', async () => {
      const store = new Gate();
      const { joinAll } = commitOn(store);
      const streams = [900, 600, 500, 1, 1].map((events, n) => new Ready(`seats-${n}`, events));
      await joinAll(streams);
      expect(streams.map(({ rooms }) => rooms)).toStrictEqual([[2_000], [1_100], [500], [2_000], [1_999]]);
      expect(sizes(store)).toStrictEqual([3, 2]);
    });
  });

  describe('an append without an answer', () => {
    it('is retried for each stream alone, and answered by the retry', async () => {
      const store = new Gate();
      const { joinAll, log } = commitOn(store, { retryDelays: [7, 8] });
      store.lose = 'call';
      const streams = [new Ready('seats-a', 1), new Ready('seats-b', 2)];
      const pauses = await pausesOf(async () =>
        expect(await joinAll(streams)).toStrictEqual([ok(1n), { ok: true, revision: 1, position: 3n }]),
      );
      expect(pauses).toStrictEqual([7, 7]);
      const [a, b] = [append('seats-a', 1), append('seats-b', 2)];
      expect(store.calls).toStrictEqual([[a, b], [a], [b]]);
      expect(log.lines).toStrictEqual([
        ['warn', { err: new Error('connection lost'), streams: 2, events: 3 }, 'append unanswered, retrying'],
        ['debug', { events: 1, streams: 1, durationMs: expect.any(Number) }, 'events appended'],
        ['debug', { events: 2, streams: 1, durationMs: expect.any(Number) }, 'events appended'],
      ]);
    });

    it('has an unknown outcome after the last retry, because of the last error', async () => {
      const store = new Gate();
      let attempts = 0;
      jest.spyOn(store, 'append').mockImplementation(async () => {
        throw new Error(`attempt ${++attempts} failed`);
      });
      const { commit, log } = commitOn(store, { retryDelays: [7, 8] });
      const lost = new OutcomeUnknown('seats-a', new Error('attempt 3 failed'));
      const pauses = await pausesOf(async () => {
        const result = await commit.join(new Ready('seats-a', 1));
        expect(result).toStrictEqual(lost);
        expect(result).toHaveProperty('cause', new Error('attempt 3 failed'));
      });
      expect(pauses).toStrictEqual([7, 8]);
      expect(log.lines).toStrictEqual([
        ['warn', { err: new Error('attempt 1 failed'), streams: 1, events: 1 }, 'append unanswered, retrying'],
        ['error', { err: new Error('attempt 3 failed'), stream: 'seats-a' }, 'append unanswered, retries exhausted'],
      ]);
    });

    it('is not retried when the disk of the store is full', async () => {
      const store = new Gate();
      const full = new StorageFull(new Error('no space left'));
      const attempts = jest.spyOn(store, 'append').mockRejectedValue(full);
      const { joinAll, log } = commitOn(store, { retryDelays: [0] });
      const [a, b] = await joinAll(ready(2));
      expect(a).toBe(full);
      expect(b).toBe(full);
      expect(attempts).toHaveBeenCalledTimes(1);
      expect(log.lines).toStrictEqual([]);
    });
  });

  describe('the last position', () => {
    it('is not moved by a conflict', async () => {
      const { commit } = commitOn(new Gate());
      await commit.join(new Ready('seats-a', 1));
      expect(await commit.join({ takeTurn: () => append('seats-a', 2) })).toStrictEqual({
        ok: false,
        actualRevision: 0,
      });
      expect(commit.lastPosition).toBe(1n);
    });

    it('never falls when an append turns out to be recorded already', async () => {
      const { commit } = commitOn(new Gate());
      await commit.join(new Ready('seats-a', 1));
      await commit.join(new Ready('seats-b', 1));
      expect(await commit.join(new Ready('seats-a', 1))).toStrictEqual(ok(1n));
      expect(commit.lastPosition).toBe(2n);
    });
  });

  it('reports the events, streams and duration of each call', async () => {
    let now = 1_000;
    jest.spyOn(performance, 'now').mockImplementation(() => now);
    const store = new Gate();
    const original = store.append.bind(store);
    jest.spyOn(store, 'append').mockImplementation(async (appends) => {
      now += 250;
      return original(appends);
    });
    const appended = jest.fn<NonNullable<RuntimeMetrics['appended']>>();
    const { joinAll, log } = commitOn(store, { metrics: { appended } });
    await joinAll([new Ready('seats-a', 2), new Ready('seats-b', 1)]);
    expect(appended.mock.calls).toStrictEqual([[3, 2, 250]]);
    expect(log.lines).toStrictEqual([['debug', { events: 3, streams: 2, durationMs: 250 }, 'events appended']]);
  });
});
