import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { AppendResult, EventStore, NewEvent, RecordedEvent, StreamAppend } from '@allotree/event-sourcing';

/** A store used by a single test suite. */
export interface StoreUnderTest {
  /** Opens the store as a separate process would. */
  open(): Promise<EventStore>;
  cleanUp?(): Promise<void>;
}

export type MakeStore = () => Promise<StoreUnderTest>;

/** Creates an event; omitted ids are generated. */
export function newEvent(
  type: string,
  data: unknown = {},
  ids: { eventId?: string; commandId?: string; causationId?: string } = {},
): NewEvent {
  const { eventId = randomUUID(), commandId = randomUUID(), causationId = null } = ids;
  return {
    type,
    data,
    metadata: {
      eventId,
      commandId,
      correlationId: randomUUID(),
      causationId,
      actor: 'user:tester',
      tenantId: 'tenant',
      recordedAt: '2026-06-01T10:00:00.000Z',
    },
  };
}

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** The behavior required of every event store adapter. */
export function eventStoreContract(name: string, makeStore: MakeStore): void {
  describe(`event store contract: ${name}`, () => {
    let underTest: StoreUnderTest;
    let store: EventStore;
    beforeAll(async () => {
      underTest = await makeStore();
      store = await underTest.open();
    });
    afterAll(async () => {
      await store?.close();
      await underTest?.cleanUp?.();
    });

    const put = (streamName: string, expectedRevision: number, ...events: NewEvent[]): Promise<AppendResult> =>
      append(store, streamName, expectedRevision, ...events);
    const read = (streamName: string, from?: number) => collect(store.readStream(streamName, from));
    const all = async (...categories: string[]) => (await store.readAll(categories, 0n, 1_000)).map(({ type }) => type);

    describe('append and readStream', () => {
      it('returns appended events complete and in order', async () => {
        const name = stream();
        const events = [
          newEvent('First', { a: 1, text: 'ü "quoted" \\ {} , \u001e 漢字 😀', list: [null, true, 1.5] }),
          newEvent('Second.v2', {}, { causationId: randomUUID() }),
        ];
        const result = await put(name, -1, ...events);
        expect(result).toEqual({ ok: true, revision: 1, position: expect.any(BigInt) });
        const recorded = await read(name);
        expect(recorded).toEqual(
          events.map((event, revision) => ({ ...event, streamName: name, revision, position: expect.any(BigInt) })),
        );
        expect(recorded[0]!.position).toBeLessThan(recorded[1]!.position);
        expect(result).toHaveProperty('position', recorded[1]!.position);
      });

      it('returns nothing for a missing stream', async () => {
        const name = stream();
        expect(await read(name)).toEqual([]);
        expect(await store.streamRevision(name)).toBe(-1);
        expect(await store.findByCommand(name, randomUUID())).toEqual([]);
      });

      it('reads from a revision, and nothing after the last event', async () => {
        const name = stream();
        await put(name, -1, newEvent('A'), newEvent('B'), newEvent('C'));
        expect((await read(name, 1)).map(({ type }) => type)).toEqual(['B', 'C']);
        expect(await read(name, 3)).toEqual([]);
        expect(await store.streamRevision(name)).toBe(2);
      });

      it('reads a stream longer than a page and an append of many events', async () => {
        const name = stream();
        const events = Array.from({ length: 2_500 }, (_, n) => newEvent('Counted', { n }));
        expect(await put(name, -1, ...events)).toMatchObject({ ok: true, revision: 2_499 });
        expect((await read(name)).map(({ data }) => data)).toEqual(events.map(({ data }) => data));
      });

      it('accepts empty calls', async () => {
        expect(await store.append([])).toEqual([]);
      });
    });

    describe('expected revision', () => {
      it('refuses a stream beyond the expected revision, returns its revision and writes nothing', async () => {
        const name = stream();
        await put(name, -1, newEvent('A'), newEvent('B'));
        expect(await put(name, -1, newEvent('X'))).toEqual({ ok: false, actualRevision: 1 });
        expect(await put(name, 0, newEvent('X'), newEvent('Y'))).toEqual({ ok: false, actualRevision: 1 });
        expect((await read(name)).map(({ type }) => type)).toEqual(['A', 'B']);
      });

      it('refuses a stream behind the expected revision', async () => {
        const name = stream();
        expect(await put(name, 0, newEvent('X'))).toEqual({ ok: false, actualRevision: -1 });
        await put(name, -1, newEvent('A'));
        expect(await put(name, 5, newEvent('X'))).toEqual({ ok: false, actualRevision: 0 });
      });

      it('returns one result per stream in order, and a conflict does not affect other streams', async () => {
        const [z, a, m] = [`z${stream()}`, `a${stream()}`, `m${stream()}`];
        await put(m, -1, newEvent('There'));
        const results = await store.append([
          { streamName: z, expectedRevision: -1, events: [newEvent('Z1'), newEvent('Z2')] },
          { streamName: m, expectedRevision: -1, events: [newEvent('Late')] },
          { streamName: a, expectedRevision: -1, events: [newEvent('A1')] },
        ]);
        expect(results).toMatchObject([
          { ok: true, revision: 1 },
          { ok: false, actualRevision: 0 },
          { ok: true, revision: 0 },
        ]);
        const [lastOfZ, lastOfA] = [(await read(z)).at(-1)!, (await read(a)).at(-1)!];
        expect(results[0]).toHaveProperty('position', lastOfZ.position);
        expect(results[2]).toHaveProperty('position', lastOfA.position);
        expect(await read(m)).toHaveLength(1);
      });

      it('refuses a batch with a duplicate stream and writes nothing', async () => {
        const name = stream();
        const append: StreamAppend = { streamName: name, expectedRevision: -1, events: [newEvent('A')] };
        await expect(store.append([append, append])).rejects.toThrow('twice');
        expect(await read(name)).toEqual([]);
      });

      it('lets exactly one of many racing appends win', async () => {
        const name = stream();
        const results = await Promise.all(Array.from({ length: 20 }, (_, n) => put(name, -1, newEvent('Won', { n }))));
        expect(results.filter(({ ok }) => ok)).toHaveLength(1);
        expect(results.filter(({ ok }) => !ok)).toEqual(Array(19).fill({ ok: false, actualRevision: 0 }));
        expect(await read(name)).toHaveLength(1);
      });
    });

    describe('repeats', () => {
      it('accepts a repeat of the same events at the same revisions', async () => {
        const name = stream();
        const events = [newEvent('A'), newEvent('B')];
        const first = await put(name, -1, ...events);
        expect(await put(name, -1, ...events)).toEqual(first);
        await put(name, 1, newEvent('C'));
        expect(await put(name, -1, ...events)).toEqual(first);
        expect((await read(name)).map(({ type }) => type)).toEqual(['A', 'B', 'C']);
      });

      it('does not accept a part of them, or other events, as a repeat', async () => {
        const name = stream();
        const [a, b] = [newEvent('A'), newEvent('B')];
        await put(name, -1, a);
        expect(await put(name, -1, a, b)).toEqual({ ok: false, actualRevision: 0 });
        expect(await put(name, -1, b)).toEqual({ ok: false, actualRevision: 0 });
        expect(await read(name)).toHaveLength(1);
      });

      it('finds the events of a command in that stream only', async () => {
        const [name, other] = [stream(), stream()];
        const commandId = randomUUID();
        await put(
          name,
          -1,
          newEvent('Before'),
          newEvent('A', {}, { commandId }),
          newEvent('B', {}, { commandId }),
          newEvent('After'),
        );
        await put(other, -1, newEvent('Elsewhere', {}, { commandId }));
        const found = await store.findByCommand(name, commandId);
        expect(found).toEqual((await read(name)).slice(1, 3));
      });

      it('finds a command after an unsuccessful lookup, and keeps finding it', async () => {
        const name = stream();
        const commandId = randomUUID();
        await put(name, -1, newEvent('Before'));
        expect(await store.findByCommand(name, commandId)).toEqual([]);
        await put(name, 0, newEvent('A', {}, { commandId }));
        const [, recorded] = await read(name);
        expect(await store.findByCommand(name, commandId)).toEqual([recorded]);
        await put(name, 1, newEvent('After'));
        expect(await store.findByCommand(name, commandId)).toEqual([recorded]);
      });

      it('accepts a repeat together with new events', async () => {
        const [old, fresh] = [stream(), stream()];
        const again: StreamAppend = { streamName: old, expectedRevision: -1, events: [newEvent('Old')] };
        const [first] = await store.append([again]);
        const results = await store.append([
          { streamName: fresh, expectedRevision: -1, events: [newEvent('Fresh')] },
          again,
        ]);
        expect(results).toEqual([{ ok: true, revision: 0, position: expect.any(BigInt) }, first]);
        expect(await read(old)).toHaveLength(1);
      });
    });

    describe('global order', () => {
      it('returns events of the given categories after a position, up to a limit', async () => {
        const [cats, dogs, birds] = [category(), category(), category()];
        await put(stream(cats), -1, newEvent('Cat1'));
        await put(stream(dogs), -1, newEvent('Dog1'), newEvent('Dog2'));
        await put(stream(birds), -1, newEvent('Bird1'));
        await put(stream(cats), -1, newEvent('Cat2'));
        expect(await all(cats, dogs)).toEqual(['Cat1', 'Dog1', 'Dog2', 'Cat2']);
        expect(await all(birds)).toEqual(['Bird1']);
        expect(await all()).toEqual([]);
        const [first] = await store.readAll([cats, dogs], 0n, 1);
        expect((await store.readAll([cats, dogs], first!.position, 2)).map(({ type }) => type)).toEqual([
          'Dog1',
          'Dog2',
        ]);
      });

      it('distinguishes categories with a common prefix', async () => {
        const cats = category();
        await put(stream(`${cats}s`), -1, newEvent('Others'));
        await put(stream(cats), -1, newEvent('Cat'));
        expect(await all(cats)).toEqual(['Cat']);
      });

      it('ends at the head', async () => {
        const cats = category();
        const result = await put(stream(cats), -1, newEvent('Cat'));
        const head = await store.head();
        // A server may have written system events since.
        expect(result).toMatchObject({ ok: true });
        if (result.ok) expect(head).toBeGreaterThanOrEqual(result.position);
        expect(await store.readAll([cats], head, 10)).toEqual([]);
        await put(stream(cats), -1, newEvent('Later'));
        expect((await store.readAll([cats], head, 10)).map(({ type }) => type)).toEqual(['Later']);
      });

      it('returns the position of a batch: its last event if full, else beyond other categories', async () => {
        const [cats, dogs] = [category(), category()];
        await put(stream(cats), -1, newEvent('Cat1'), newEvent('Cat2'));
        await put(stream(dogs), -1, newEvent('Dog'));
        const full = await store.readBatch([cats], 0n, 1);
        expect(full).toMatchObject({ after: 0n, events: [{ type: 'Cat1' }] });
        expect(full.upTo).toBe(full.events[0]!.position);
        const rest = await store.readBatch([cats], full.upTo, 10);
        expect(rest.events.map(({ type }) => type)).toEqual(['Cat2']);
        const [dog] = await store.readAll([dogs], 0n, 1);
        expect(rest.upTo).toBeGreaterThanOrEqual(dog!.position);
        expect(await store.readBatch([cats], rest.upTo, 10)).toMatchObject({ after: rest.upTo, events: [] });
      });

      it('keeps its identity', async () => {
        const identity = await store.identity();
        await put(stream(), -1, newEvent('A'));
        expect(await store.identity()).toBe(identity);
      });

      it('shows every event once and in stream order to a reader during concurrent writes', async () => {
        const of = category();
        const total = 40 * 10;
        const seen: RecordedEvent[] = [];
        const follow = async (): Promise<void> => {
          for (let position = 0n; seen.length < total;) {
            const events = await store.readAll([of], position, 37);
            seen.push(...events);
            position = events.at(-1)?.position ?? position;
          }
        };
        const write = async (name: string): Promise<void> => {
          for (let i = 0; i < 10; i++) await put(name, i - 1, newEvent('Written', { i }));
        };
        await Promise.all([follow(), ...Array.from({ length: 40 }, () => write(stream(of)))]);
        expect(new Set(seen.map(({ metadata }) => metadata.eventId)).size).toBe(total);
        const next = new Map<string, number>();
        for (const { streamName, revision } of seen) {
          expect(revision).toBe(next.get(streamName) ?? 0);
          next.set(streamName, revision + 1);
        }
        expect(await store.readAll([of], seen.at(-1)!.position, 10)).toEqual([]);
      });

      it('notifies listeners until they unsubscribe', async () => {
        let appends = 0;
        const appended = new Promise<void>((resolve) => {
          const stop = store.onAppend(() => {
            appends++;
            stop();
            resolve();
          });
        });
        await put(stream(), -1, newEvent('A'));
        await appended;
        await put(stream(), -1, newEvent('B'));
        expect(appends).toBe(1);
      });
    });
  });
}

