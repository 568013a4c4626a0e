import { randomUUID } from 'node:crypto';
import { describe, expect, it, jest } from '@jest/globals';
import { collect } from '@allotree/testing/event-store-contract';
import { InMemoryEventStore } from '@allotree/testing/in-memory-event-store';
import { seats } from '@allotree/testing/seats';
import type { SeatsCommand, SeatsState } from '@allotree/testing/seats';
import fc from 'fast-check';
import type { Aggregate } from './aggregate.js';
import { CommandRuntime } from './command-runtime.js';
import { deriveId } from './derive-id.js';
import { Overloaded, OutcomeUnknown, RuntimeStopped } from './errors.js';
import { context, Gate, open, settle, setUp, Snapshots, take, types, watch } from './runtime/runtime.fixture.js';
import type { Snapshot, SnapshotStore } from './snapshot-store.js';

describe('CommandRuntime', () => {
  describe('outcomes', () => {
    it('accepts with events, revision and position, and records the metadata', async () => {
      const { store, handler, runtime } = setUp({ clock: () => new Date('2026-06-01T00:00:00Z') });
      const asked = context({ causationId: 'why' });
      const outcome = await handler.execute('h', open(2), asked);
      expect(outcome).toStrictEqual({
        kind: 'accepted',
        events: [{ type: 'HouseOpened', capacity: 2 }],
        revision: 0,
        position: 1n,
      });
      expect(runtime.lastPosition).toBe(1n);
      expect(await collect(store.readStream('seats-h'))).toStrictEqual([
        {
          type: 'HouseOpened',
          data: { capacity: 2 },
          streamName: 'seats-h',
          revision: 0,
          position: 1n,
          metadata: {
            eventId: deriveId(asked.commandId, '0 HouseOpened {"capacity":2}'),
            commandId: asked.commandId,
            correlationId: 'c',
            causationId: 'why',
            actor: 'user:u',
            tenantId: 't',
            recordedAt: '2026-06-01T00:00:00.000Z',
          },
        },
      ]);
    });

    it('gives every event an id of its own, also where a command is repeated and records something else', async () => {
      const { store, handler } = setUp();
      const asked = context();
      await handler.execute('h', open(2), asked);
      await handler.execute('h', take('a'), asked);
      const ids = (await collect(store.readStream('seats-h'))).map(({ metadata }) => metadata.eventId);
      const labels = ['0 HouseOpened {"capacity":2}', '1 SeatTaken {"who":"a"}'];
      expect(ids).toEqual(labels.map((label) => deriveId(asked.commandId, label)));
    });

    it('records nothing when it refuses', async () => {
      const { store, handler } = setUp();
      expect(await handler.execute('h', take('a'), context())).toStrictEqual({
        kind: 'refused',
        refusal: { code: 'FULL', capacity: 0 },
        revision: -1,
      });
      expect(store.calls).toEqual([]);
    });

    it('accepts without events and without an append when nothing changes', async () => {
      const { store, handler } = setUp();
      await handler.execute('h', open(2), context());
      expect(await handler.execute('h', open(2), context())).toStrictEqual({
        kind: 'accepted',
        events: [],
        revision: 0,
        position: 1n,
      });
      expect(store.calls).toHaveLength(1);
    });

    it('decides at the expected revision or not at all', async () => {
      const { handler } = setUp();
      await handler.execute('h', open(9), context({ expectedRevision: -1 }));
      expect(await handler.execute('h', take('a'), context({ expectedRevision: -1 }))).toStrictEqual({
        kind: 'stale',
        expectedRevision: -1,
        revision: 0,
      });
      expect(await handler.execute('h', take('a'), context({ expectedRevision: 0 }))).toMatchObject({
        kind: 'accepted',
        revision: 1,
      });
    });

    it('compares the expected revision after the previous commands of the turn', async () => {
      const { handler } = setUp();
      const both = await Promise.all([
        handler.execute('h', open(9), context({ expectedRevision: -1 })),
        handler.execute('h', open(8), context({ expectedRevision: -1 })),
        handler.execute('h', open(7), context({ expectedRevision: 0 })),
      ]);
      expect(both).toMatchObject([
        { kind: 'accepted', revision: 0 },
        { kind: 'stale', revision: 0 },
        { kind: 'accepted', revision: 1 },
      ]);
    });

    it('takes the tenant from the state once the state knows it', async () => {
      const store = new InMemoryEventStore();
      const runtime = new CommandRuntime({ store });
      const handler = runtime.aggregate({
        ...seats,
        tenantOf: (state: SeatsState) => (state.capacity > 0 ? `tenant-${state.capacity}` : null),
      });
      await handler.execute('h', open(5), context({ tenantId: null }));
      expect((await collect(store.readStream('seats-h')))[0]!.metadata.tenantId).toBe('tenant-5');
    });
  });

  describe('turns', () => {
    it('decides waiting commands in order, each on the state of the previous one, in one append', async () => {
      const { store, handler } = setUp();
      const outcomes = await Promise.all(
        [open(2), take('a'), take('b'), take('c'), take('a')].map((command) =>
          handler.execute('h', command, context()),
        ),
      );
      expect(outcomes.map(({ kind, revision }) => [kind, revision])).toEqual([
        ['accepted', 0],
        ['accepted', 1],
        ['accepted', 2],
        ['refused', 2],
        ['accepted', 2],
      ]);
      expect(store.calls).toHaveLength(1);
      expect(await types(store, 'h')).toEqual(['HouseOpened', 'SeatTaken', 'SeatTaken']);
    });

    it('answers only when the events that the answer depends on are durable', async () => {
      const { store, handler } = setUp();
      await handler.execute('h', open(1), context());
      store.closed = true;
      const { of, ended } = watch();
      const all = [
        of('already so', handler.execute('h', open(1), context())),
        of('taken', handler.execute('h', take('a'), context())),
        of('full', handler.execute('h', take('b'), context())),
        of('again', handler.execute('h', take('a'), context())),
        of('dry', handler.dryRun('h', take('b'))),
        of(
          'read',
          handler.read('h', ({ taken }) => [...taken]),
        ),
      ];
      await settle();
      expect(ended).toEqual([]);
      store.open();
      expect(await Promise.all(all)).toMatchObject([
        { events: [] },
        { kind: 'accepted' },
        { kind: 'refused' },
        { events: [] },
        { kind: 'refused' },
        ['a'],
      ]);
    });

    it('collects commands that arrive during an append for the next turn', async () => {
      const { store, handler } = setUp();
      await handler.execute('h', open(100), context());
      store.closed = true;
      const all = [handler.execute('h', take('0'), context())];
      await settle();
      for (let i = 1; i < 50; i++) all.push(handler.execute('h', take(`${i}`), context()));
      await settle();
      expect(store.calls).toHaveLength(2);
      store.open();
      await Promise.all(all);
      expect(store.calls.map((call) => call[0]!.events.length)).toEqual([1, 1, 49]);
    });

    it('combines ready streams into one call, with at most two concurrent calls', async () => {
      const { store, handler } = setUp();
      await Promise.all(Array.from({ length: 30 }, (_, n) => handler.execute(`h${n}`, open(9), context())));
      expect(store.calls.map((call) => call.length)).toEqual([30]);
      store.closed = true;
      const all: Promise<unknown>[] = [];
      for (let n = 0; n < 5; n++) {
        all.push(handler.execute(`h${n}`, take('a'), context()));
        await settle();
      }
      expect(store.calls).toHaveLength(3);
      store.open();
      await Promise.all(all);
      expect(store.calls.map((call) => call.length)).toEqual([30, 1, 1, 3]);
    });

    it('puts at most 2,000 events in a call, unless one command alone has more', async () => {
      const { store, handler } = setUp();
      const many = (count: number): SeatsCommand => ({ type: 'TakeMany', count });
      const counts = [900, 900, 900, 2_500, 10];
      await Promise.all(counts.map((count) => handler.execute('h', many(count), context())));
      await Promise.all(counts.map((count, n) => handler.execute(`i${n}`, many(count), context())));
      const sizes = store.calls.map((call) => call.reduce((sum, { events }) => sum + events.length, 0));
      for (const size of sizes) expect(size <= 2_000 || size === 2_500).toBe(true);
      expect(sizes.reduce((a, b) => a + b)).toBe(2 * 5_210);
    });
  });

  describe('read and dryRun', () => {
    it('return the initial state of a missing stream and record nothing', async () => {
      const { store, handler } = setUp();
      expect(await handler.read('h', ({ capacity }, revision) => [capacity, revision])).toEqual([0, -1]);
      expect(await handler.dryRun('h', open(3))).toMatchObject({
        kind: 'accepted',
        events: [{ type: 'HouseOpened', capacity: 3 }],
        revision: -1,
      });
      expect(await handler.dryRun('h', open(3), { expectedRevision: 4 })).toStrictEqual({
        kind: 'stale',
        expectedRevision: 4,
        revision: -1,
      });
      expect(store.calls).toEqual([]);
    });

    it('fail without affecting other requests', async () => {
      const { handler } = setUp();
      const bad = (): never => {
        throw new Error('bad look');
      };
      const [before, broken, after] = await Promise.allSettled([
        handler.execute('h', open(1), context()),
        handler.read('h', bad),
        handler.execute('h', take('a'), context()),
      ]);
      expect([before.status, broken.status, after.status]).toEqual(['fulfilled', 'rejected', 'fulfilled']);
      await expect(handler.read('h', bad)).rejects.toThrow('bad look');
    });
  });

  describe('repeatable commands', () => {
    it('return the recorded outcome again, also after a restart', async () => {
      const { store, handler } = setUp();
      await handler.execute('h', open(9), context());
      const asked = context({ repeatable: true });
      const first = await handler.execute('h', take('a'), asked);
      expect(await handler.execute('h', take('a'), asked)).toEqual(first);
      const { handler: restarted } = setUp({ store });
      expect(await restarted.execute('h', take('a'), asked)).toEqual(first);
      expect(await types(store, 'h')).toEqual(['HouseOpened', 'SeatTaken']);
    });

    it('are recorded once when sent many times concurrently', async () => {
      const { store, handler } = setUp();
      const asked = context({ repeatable: true });
      const outcomes = await Promise.all(
        Array.from({ length: 5 }, () => handler.execute('h', { type: 'TakeMany', count: 2 }, asked)),
      );
      expect(outcomes).toEqual(Array(5).fill(outcomes[0]));
      expect(await types(store, 'h')).toHaveLength(2);
    });

    it('are recorded once when repeated during the append of the first', async () => {
      const { store, handler } = setUp();
      store.closed = true;
      const asked = context({ repeatable: true });
      const first = handler.execute('h', { type: 'TakeMany', count: 1 }, asked);
      await settle();
      const second = handler.execute('h', { type: 'TakeMany', count: 1 }, asked);
      await settle();
      store.open();
      expect(await second).toEqual(await first);
      expect(await types(store, 'h')).toHaveLength(1);
    });

    it('are recorded once when repeated again after a repetition that failed', async () => {
      const { store, handler } = setUp();
      store.closed = true;
      const asked = context({ repeatable: true });
      const many: SeatsCommand = { type: 'TakeMany', count: 1 };
      const first = handler.execute('h', many, asked);
      await settle();
      const lookup = jest.spyOn(store, 'findByCommand').mockRejectedValue(new Error('connection lost'));
      await expect(handler.execute('h', many, asked)).rejects.toThrow('connection lost');
      lookup.mockRestore();
      const third = handler.execute('h', many, asked);
      await settle();
      store.open();
      expect(await third).toEqual(await first);
      expect(await types(store, 'h')).toHaveLength(1);
    });

    it.each<[how: string, SeatsCommand, SeatsCommand]>([
      ['differently', take('a'), take('b')],
      ['with fewer events than the first', { type: 'TakeMany', count: 4 }, { type: 'TakeMany', count: 2 }],
      ['with more events than the first', { type: 'TakeMany', count: 2 }, { type: 'TakeMany', count: 4 }],
    ])('are answered with the recorded events when a second process decides them %s', async (_how, one, another) => {
      const { store, handler } = setUp();
      const { handler: other } = setUp({ store });
      await handler.execute('h', open(2), context());
      await other.read('h', () => null);
      store.closed = true;
      const asked = context({ repeatable: true });
      const first = handler.execute('h', one, asked);
      await settle();
      const second = other.execute('h', another, asked);
      await settle();
      store.open();
      expect(await second).toEqual(await first);
      expect(await other.read('h', ({ taken }) => taken)).toEqual(await handler.read('h', ({ taken }) => taken));
    });

    it('leave no refusal unchecked that was decided beside a command which another process had recorded', async () => {
      const { store, handler } = setUp();
      const { handler: other } = setUp({ store });
      await handler.execute('h', open(1), context());
      await other.read('h', () => null);
      const asked = context();
      await handler.execute('h', take('a'), asked);
      await handler.execute('h', open(2), context());
      const [, seat] = await Promise.all([
        other.execute('h', take('a'), asked),
        other.execute('h', take('b'), context()),
      ]);
      expect(seat).toMatchObject({ kind: 'accepted', revision: 3 });
    });

    it('are decided again if nothing was recorded', async () => {
      const { handler } = setUp();
      const asked = context({ repeatable: true });
      expect(await handler.execute('h', take('a'), asked)).toMatchObject({ kind: 'refused' });
      await handler.execute('h', open(1), context());
      expect(await handler.execute('h', take('a'), asked)).toMatchObject({ kind: 'accepted' });
    });

    it('are recorded once when another process records them while the state is loading', async () => {
      const { store, handler } = setUp();
      const { handler: other } = setUp({ store });
      const asked = context({ repeatable: true });
      const many: SeatsCommand = { type: 'TakeMany', count: 1 };
      const read = store.readStream.bind(store);
      let first = true;
      store.readStream = async function* (name, from) {
        if (first) {
          first = false;
          await other.execute('h', many, asked);
        }
        yield* read(name, from);
      };
      expect(await handler.execute('h', many, asked)).toMatchObject({ kind: 'accepted', revision: 0 });
      expect(await types(store, 'h')).toHaveLength(1);
    });

    it('keep their place in the queue', async () => {
      const { handler } = setUp();
      const [, , seen] = await Promise.all([
        handler.execute('h', open(1), context({ repeatable: true })),
        handler.execute('h', take('a'), context()),
        handler.read('h', ({ taken }) => taken.length),
      ]);
      expect(seen).toBe(1);
    });
  });

  describe('conflicts', () => {
    it('reload the state and decide again after a foreign append', async () => {
      const { store, handler } = setUp();
      const { handler: other } = setUp({ store });
      await handler.execute('h', open(2), context());
      await other.execute('h', take('theirs'), context());
      expect(await handler.execute('h', take('mine'), context())).toMatchObject({ kind: 'accepted', revision: 2 });
      expect(await other.execute('h', take('late'), context())).toMatchObject({ kind: 'refused', revision: 2 });
    });

    it('are found before a command is answered "already so", even when no hint arrives', async () => {
      const store = new Gate();
      store.onAppend = () => () => undefined;
      const { handler } = setUp({ store });
      const { handler: other } = setUp({ store });
      await handler.execute('h', open(2), context());
      await other.execute('h', open(3), context());
      expect(await handler.execute('h', open(2), context())).toMatchObject({ kind: 'accepted', revision: 2 });
      expect(await types(store, 'h')).toHaveLength(3);
    });

    it('never retry a command with If-Match', async () => {
      const { store, handler } = setUp();
      const { handler: other } = setUp({ store });
      await handler.execute('h', open(2), context());
      await other.execute('h', take('theirs'), context());
      expect(await handler.execute('h', take('mine'), context({ expectedRevision: 0 }))).toStrictEqual({
        kind: 'stale',
        expectedRevision: 0,
        revision: 1,
      });
    });

    it('do not record a command twice that another process recorded', async () => {
      const { store, handler } = setUp();
      const { handler: other } = setUp({ store });
      const asked = context({ repeatable: true });
      await Promise.all([handler, other].map((each) => each.execute('h', { type: 'TakeMany', count: 1 }, asked)));
      expect(await types(store, 'h')).toHaveLength(1);
    });

    it('answer from the current stream after a hint of a foreign append', async () => {
      const store = new Gate();
      const silent = (_byAnotherProcess: boolean): void => undefined;
      let tell = silent;
      store.onAppend = (listener) => {
        tell = tell === silent ? listener : tell;
        return () => undefined;
      };
      const { handler } = setUp({ store });
      await handler.execute('h', open(1), context());
      const { handler: other } = setUp({ store });
      await other.execute('h', take('theirs'), context());
      tell(true);
      expect(await handler.read('h', ({ taken }) => [...taken])).toEqual(['theirs']);
      expect(await handler.execute('h', take('mine'), context())).toMatchObject({ kind: 'refused', revision: 1 });
    });
  });

  describe('failures', () => {
    it.each(['decide', 'evolve', 'encode'] as const)(
      'in %s fails only its own request and discards the state',
      async (where) => {
        const { store, handler } = setUp();
        await handler.execute('h', open(9), context());
        const [first, broken, last] = await Promise.allSettled(
          [take('a'), { type: 'Break', where } as const, take('b')].map((command) =>
            handler.execute('h', command, context()),
          ),
        );
        expect(first).toMatchObject({ status: 'fulfilled', value: { kind: 'accepted' } });
        expect(broken).toMatchObject({ status: 'rejected', reason: { message: `${where} broke` } });
        expect(last).toMatchObject({ status: 'fulfilled', value: { kind: 'accepted', revision: 2 } });
        expect(await handler.read('h', ({ taken }) => [...taken])).toEqual(['a', 'b']);
        expect(await types(store, 'h')).toEqual(['HouseOpened', 'SeatTaken', 'SeatTaken']);
      },
    );

    it.each(['call', 'answer'] as const)('records once and answers when the %s of an append is lost', async (lose) => {
      const { store, handler } = setUp();
      await handler.execute('h', open(9), context());
      store.lose = lose;
      expect(await handler.execute('h', take('a'), context())).toMatchObject({ kind: 'accepted', revision: 1 });
      expect(await types(store, 'h')).toEqual(['HouseOpened', 'SeatTaken']);
    });

    it('reports an unknown outcome when the store stops responding, and a repeat finds out', async () => {
      const { store, handler } = setUp({ appendRetryDelays: [1, 1] });
      await handler.execute('h', open(9), context());
      const append = jest.spyOn(store, 'append').mockImplementation(async () => Promise.reject(new Error('down')));
      const asked = context({ repeatable: true });
      const [lost, refused] = await Promise.allSettled([
        handler.execute('h', take('a'), asked),
        handler.execute('h', open(9), context()),
      ]);
      expect(lost).toMatchObject({ reason: expect.any(OutcomeUnknown) });
      expect(refused).toMatchObject({ value: { kind: 'accepted', events: [] } });
      expect(append).toHaveBeenCalledTimes(3);
      append.mockRestore();
      expect(await handler.execute('h', take('a'), asked)).toMatchObject({ kind: 'accepted', revision: 1 });
    });

    it('fails all waiting requests when a stream cannot be read, and tries again for the next', async () => {
      const { store, handler } = setUp();
      const read = jest.spyOn(store, 'readStream').mockImplementation(() => {
        throw new Error('unreadable');
      });
      await expect(Promise.all([handler.execute('h', open(9), context()), handler.read('h', () => 1)])).rejects.toThrow(
        'unreadable',
      );
      read.mockRestore();
      expect(await handler.execute('h', open(9), context())).toMatchObject({ kind: 'accepted' });
    });
  });

  describe('limits', () => {
    it('rejects requests beyond the waiting limit without deciding them', async () => {
      const { store, handler } = setUp({ maxWaiting: 3 });
      store.closed = true;
      const all = Array.from({ length: 5 }, () => handler.execute('h', { type: 'TakeMany', count: 1 }, context()));
      await settle();
      store.open();
      const results = await Promise.allSettled(all);
      expect(results.map(({ status }) => status)).toEqual([
        'fulfilled',
        'fulfilled',
        'fulfilled',
        'rejected',
        'rejected',
      ]);
      expect(results[4]).toMatchObject({ reason: expect.any(Overloaded) });
      expect(await types(store, 'h')).toHaveLength(3);
    });

    it('keeps idle states within the memory limit and evicts the least recently used', async () => {
      const { store, handler, runtime } = setUp({ maxStateBytes: 3_500 });
      for (const id of ['a', 'b', 'c', 'd']) await handler.execute(id, open(1), context());
      expect(runtime.stateBytes).toBe(3_000);
      const { reads } = store;
      await handler.read('b', () => 1);
      expect(store.reads).toBe(reads);
      await handler.read('a', () => 1);
      expect(store.reads).toBe(reads + 1);
      await handler.execute('a', { type: 'TakeMany', count: 20 }, context());
      expect(runtime.stateBytes).toBe(3_000);
    });

    it('keeps a single state that exceeds the limit', async () => {
      const { store, handler, runtime } = setUp({ maxStateBytes: 1_200 });
      await handler.execute('a', { type: 'TakeMany', count: 100 }, context());
      const { reads } = store;
      expect(await handler.read('a', ({ taken }) => taken.length)).toBe(100);
      expect(store.reads).toBe(reads);
      expect(runtime.stateBytes).toBe(1_200);
    });

    it('loads a state once for concurrent requests', async () => {
      const { store, handler } = setUp();
      await Promise.all(Array.from({ length: 20 }, () => handler.read('h', () => 1)));
      expect(store.reads).toBe(1);
    });
  });

  describe('snapshots', () => {
    const filled = async (snapshots: Snapshots) => {
      const { store, handler, runtime } = setUp({ snapshots });
      for (let i = 0; i < 25; i++) await handler.execute('h', { type: 'TakeMany', count: 1 }, context());
      await runtime.stop();
      return store;
    };
    const reload = async (store: Gate, snapshots: Snapshots) => {
      const loaded: number[] = [];
      const snapshotIgnored = jest.fn();
      const { handler } = setUp({
        store,
        snapshots,
        metrics: { loaded: (_, events) => loaded.push(events), snapshotIgnored },
      });
      const taken = await handler.read('h', (state) => state.taken.length);
      return { taken, read: loaded[0], ignored: snapshotIgnored.mock.calls.length };
    };

    it('load with the events after them', async () => {
      const snapshots = new Snapshots();
      const store = await filled(snapshots);
      const kept = snapshots.kept.get('seats-h')!;
      expect(kept.revision).toBeGreaterThanOrEqual(9);
      expect(await reload(store, snapshots)).toEqual({ taken: 25, read: 24 - kept.revision, ignored: 0 });
    });

    it.each<[string, (snapshot: Snapshot) => Snapshot]>([
      ['of another version', (snapshot) => ({ ...snapshot, version: 2 })],
      ['that is no JSON', (snapshot) => ({ ...snapshot, json: '{' })],
      ['of an event the stream does not have', (snapshot) => ({ ...snapshot, eventId: randomUUID() })],
      ['further than the stream', (snapshot) => ({ ...snapshot, revision: 400 })],
    ])('%s are ignored and reported', async (_, spoil) => {
      const snapshots = new Snapshots();
      const store = await filled(snapshots);
      snapshots.kept.set('seats-h', spoil(snapshots.kept.get('seats-h')!));
      expect(await reload(store, snapshots)).toEqual({ taken: 25, read: 25, ignored: 1 });
    });

    it('that cannot be written or loaded only cost time', async () => {
      const failing: SnapshotStore = {
        load: () => Promise.reject(new Error('no')),
        save: () => Promise.reject(new Error('no')),
      };
      const { handler, runtime } = setUp({ snapshots: failing });
      expect(await handler.execute('h', { type: 'TakeMany', count: 12 }, context())).toMatchObject({
        kind: 'accepted',
      });
      await runtime.stop();
    });
  });

  describe('settings', () => {
    type Put = { readonly setting: string; readonly value: number };
    const forms: Aggregate<Record<string, number>, Put, Put, never> = {
      category: 'forms',
      initial: () => ({}),
      evolve: (state, { setting, value }) => ({ ...state, [setting]: value }),
      decide: (state, put) => ({ ok: true, events: state[put.setting] === put.value ? [] : [put] }),
      encode: (put) => ({ type: 'Put', data: put }),
      decode: (_type, data) => data as Put,
      settingsOf: ({ setting }) => [setting],
      settingOf: ({ setting }) => (setting === 'whole' ? null : setting),
      snapshot: { version: 1, every: 5, encode: (state) => state, decode: (json) => json as Record<string, number> },
    };
    const formsOn = (store: Gate, snapshots?: SnapshotStore) => {
      const runtime = new CommandRuntime({ store, ...(snapshots && { snapshots }) });
      return { runtime, handler: runtime.aggregate(forms) };
    };
    const revisions = (handler: ReturnType<typeof formsOn>['handler']) =>
      handler.read('f', (_state, revision, revisionOf) => ({
        revision,
        name: revisionOf('name'),
        color: revisionOf('color'),
        never: revisionOf('never'),
      }));

    it('have the revision of the last event that changed them, which If-Match refers to', async () => {
      const { handler } = formsOn(new Gate());
      const put = (setting: string, value: number, expectedRevision?: number | readonly number[]) =>
        handler.execute('f', { setting, value }, context(expectedRevision === undefined ? {} : { expectedRevision }));
      await put('name', 1);
      await put('color', 1);
      await put('color', 2);
      expect(await revisions(handler)).toEqual({ revision: 2, name: 0, color: 2, never: 0 });
      expect(await put('name', 2, 0)).toMatchObject({ kind: 'accepted', revision: 3 });
      expect(await put('name', 3, 2)).toMatchObject({ kind: 'stale', expectedRevision: 2, revision: 3 });
      expect(await put('name', 3, [1, 3])).toMatchObject({ kind: 'accepted', revision: 4 });
      expect(await put('color', 2, 2)).toMatchObject({ kind: 'accepted', events: [], revision: 2 });
      expect(await put('whole', 1, 2)).toMatchObject({ kind: 'stale', revision: 4 });
      expect(await put('whole', 1, 4)).toMatchObject({ kind: 'accepted', revision: 5 });
    });

    it('have the same revisions from a snapshot and from events, whichever command is repeated', async () => {
      const [store, snapshots] = [new Gate(), new Snapshots()];
      const first = formsOn(store, snapshots);
      const repeated = context({ repeatable: true });
      await first.handler.execute('f', { setting: 'name', value: 7 }, repeated);
      for (let value = 1; value <= 8; value++) await first.handler.execute('f', { setting: 'color', value }, context());
      const known = await revisions(first.handler);
      await first.runtime.stop();
      expect(snapshots.kept.size).toBe(1);
      expect(await revisions(formsOn(store, snapshots).handler)).toEqual(known);
      const replayed = formsOn(store).handler;
      expect(await revisions(replayed)).toEqual(known);
      const again = await replayed.execute('f', { setting: 'name', value: 7 }, repeated);
      expect(again).toMatchObject({ kind: 'accepted', revision: 0 });
      const bare = new Snapshots();
      bare.kept.set('forms-f', { ...snapshots.kept.get('forms-f')!, version: 1, json: '{"name":7}' });
      expect(await revisions(formsOn(store, bare).handler)).toEqual(known);
    });
  });

  it.each(['', 'house-seats', '-seats', 'seats-'])('rejects an aggregate of the category "%s"', (category) => {
    const { runtime } = setUp();
    expect(() => runtime.aggregate({ ...seats, category })).toThrow(
      `invalid category "${category}": a category must be non-empty and must not contain "-"`,
    );
  });

  it('stop answers accepted commands and rejects new ones', async () => {
    const { store, handler, runtime } = setUp();
    store.closed = true;
    const accepted = handler.execute('h', open(1), context());
    await settle();
    const stopped = runtime.stop();
    await expect(handler.execute('h', open(2), context())).rejects.toThrow(RuntimeStopped);
    store.open();
    expect(await accepted).toMatchObject({ kind: 'accepted' });
    await stopped;
  });

  it('gives the results of a serial execution for concurrent commands', async () => {
    const command = fc.oneof(
      fc.record({ type: fc.constant('Open' as const), capacity: fc.integer({ min: 0, max: 6 }) }),
      fc.record({ type: fc.constant('Take' as const), who: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g') }),
    );
    const step = fc.record({ id: fc.constantFrom('x', 'y', 'z'), command, pause: fc.boolean(), reads: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const { store, handler } = setUp({ maxStateBytes: 1_500 });
        const answers: Promise<unknown>[] = [];
        const expected: unknown[] = [];
        const states = new Map<string, { state: SeatsState; revision: number }>();
        for (const { id, command: asked, pause, reads } of steps) {
          const serial = states.get(id) ?? { state: seats.initial(), revision: -1 };
          states.set(id, serial);
          answers.push(handler.execute(id, asked, context()).then(({ kind, revision }) => ({ kind, revision })));
          const decision = seats.decide(serial.state, asked);
          for (const event of decision.ok ? decision.events : []) {
            serial.state = seats.evolve(serial.state, event);
            serial.revision++;
          }
          expected.push({ kind: decision.ok ? 'accepted' : 'refused', revision: serial.revision });
          if (reads) {
            answers.push(handler.read(id, ({ taken }) => [...taken]));
            expected.push([...serial.state.taken]);
          }
          if (pause) await new Promise(setImmediate);
        }
        expect(await Promise.all(answers)).toEqual(expected);
        for (const [id, { revision }] of states) expect(await store.streamRevision(`seats-${id}`)).toBe(revision);
      }),
      { numRuns: 60 },
    );
  });
});
