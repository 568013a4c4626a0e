import { describe, expect, it, jest } from '@jest/globals';
import { seats } from '@allotree/testing/seats';
import type { Aggregate, Declined } from '../aggregate.js';
import { CommandRuntime } from '../command-runtime.js';
import { OutcomeUnknown } from '../errors.js';
import type { RecordedEvent } from '../event-store.js';
import { context, Gate, open, settle, setUp, take, takeMany, types } from './runtime.fixture.js';

interface Put {
  readonly setting: string;
  readonly value: number;
}
interface PutAll {
  readonly about: string | null;
  readonly puts: readonly Put[];
}
const forms: Aggregate<Record<string, number>, PutAll, Put, never> = {
  category: 'forms',
  initial: () => ({}),
  evolve: (state, { setting, value }) => ({ ...state, [setting]: value }),
  decide: (_state, { puts }) => ({ ok: true, events: puts }),
  encode: (put) => ({ type: 'Put', data: put }),
  decode: (_type, data) => data as Put,
  settingsOf: ({ setting }) => [setting],
  settingOf: ({ about }) => about,
};
const puts: readonly Put[] = [
  { setting: 'name', value: 1 },
  { setting: 'color', value: 2 },
  { setting: 'size', value: 3 },
];

/** Holds the answers to the next queries for a command until the spec gives them; later queries are answered at once. */
function heldQueries(store: Gate, count: number) {
  const held: { answer(): void; fail(): void }[] = [];
  const find = store.findByCommand.bind(store);
  jest.spyOn(store, 'findByCommand').mockImplementation((streamName, commandId) => {
    if (held.length >= count) return find(streamName, commandId);
    return new Promise<readonly RecordedEvent[]>((resolve, reject) => {
      held.push({
        answer: () => resolve(find(streamName, commandId)),
        fail: () => reject(new Error('connection lost')),
      });
    });
  });
  return held;
}

