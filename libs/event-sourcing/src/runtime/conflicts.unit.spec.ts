import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { TooManyConflicts } from '../errors.js';
import type { RuntimeMetrics } from './metrics.js';
import { pausesOf } from './pauses.fixture.js';
import { context, Gate, open, setUp } from './runtime.fixture.js';

/** A store in which another process is first, a number of times. */
class Contested extends Gate {
  conflicts = 0;

  override append(...[appends]: Parameters<Gate['append']>): ReturnType<Gate['append']> {
    if (this.conflicts === 0) return super.append(appends);
    this.conflicts--;
    this.calls.push([...appends]);
    return Promise.resolve(appends.map(() => ({ ok: false, actualRevision: 9 })));
  }
}

function contested(conflicts: number) {
  const conflicted = jest.fn<NonNullable<RuntimeMetrics['conflicted']>>();
  const store = new Contested();
  store.conflicts = conflicts;
  return { ...setUp({ store, metrics: { conflicted } }), conflicted };
}

const accepted = { kind: 'accepted', events: [{ type: 'HouseOpened', capacity: 1 }], revision: 0, position: 1n };

describe('a command that conflicts with another writer', () => {
  afterEach(() => void jest.restoreAllMocks());

  it('is decided again at once after the first conflict, then after pauses that grow with each', async () => {
    jest.spyOn(Math, 'random').mockReturnValue(0.5);
    const { store, handler, conflicted } = contested(4);
    const pauses = await pausesOf(async () =>
      expect(await handler.execute('h', open(1), context())).toStrictEqual(accepted),
    );
    expect(pauses).toStrictEqual([10, 15, 20]);
    expect(store.calls).toHaveLength(5);
    expect(conflicted.mock.calls).toStrictEqual([['seats'], ['seats'], ['seats'], ['seats']]);
  });

  it('is given up after 20 attempts without affecting the next command', async () => {
    const { store, handler } = contested(20);
    await pausesOf(async () => {
      await expect(handler.execute('h', open(1), context())).rejects.toStrictEqual(new TooManyConflicts('seats-h', 20));
      expect(store.calls).toHaveLength(20);
      expect(await handler.execute('h', open(1), context())).toStrictEqual(accepted);
    });
  });

  it('is accepted in the 20th attempt', async () => {
    const { store, handler } = contested(19);
    await pausesOf(async () => expect(await handler.execute('h', open(1), context())).toStrictEqual(accepted));
    expect(store.calls).toHaveLength(20);
  });
});
