import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { collect } from '@allotree/testing/event-store-contract';
import { seats } from '@allotree/testing/seats';
import type { Aggregate } from '../aggregate.js';
import { CommandRuntime } from '../command-runtime.js';
import type { Snapshot } from '../snapshot-store.js';
import { Log } from './log.fixture.js';
import type { RuntimeMetrics } from './metrics.js';
import { context, Gate, setUp, Snapshots, takeMany } from './runtime.fixture.js';

const NOT_WRITTEN = 'could not write snapshot';
const IGNORED = 'invalid snapshot ignored, stream read from the beginning';

/** Keeps every snapshot that was written. */
class AllSnapshots extends Snapshots {
  readonly written: Snapshot[] = [];
  override save(name: string, snapshot: Snapshot) {
    this.written.push(snapshot);
    return super.save(name, snapshot);
  }
}

describe('snapshots', () => {
  let now = 0;
  beforeEach(() => {
    now = 1_000;
    jest.spyOn(performance, 'now').mockImplementation(() => now);
  });
  afterEach(() => void jest.restoreAllMocks());

  /** A house that fills up, one event per command; writing a snapshot takes the milliseconds. */
  function house({ milliseconds = 0, snapshots = new AllSnapshots(), encode = seats.snapshot!.encode } = {}) {
    const [store, log] = [new Gate(), new Log()];
    const snapshot = {
      ...seats.snapshot!,
      encode: (state: Parameters<typeof encode>[0]) => {
        now += milliseconds;
        return encode(state);
      },
    };
    const handler = new CommandRuntime({ store, snapshots, logger: log }).aggregate({ ...seats, snapshot });
    const fill = async (times: number): Promise<void> => {
      for (let n = 0; n < times; n++) await handler.execute('h', takeMany(1), context());
    };
    const warnings = () => log.lines.filter(([level]) => level === 'warn');
    return { store, snapshots, fill, warnings, revisions: () => snapshots.written.map(({ revision }) => revision) };
  }

  describe('are written', () => {
    it('each time that the aggregate has recorded as many events as it says', async () => {
      const { store, snapshots, fill, revisions } = house();
      await fill(9);
      expect(revisions()).toStrictEqual([]);
      await fill(20);
      expect(revisions()).toStrictEqual([9, 19]);
      const [tenth] = await collect(store.readStream('seats-h', 9));
      expect(snapshots.written[0]).toStrictEqual({
        version: 1,
        revision: 9,
        eventId: tenth!.metadata.eventId,
        position: 10n,
        json: '{"capacity":0,"taken":["0","1","2","3","4","5","6","7","8","9"]}',
      });
    });

    it('so rarely that serializing takes at most 1/50 of the time', async () => {
      const { fill, revisions } = house({ milliseconds: 10 });
      await fill(20);
      expect(revisions()).toStrictEqual([9]);
      now = 1_000 + 10 + 50 * 10 - 1;
      await fill(1);
      expect(revisions()).toStrictEqual([9]);
      now += 1;
      await fill(1);
      expect(revisions()).toStrictEqual([9, 21]);
    });

    it('not at all where the state cannot be serialized, which is tried again after as many events', async () => {
      const broken = new Error('not serializable');
      const { fill, revisions, warnings } = house({
        encode: () => {
          throw broken;
        },
      });
      await fill(19);
      expect(warnings()).toStrictEqual([['warn', { err: broken, stream: 'seats-h' }, NOT_WRITTEN]]);
      await fill(1);
      expect(warnings()).toHaveLength(2);
      expect(revisions()).toStrictEqual([]);
    });

    it('later where the store of snapshots is unavailable, which is logged', async () => {
      const snapshots = new AllSnapshots();
      const down = new Error('connection lost');
      const { fill, warnings } = house({ snapshots });
      jest.spyOn(snapshots, 'save').mockRejectedValueOnce(down);
      await fill(20);
      expect(warnings()).toStrictEqual([['warn', { err: down, stream: 'seats-h' }, NOT_WRITTEN]]);
      expect(snapshots.kept.get('seats-h')).toMatchObject({ revision: 19 });
    });

    it('with the revisions of the settings, as another version', async () => {
      const forms: Aggregate<Record<string, number>, string, string, never> = {
        category: 'forms',
        initial: () => ({}),
        evolve: (state, setting) => ({ ...state, [setting]: (state[setting] ?? 0) + 1 }),
        decide: (_state, setting) => ({ ok: true, events: [setting] }),
        encode: (data) => ({ type: 'Counted', data }),
        decode: (_type, data) => data as string,
        settingsOf: (setting) => [setting],
        snapshot: { version: 7, every: 3, encode: (state) => state, decode: (json) => json as Record<string, number> },
      };
      const [store, snapshots] = [new Gate(), new AllSnapshots()];
      const handler = new CommandRuntime({ store, snapshots }).aggregate(forms);
      for (const setting of ['name', 'color', 'name']) await handler.execute('f', setting, context());
      expect(snapshots.written).toStrictEqual([
        {
          version: 1_007,
          revision: 2,
          eventId: expect.any(String),
          position: 3n,
          json: '{"state":{"name":2,"color":1},"settings":[["name",2],["color",1]]}',
        },
      ]);
    });
  });

  describe('are loaded', () => {
    /** A stream of three events, and the house that a snapshot of it shows. */
    async function stored(change: Partial<Snapshot> = {}) {
      const [store, snapshots, log] = [new Gate(), new Snapshots(), new Log()];
      await setUp({ store }).handler.execute('h', takeMany(3), context());
      const { eventId } = (await collect(store.readStream('seats-h', 2)))[0]!.metadata;
      const json = '{"capacity":5,"taken":["from the snapshot"]}';
      snapshots.kept.set('seats-h', { version: 1, revision: 2, eventId, position: 3n, json, ...change });
      const snapshotIgnored = jest.fn<NonNullable<RuntimeMetrics['snapshotIgnored']>>();
      const loaded = jest.fn<NonNullable<RuntimeMetrics['loaded']>>();
      const { handler } = setUp({ store, snapshots, logger: log, metrics: { snapshotIgnored, loaded } });
      const taken = await handler.read('h', (state) => [...state.taken]);
      const warnings = log.lines.filter(([level]) => level === 'warn');
      return { taken, loaded: loaded.mock.calls, warnings, ignored: snapshotIgnored.mock.calls };
    }

    it('without an event where they were taken after the last one', async () => {
      expect(await stored()).toStrictEqual({
        taken: ['from the snapshot'],
        loaded: [['seats', 0, 0]],
        warnings: [],
        ignored: [],
      });
    });

    it.each<[string, Partial<Snapshot>, Error]>([
      ['of another version', { version: 2 }, new Error('the snapshot has version 2, expected 1')],
      [
        'of another stream',
        { eventId: 'e' },
        new Error('the snapshot was taken after event e, which is not event 2 of the stream'),
      ],
      [
        'further than the stream',
        { revision: 3, eventId: 'e' },
        new Error('the snapshot was taken after event e, which is not event 3 of the stream'),
      ],
    ])('never where they are %s, for a reason that is logged', async (_which, change, err) => {
      expect(await stored(change)).toStrictEqual({
        taken: ['0', '1', '2'],
        loaded: [['seats', 3, 0]],
        warnings: [['warn', { err, stream: 'seats-h' }, IGNORED]],
        ignored: [['seats']],
      });
    });

    it('from nowhere, without a warning, where there is no store for them', async () => {
      const log = new Log();
      const snapshotIgnored = jest.fn();
      const { handler } = setUp({ logger: log, metrics: { snapshotIgnored } });
      await handler.execute('h', takeMany(12), context());
      expect(snapshotIgnored).not.toHaveBeenCalled();
      expect(log.lines.filter(([level]) => level !== 'debug')).toStrictEqual([]);
    });
  });
});