/** The behavior required of every adapter shared by several processes. */
export function sharedEventStoreContract(name: string, makeStore: MakeStore): void {
  describe(`event store contract, several processes: ${name}`, () => {
    let underTest: StoreUnderTest;
    let stores: EventStore[];
    beforeAll(async () => {
      underTest = await makeStore();
      stores = await Promise.all([1, 2, 3, 4].map(() => underTest.open()));
    });
    afterAll(async () => {
      await Promise.all((stores ?? []).map((store) => store.close()));
      await underTest?.cleanUp?.();
    });

    // Only the first hint is checked: hints of other appends arrive at any time.
    it('reports foreign appends and distinguishes its own', async () => {
      const [one, other] = stores as [EventStore, EventStore];
      const appends: boolean[] = [];
      const hearing = (store: EventStore): Promise<void> =>
        new Promise((resolve) => store.onAppend((byAnotherProcess) => byAnotherProcess && resolve()));
      const [oneHears, otherHears] = [hearing(one), hearing(other)];
      other.onAppend((byAnotherProcess) => appends.push(byAnotherProcess));
      await append(other, stream(), -1, newEvent('Recorded'));
      await oneHears;
      await append(one, stream(), -1, newEvent('Answered'));
      await otherHears;
      expect(appends).toEqual([false, true]);
    });

    it('accepts appends to the same streams in different orders without losing any', async () => {
      const names = Array.from({ length: 8 }, () => stream());
      const appendAll = async (writer: EventStore, order: string[]): Promise<number> => {
        let won = 0;
        for (let round = 0; round < 15; round++) {
          const appends = await Promise.all(
            order.map(async (streamName) => ({
              streamName,
              expectedRevision: await writer.streamRevision(streamName),
              events: [newEvent('Crowded')],
            })),
          );
          won += (await writer.append(appends)).filter(({ ok }) => ok).length;
        }
        return won;
      };
      const won = await Promise.all(stores.map((writer, i) => appendAll(writer, i % 2 ? names : [...names].reverse())));
      const held = await Promise.all(names.map((streamName) => collect(stores[0]!.readStream(streamName))));
      expect(held.flat()).toHaveLength(won.reduce((a, b) => a + b));
      for (const events of held) expect(events.map(({ revision }) => revision)).toEqual(events.map((_, i) => i));
    });

    it('finds events that another process recorded for a command, also after an earlier lookup', async () => {
      const [one, other] = stores as [EventStore, EventStore];
      const name = stream();
      const commandId = randomUUID();
      await append(one, name, -1, newEvent('First'));
      expect(await one.findByCommand(name, commandId)).toEqual([]);
      await append(other, name, 0, newEvent('Theirs', {}, { commandId }));
      expect(await one.findByCommand(name, commandId)).toMatchObject([{ type: 'Theirs', revision: 1 }]);
    });

    it('accepts a repeat by another process at the same revisions', async () => {
      const [one, other] = stores as [EventStore, EventStore];
      const name = stream();
      const events = [newEvent('A'), newEvent('B')];
      const first = await append(one, name, -1, ...events);
      expect(await append(other, name, -1, ...events)).toEqual(first);
      expect(await other.streamRevision(name)).toBe(1);
    });
  });
}

const category = (): string => `cat${randomUUID().slice(0, 8)}`;
const stream = (of = category()): string => `${of}-${randomUUID()}`;

async function append(
  store: EventStore,
  streamName: string,
  expectedRevision: number,
  ...events: NewEvent[]
): Promise<AppendResult> {
  return (await store.append([{ streamName, expectedRevision, events }]))[0]!;
}
