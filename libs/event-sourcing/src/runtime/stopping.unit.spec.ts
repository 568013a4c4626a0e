import { describe, expect, it, jest } from '@jest/globals';
import { seats } from '@allotree/testing/seats';
import { CommandRuntime } from '../command-runtime.js';
import { RuntimeStopped } from '../errors.js';
import { context, Gate, open, settle, setUp, Snapshots, takeMany, watch } from './runtime.fixture.js';

describe('a runtime that is stopped', () => {
  it('waits until the commands of every stream are answered', async () => {
    const { store, handler, runtime } = setUp();
    const held: (() => void)[] = [];
    const append = store.append.bind(store);
    store.append = async (appends) => {
      await new Promise<void>((resolve) => held.push(resolve));
      return append(appends);
    };
    const { of, ended } = watch();
    const all: Promise<unknown>[] = [of('h', handler.execute('h', open(1), context()))];
    await settle();
    all.push(of('i', handler.execute('i', open(1), context())));
    await settle();
    all.push(of('stop', runtime.stop()));
    held[0]!();
    await settle();
    expect(ended).toStrictEqual(['h']);
    held[1]!();
    await Promise.all(all);
    expect(ended).toStrictEqual(['h', 'i', 'stop']);
  });

  it('waits as long when it is stopped again meanwhile', async () => {
    const { store, handler, runtime } = setUp();
    let release = (): void => undefined;
    const append = store.append.bind(store);
    store.append = async (appends) => {
      await new Promise<void>((resolve) => (release = resolve));
      return append(appends);
    };
    const { of, ended } = watch();
    const all: Promise<unknown>[] = [of('command', handler.execute('h', open(1), context()))];
    await settle();
    all.push(of('stop', runtime.stop()), of('second stop', runtime.stop()));
    await settle();
    expect(ended).toStrictEqual([]);
    release();
    await Promise.all(all);
    expect(ended).toStrictEqual(['command', 'stop', 'second stop']);
  });

  it('waits until snapshots are stored', async () => {
    const snapshots = new Snapshots();
    let stored = (): void => undefined;
    snapshots.save = () => new Promise((resolve) => (stored = resolve));
    const { handler, runtime } = setUp({ snapshots });
    await handler.execute('h', takeMany(10), context());
    const { of, ended } = watch();
    const stopped = of('stop', runtime.stop());
    await settle();
    expect(ended).toStrictEqual([]);
    stored();
    await stopped;
  });

  it('answers no reads, also of states in memory', async () => {
    const { handler, runtime } = setUp();
    await handler.execute('h', open(1), context());
    await runtime.stop();
    await expect(handler.read('h', () => 1)).rejects.toStrictEqual(new RuntimeStopped());
    await expect(handler.dryRun('h', open(2))).rejects.toStrictEqual(new RuntimeStopped());
  });

  it('no longer listens to the store', async () => {
    const store = new Gate();
    const unsubscribe = jest.fn();
    store.onAppend = () => unsubscribe;
    const runtime = new CommandRuntime({ store });
    expect(unsubscribe).not.toHaveBeenCalled();
    await runtime.stop();
    expect(unsubscribe).toHaveBeenCalledTimes(1);
  });

  it('waits for nothing after a stream could not be read, whose state takes no memory', async () => {
    const { store, handler, runtime } = setUp();
    jest.spyOn(store, 'readStream').mockImplementation(() => {
      throw new Error('unreadable');
    });
    await expect(handler.read('h', () => 1)).rejects.toThrow('unreadable');
    await settle();
    expect(runtime.stateBytes).toBe(0);
    await runtime.stop();
  });
});

describe('an aggregate without snapshots', () => {
  it('is counted by its events against the memory for idle states', async () => {
    const { snapshot: _, ...bare } = seats;
    const runtime = new CommandRuntime({ store: new Gate() });
    const handler = runtime.aggregate(bare);
    await handler.read('i', () => 1);
    await settle();
    expect(runtime.stateBytes).toBe(2_048);
    await handler.execute('h', takeMany(3), context());
    expect(runtime.stateBytes).toBe(2_048 + 2_048 + 3 * 256);
  });
});