describe('a repeated command', () => {
  it('is queried once the state is loaded, not before, and only if it is repeatable', async () => {
    const first = setUp();
    await first.handler.execute('h', open(1), context({ repeatable: true }));
    expect(first.store.queries).toStrictEqual(['readStream', 'findByCommand']);
    const second = setUp();
    await second.handler.execute('h', open(1), context());
    expect(second.store.queries).toStrictEqual(['readStream']);
  });

  it('is answered with its events in the store, without comparing the revision of the stream', async () => {
    const { store, handler } = setUp();
    const asked = context({ repeatable: true });
    const first = await handler.execute('h', open(1), asked);
    await handler.execute('h', take('a'), context());
    store.queries = [];
    expect(await handler.execute('h', open(1), asked)).toStrictEqual(first);
    expect(store.queries).toStrictEqual(['findByCommand']);
  });

  it('names what was declined only while the first is unanswered, since the store keeps events only', async () => {
    const declined: Declined<{ code: 'FULL'; capacity: number }>[] = [
      { index: 1, refusal: { code: 'FULL', capacity: 0 } },
    ];
    const handler = new CommandRuntime({ store: new Gate() }).aggregate({
      ...seats,
      decide: () => ({ ok: true, events: [{ type: 'SeatTaken' as const, who: 'a' }], declined }),
    });
    const asked = context({ repeatable: true });
    const [first, meanwhile] = await Promise.all([1, 2].map(() => handler.execute('h', take('a'), asked)));
    const recorded = { kind: 'accepted', events: [{ type: 'SeatTaken', who: 'a' }], revision: 0, position: 1n };
    expect(first).toStrictEqual({ ...recorded, declined });
    expect(meanwhile).toStrictEqual(first);
    expect(await handler.execute('h', take('a'), asked)).toStrictEqual(recorded);
  });

  it('is refused like the first where that conflicts and is refused after all', async () => {
    const { store, handler } = setUp();
    const { handler: other } = setUp({ store });
    await handler.execute('h', open(1), context());
    await other.execute('h', take('theirs'), context());
    store.closed = true;
    const asked = context({ repeatable: true });
    const first = handler.execute('h', take('mine'), asked);
    await settle();
    const second = handler.execute('h', take('mine'), asked);
    await settle();
    store.open();
    const refused = { kind: 'refused', refusal: { code: 'FULL', capacity: 1 }, revision: 1 };
    expect(await Promise.all([first, second])).toStrictEqual([refused, refused]);
  });

  it('is decided and recorded where the first was not recorded, since the store did not respond', async () => {
    const { store, handler } = setUp({ appendRetryDelays: [] });
    await handler.execute('h', open(9), context());
    store.closed = true;
    store.lose = 'call';
    const asked = context({ repeatable: true });
    const first = handler.execute('h', takeMany(1), asked);
    await settle();
    const second = handler.execute('h', takeMany(1), asked);
    await settle();
    store.open();
    const [lost, repeated] = await Promise.allSettled([first, second]);
    expect(lost).toStrictEqual({
      status: 'rejected',
      reason: new OutcomeUnknown('seats-h', new Error('connection lost')),
    });
    expect(repeated).toStrictEqual({
      status: 'fulfilled',
      value: { kind: 'accepted', events: [{ type: 'SeatTaken', who: '0' }], revision: 1, position: 2n },
    });
    expect(await types(store, 'h')).toStrictEqual(['HouseOpened', 'SeatTaken']);
  });

  describe('whose query fails', () => {
    it('fails alone: the commands behind it are decided', async () => {
      const { store, handler } = setUp();
      await handler.execute('h', open(9), context());
      const queries = heldQueries(store, 1);
      store.closed = true;
      const before = handler.execute('h', take('a'), context());
      const failing = expect(handler.execute('h', take('b'), context({ repeatable: true }))).rejects.toThrow(
        'connection lost',
      );
      const after = handler.execute('h', take('c'), context());
      await settle();
      queries[0]!.fail();
      await failing;
      store.open();
      expect(await Promise.all([before, after])).toMatchObject([
        { kind: 'accepted', revision: 1 },
        { kind: 'accepted', revision: 2 },
      ]);
    });

    it('is answered like the first that is being recorded', async () => {
      const { store, handler } = setUp();
      await handler.execute('h', open(9), context());
      store.closed = true;
      const asked = context({ repeatable: true });
      const first = handler.execute('h', takeMany(1), asked);
      const queries = heldQueries(store, 1);
      const second = handler.execute('h', takeMany(1), asked);
      await settle();
      expect(store.calls).toHaveLength(2);
      queries[0]!.fail();
      await settle();
      store.open();
      expect(await second).toStrictEqual(await first);
    });

    it('is answered by a later query that was made after a conflict', async () => {
      const { store, handler } = setUp();
      const { handler: other } = setUp({ store });
      await handler.execute('h', open(9), context());
      await other.execute('h', take('theirs'), context());
      store.closed = true;
      const first = handler.execute('h', take('a'), context());
      await settle();
      const queries = heldQueries(store, 2);
      const repeated = handler.execute('h', take('b'), context({ repeatable: true }));
      store.open();
      await settle();
      expect(queries).toHaveLength(2);
      queries[0]!.fail();
      await settle();
      queries[1]!.answer();
      expect(await first).toMatchObject({ kind: 'accepted', revision: 2 });
      expect(await repeated).toMatchObject({ kind: 'accepted', revision: 3 });
    });
  });

  describe('of an aggregate with settings', () => {
    it.each([
      { about: 'name', revision: 1 },
      { about: 'color', revision: 2 },
      { about: 'size', revision: 3 },
      { about: null, revision: 3 },
    ])('has the revision of its setting again, also after a restart: $about', async ({ about, revision }) => {
      const store = new Gate();
      const handler = new CommandRuntime({ store }).aggregate(forms);
      await handler.execute('f', { about: null, puts: [{ setting: 'age', value: 0 }] }, context());
      const asked = context({ repeatable: true });
      const first = await handler.execute('f', { about, puts }, asked);
      expect(first).toStrictEqual({ kind: 'accepted', events: puts, revision, position: 4n });
      expect(await handler.execute('f', { about, puts }, asked)).toStrictEqual(first);
      const restarted = new CommandRuntime({ store }).aggregate(forms);
      expect(await restarted.execute('f', { about, puts }, asked)).toStrictEqual(first);
    });
  });
});

describe('a setting of a stream that does not exist', () => {
  it('has the revision of the missing stream, which If-Match refers to', async () => {
    const handler = new CommandRuntime({ store: new Gate() }).aggregate(forms);
    const revisions = () => handler.read('f', (_state, revision, revisionOf) => [revision, revisionOf('name')]);
    const put = (expectedRevision: number) =>
      handler.execute('f', { about: 'name', puts: puts.slice(0, 1) }, context({ expectedRevision }));
    expect(await revisions()).toStrictEqual([-1, -1]);
    expect(await put(0)).toStrictEqual({ kind: 'stale', expectedRevision: 0, revision: -1 });
    expect(await put(-1)).toStrictEqual({ kind: 'accepted', events: puts.slice(0, 1), revision: 0, position: 1n });
    expect(await revisions()).toStrictEqual([0, 0]);
  });
});
