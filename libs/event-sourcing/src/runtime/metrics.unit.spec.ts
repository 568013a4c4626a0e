import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Log } from './log.fixture.js';
import { context, Gate, open, setUp, take } from './runtime.fixture.js';

/** A store in which each append takes 250 ms and each reading of a stream 40 ms, on the clock of the spec. */
class Slow extends Gate {
  constructor(private readonly wait: (milliseconds: number) => void) {
    super();
  }

  override async append(...[appends]: Parameters<Gate['append']>): ReturnType<Gate['append']> {
    this.wait(250);
    return super.append(appends);
  }

  override readStream(streamName: string, fromRevision?: number) {
    this.wait(40);
    return super.readStream(streamName, fromRevision);
  }
}

describe('metrics', () => {
  let now = 0;
  beforeEach(() => {
    now = 1_000;
    jest.spyOn(performance, 'now').mockImplementation(() => now);
  });
  afterEach(() => void jest.restoreAllMocks());

  function measured() {
    const seen: unknown[][] = [];
    const log = new Log();
    const { handler } = setUp({
      store: new Slow((milliseconds) => (now += milliseconds)),
      logger: log,
      metrics: {
        received: (...facts) => seen.push(['received', ...facts]),
        answered: (...facts) => seen.push(['answered', ...facts]),
        loaded: (...facts) => seen.push(['loaded', ...facts]),
      },
    });
    return { handler, seen, log };
  }

  it('count each command and its outcome, with the time from its arrival to its answer', async () => {
    const { handler, seen } = measured();
    await handler.execute('h', open(1), context());
    await handler.execute('h', open(1), context({ expectedRevision: 9 }));
    await handler.execute('h', take('a'), context());
    await handler.execute('h', take('b'), context());
    await expect(handler.execute('h', { type: 'Break', where: 'decide' }, context())).rejects.toThrow('decide broke');
    expect(seen).toStrictEqual([
      ['received', 'seats'],
      ['loaded', 'seats', 0, 40],
      ['answered', 'seats', 'accepted', 290],
      ['received', 'seats'],
      ['answered', 'seats', 'stale', 0],
      ['received', 'seats'],
      ['answered', 'seats', 'accepted', 250],
      ['received', 'seats'],
      ['answered', 'seats', 'refused', 0],
      ['received', 'seats'],
      ['answered', 'seats', 'failed', 0],
    ]);
  });

  it('count no reads and dry runs, answered or failed', async () => {
    const { handler, seen } = measured();
    await handler.dryRun('h', open(1));
    await handler.read('h', () => 1, { consistent: true });
    const bad = (): never => {
      throw new Error('bad look');
    };
    await expect(handler.read('h', bad, { consistent: true })).rejects.toThrow('bad look');
    await expect(handler.dryRun('h', { type: 'Break', where: 'decide' })).rejects.toThrow('decide broke');
    expect(seen).toStrictEqual([['loaded', 'seats', 0, 40]]);
  });

  it('have their counterparts in the log, for finding a slow stream', async () => {
    const { handler, log } = measured();
    await handler.execute('h', open(1), context());
    expect(log.lines).toStrictEqual([
      ['debug', { stream: 'seats-h', eventsRead: 0, durationMs: 40 }, 'state loaded'],
      ['debug', { events: 1, streams: 1, durationMs: 250 }, 'events appended'],
    ]);
  });
});
