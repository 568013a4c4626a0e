import { describe, expect, it, jest } from '@jest/globals';
import { context, open, settle, setUp, take, watch } from './runtime.fixture.js';

/** A house with one seat, in memory, without a query since. */
async function opened() {
  const { store, handler, runtime } = setUp();
  await handler.execute('h', open(1), context());
  store.queries = [];
  return { store, handler, runtime };
}
type Opened = Awaited<ReturnType<typeof opened>>;

/** The house after another process opened a second seat, which this one has not noticed. */
async function outdated() {
  const { store, handler } = setUp();
  await handler.execute('h', open(1), context());
  await handler.execute('h', take('a'), context());
  await setUp({ store }).handler.execute('h', open(2), context());
  store.queries = [];
  return { store, handler };
}

const full = { kind: 'refused', refusal: { code: 'FULL', capacity: 1 }, revision: 0 };
const unchanged = { kind: 'accepted', events: [], revision: 0, position: 1n };
const seatTaken = { kind: 'accepted', events: [{ type: 'SeatTaken', who: 'a' }], revision: 0, position: 1n };
const none: string[] = [];

describe('an answer', () => {
  it.each<[string, (handler: Opened['handler']) => Promise<unknown>, unknown, string[]]>([
    ['a read', (h) => h.read('h', ({ taken }, revision) => [taken.length, revision]), [0, 0], none],
    ['a consistent read', (h) => h.read('h', (_, at) => at, { consistent: true }), 0, ['streamRevision']],
    ['an accepted dry run', (h) => h.dryRun('h', take('a')), seatTaken, none],
    ['a dry run that changes nothing', (h) => h.dryRun('h', open(1)), unchanged, ['streamRevision']],
    [
      'an accepted command',
      (h) => h.execute('h', take('a'), context()),
      { ...seatTaken, revision: 1, position: 2n },
      none,
    ],
    ['a command that changes nothing', (h) => h.execute('h', open(1), context()), unchanged, ['streamRevision']],
    [
      'a command with another revision in If-Match',
      (h) => h.execute('h', take('a'), context({ expectedRevision: 4 })),
      { kind: 'stale', expectedRevision: 4, revision: 0 },
      ['streamRevision'],
    ],
  ])('to %s queries the store only if it could be outdated unnoticed', async (_request, ask, expected, queries) => {
    const { store, handler } = await opened();
    expect(await ask(handler)).toStrictEqual(expected);
    expect(store.queries).toStrictEqual(queries);
  });

  it('to a refused command is compared with the revision of the stream, and the stream is not read again', async () => {
    const { store, handler } = await opened();
    await handler.execute('h', take('a'), context());
    expect(await handler.execute('h', take('b'), context())).toStrictEqual({ ...full, revision: 1 });
    expect(store.queries).toStrictEqual(['streamRevision']);
  });

  it('to a read in one turn with an accepted command needs no query', async () => {
    const { store, handler } = await opened();
    const [, taken] = await Promise.all([
      handler.execute('h', take('a'), context()),
      handler.read('h', (state) => [...state.taken]),
    ]);
    expect(taken).toStrictEqual(['a']);
    expect(store.queries).toStrictEqual([]);
  });

  it('to reads that wait for the state to be loaded needs no further query', async () => {
    const { store, handler } = setUp();
    expect(await Promise.all([1, 2].map(() => handler.read('h', (_, revision) => revision)))).toStrictEqual([-1, -1]);
    expect(store.queries).toStrictEqual(['readStream']);
  });

  it('to a read does not wait for appends of other streams', async () => {
    const { store, handler } = await opened();
    store.closed = true;
    const { of, ended } = watch();
    const appends = [of('i', handler.execute('i', open(1), context()))];
    await settle();
    appends.push(of('j', handler.execute('j', open(1), context())));
    await settle();
    await of(
      'h',
      handler.read('h', () => null),
    );
    expect(ended).toStrictEqual(['h']);
    store.open();
    await Promise.all(appends);
  });

  it('to a read does not wait for the append of a command behind it', async () => {
    const { store, handler } = setUp();
    store.closed = true;
    const { of, ended } = watch();
    const both = [
      of(
        'read',
        handler.read('h', () => null),
      ),
      of('command', handler.execute('h', open(1), context())),
    ];
    await settle();
    expect(ended).toStrictEqual(['read']);
    store.open();
    await Promise.all(both);
  });
});

describe('a state that another process made outdated', () => {
  it('is caught up with for a consistent read', async () => {
    const { store, handler } = await outdated();
    expect(await handler.read('h', ({ capacity }) => capacity)).toBe(1);
    expect(store.queries).toStrictEqual([]);
    expect(await handler.read('h', ({ capacity }) => capacity, { consistent: true })).toBe(2);
    expect(store.queries).toStrictEqual(['streamRevision', 'readStream', 'streamRevision']);
  });

  it('is caught up with before a command is refused', async () => {
    const { store, handler } = await outdated();
    expect(await handler.execute('h', take('b'), context())).toMatchObject({ kind: 'accepted', revision: 3 });
    expect(store.queries).toStrictEqual(['streamRevision', 'readStream']);
  });

  it('is loaded again where a command beside the refused one failed', async () => {
    const { handler } = await outdated();
    const [refused, broken] = await Promise.allSettled([
      handler.execute('h', take('b'), context()),
      handler.execute('h', { type: 'Break', where: 'decide' }, context()),
    ]);
    expect(refused).toMatchObject({ status: 'fulfilled', value: { kind: 'accepted', revision: 3 } });
    expect(broken).toStrictEqual({ status: 'rejected', reason: new Error('decide broke') });
  });
});

describe('a query for the revision that fails', () => {
  it('fails the command that would be refused, and the next one is decided', async () => {
    const { store, handler } = await opened();
    await handler.execute('h', take('a'), context());
    const query = jest.spyOn(store, 'streamRevision').mockRejectedValue(new Error('connection lost'));
    const { of, ended } = watch();
    const refused = of('refused', handler.execute('h', take('b'), context()));
    const failing = expect(refused).rejects.toThrow('connection lost');
    await settle();
    expect(ended).toStrictEqual(['refused']);
    await failing;
    query.mockRestore();
    expect(await handler.execute('h', take('b'), context())).toStrictEqual({ ...full, revision: 1 });
  });
});

describe('a read that fails', () => {
  it('does not discard the state', async () => {
    const { store, handler } = await opened();
    const bad = (): never => {
      throw new Error('bad look');
    };
    await expect(handler.read('h', bad, { consistent: true })).rejects.toThrow('bad look');
    expect(await handler.read('h', (_, revision) => revision)).toBe(0);
    expect(store.queries).toStrictEqual([]);
  });
});
