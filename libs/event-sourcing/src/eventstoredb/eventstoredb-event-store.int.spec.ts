import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { inspect } from 'node:util';
import {
  CERTIFICATE,
  collect,
  EventStoreDbDouble,
  eventStoreContract,
  newEvent,
  sharedEventStoreContract,
  systemEvent,
} from '@allotree/testing';
import type { EventStoreDbDoubleOptions, MakeStore } from '@allotree/testing';
import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import { StoreUnavailable } from '../errors.js';
import type { StreamAppend } from '../event-store.js';
import { SILENT } from '../logger.js';
import { openEventStore } from '../open-event-store.js';
import { EventStoreDbEventStore } from './eventstoredb-event-store.js';

const onTheDouble: MakeStore = async () => {
  const double = await EventStoreDbDouble.start();
  return {
    open: () => EventStoreDbEventStore.open({ connectionString: double.url }),
    cleanUp: () => double.stop(),
  };
};

const double = "EventStoreDB's double, and a server where EVENTSTOREDB_URL names one";
eventStoreContract(double, onTheDouble);
sharedEventStoreContract(double, onTheDouble);

const connectionString = process.env['EVENTSTOREDB_URL'];
if (connectionString !== undefined && connectionString !== '') {
  const onTheServer: MakeStore = async () => ({ open: () => EventStoreDbEventStore.open({ connectionString }) });
  eventStoreContract('EventStoreDB, a server', onTheServer);
  sharedEventStoreContract('EventStoreDB, a server', onTheServer);
}

describe('EventStoreDbEventStore', () => {
  const doubles: EventStoreDbDouble[] = [];
  const stores: EventStoreDbEventStore[] = [];
  const node = async (options?: EventStoreDbDoubleOptions): Promise<EventStoreDbDouble> => {
    const started = await EventStoreDbDouble.start(options);
    doubles.push(started);
    return started;
  };
  const open = async (url: string): Promise<EventStoreDbEventStore> => {
    const store = await EventStoreDbEventStore.open({ connectionString: url });
    stores.push(store);
    return store;
  };
  const folder = mkdtempSync(join(tmpdir(), 'allotree-eventstoredb-'));
  const authority = join(folder, 'ca.pem');
  writeFileSync(authority, CERTIFICATE);
  afterEach(async () => {
    await Promise.all(stores.splice(0).map((store) => store.close()));
    await Promise.all(doubles.splice(0).map((started) => started.stop()));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const one = (streamName: string, type: string, expectedRevision = -1): StreamAppend => ({
    streamName,
    expectedRevision,
    events: [newEvent(type)],
  });
  const next = (store: EventStoreDbEventStore, wanted: boolean): Promise<void> =>
    new Promise((resolve) => {
      const stop = store.onAppend((byAnotherProcess) => {
        if (byAnotherProcess !== wanted) return;
        stop();
        resolve();
      });
    });
  const types = async (store: EventStoreDbEventStore, category: string) =>
    (await store.readAll([category], 0n, 100)).map(({ type }) => type);

  describe('stored events', () => {
    it('are JSON with the metadata names of EventStoreDB projections', async () => {
      const started = await node();
      const store = await open(started.url);
      const event = newEvent('Named', { a: 1 }, { causationId: 'cause' });
      await store.append([{ streamName: 'named-1', expectedRevision: -1, events: [event, newEvent('Uncaused')] }]);
      const [named, uncaused] = started.log.stream('named-1');
      const { eventId, correlationId, causationId, ...rest } = event.metadata;
      expect(named).toMatchObject({ id: eventId, type: 'Named', contentType: 'application/json' });
      expect(JSON.parse(Buffer.from(named!.data).toString())).toEqual({ a: 1 });
      expect(JSON.parse(Buffer.from(named!.metadata).toString())).toEqual({
        ...rest,
        $correlationId: correlationId,
        $causationId: causationId,
      });
      expect(JSON.parse(Buffer.from(uncaused!.metadata).toString())).not.toHaveProperty('$causationId');
    });

    it('are filtered by the node: system streams and other categories are not sent', async () => {
      const started = await node();
      const store = await open(started.url);
      await store.append([one('theirs-1', 'Theirs')]);
      started.recordStatistics();
      await store.append([one('ours-1', 'Ours')]);
      started.recordStatistics();
      // Foreign events cannot even be decoded.
      started.log.write('theirs-2', [systemEvent('WithoutMetadata')]);
      expect(await types(store, 'ours')).toEqual(['Ours']);
      await expect(types(store, 'theirs')).rejects.toThrow('event 0 of theirs-2 was not written by this system');
    });

    it('never use names of system streams', async () => {
      const started = await node();
      const store = await open(started.url);
      const before = started.log.entries.length;
      for (const name of ['$settings-1', 'nodash', '-1'])
        await expect(store.append([one(name, 'Bad')])).rejects.toThrow(`invalid stream name ${name}`);
      expect(started.log.entries).toHaveLength(before);
    });

    it('are refused if they cannot be serialized as JSON', async () => {
      const store = await open((await node()).url);
      const events = [newEvent('Bad', { n: 1n })];
      await expect(store.append([{ streamName: 'bad-1', expectedRevision: -1, events }])).rejects.toThrow('BigInt');
      expect(await store.streamRevision('bad-1')).toBe(-1);
    });
  });

  describe('lost responses', () => {
    it('are errors, and a repeat finds that everything was appended', async () => {
      const started = await node();
      const store = await open(started.url);
      const appends = [one('lost-1', 'One'), one('lost-2', 'Two'), one('lost-3', 'Three')];
      started.answersToLose = 1;
      await expect(store.append(appends)).rejects.toThrow();
      const results = await store.append(appends);
      expect(results).toMatchObject([{ ok: true }, { ok: true }, { ok: true }]);
      expect(started.answersToLose).toBe(0);
      expect((await types(store, 'lost')).sort()).toEqual(['One', 'Three', 'Two']);
    });

    it('time out after the deadline of the connection string', async () => {
      const started = await node();
      const store = await open(`${started.url}&defaultDeadline=200`);
      started.silent = true;
      await expect(store.append([one('silent-1', 'Unheard')])).rejects.toThrow('did not respond in time');
      await expect(store.streamRevision('silent-1')).rejects.toThrow('did not respond in time');
      started.silent = false;
      expect(await store.streamRevision('silent-1')).toBe(-1);
    });

    it('of repeats without a position make the store look it up', async () => {
      const started = await node();
      const store = await open(started.url);
      const append = one('forgotten-1', 'Remembered');
      const [first] = await store.append([append]);
      started.positionsToForget = 1;
      expect(await store.append([append])).toEqual([first]);
      expect(started.positionsToForget).toBe(0);
    });
  });

  describe('a node that restarts', () => {
    it('is reconnected, with one hint for missed events', async () => {
      const started = await node();
      const [store, other] = [await open(started.url), await open(started.url)];
      await started.unplug();
      await expect(store.append([one('gone-1', 'Lost')])).rejects.toThrow('cannot be reached');
      const missed = next(store, true);
      await started.listen();
      await missed;
      const appended = next(store, true);
      await retried(() => other.append([one('back-1', 'Back')]));
      await appended;
      expect(await types(store, 'back')).toEqual(['Back']);
      expect(await types(store, 'gone')).toEqual([]);
    });

    it('does not crash the process when connections are cut repeatedly', async () => {
      const started = await node();
      const store = await open(started.url);
      for (let n = 0; n < 10; n++) {
        const appending = retried(() => store.append([one(`cut-${n}`, `Cut${n}`)]));
        started.cutConnections();
        await appending;
      }
      expect(await types(store, 'cut')).toEqual(Array.from({ length: 10 }, (_, n) => `Cut${n}`));
    });
  });

  describe('a cluster', () => {
    it('can be reached through any node, which redirects to the leader', async () => {
      const [leader, follower] = [await node(), await node()];
      Object.assign(follower, { role: 'follower', leader });
      const store = await open(follower.url);
      await store.append([one('led-1', 'Led')]);
      expect(leader.log.stream('led-1')).toHaveLength(1);
      expect(await types(store, 'led')).toEqual(['Led']);
    });

    it('is asked for its leader when several nodes are listed, and when the leader is gone', async () => {
      const [first, second] = [await node(), await node()];
      Object.assign(second, { role: 'follower', leader: first });
      const store = await open(`esdb://${second.address},${first.address}?tls=false&maxDiscoverAttempts=2`);
      await store.append([one('elected-1', 'First')]);
      expect(first.log.stream('elected-1')).toHaveLength(1);
      await first.unplug();
      Object.assign(second, { role: 'leader', leader: null });
      await retried(() => store.append([one('elected-2', 'Second')]));
      expect(second.log.stream('elected-2')).toHaveLength(1);
    });

    it('can be discovered', async () => {
      const [leader, follower] = [await node(), await node()];
      Object.assign(follower, { role: 'follower', leader });
      const store = await open(`esdb+discover://${follower.address}?tls=false`);
      await store.append([one('found-1', 'Found')]);
      expect(leader.log.stream('found-1')).toHaveLength(1);
    });
  });

  describe('a leader that changes', () => {
    /** Two nodes of a cluster; the second knows that the first is the leader. */
    const pair = async (): Promise<[EventStoreDbDouble, EventStoreDbDouble]> => {
      const first = await node();
      const second = await node({ log: first.log });
      Object.assign(second, { role: 'follower', leader: first });
      return [first, second];
    };
    const handOver = (from: EventStoreDbDouble, to: EventStoreDbDouble): void => {
      Object.assign(to, { role: 'leader', leader: null });
      Object.assign(from, { role: 'follower', leader: to });
    };

    it('does not make a batch skip events that its lagging index does not show yet', async () => {
      const [first, second] = await pair();
      const store = await open(first.url);
      const events = Array.from({ length: 4 }, (_, n) => newEvent(`Led${n}`));
      await store.append([{ streamName: 'led-1', expectedRevision: -1, events }]);
      second.lag = 2;
      // The old leader returns the head; the new one is asked for the events before it.
      first.afterNextRead = () => handOver(first, second);
      const batch = await store.readBatch(['led'], 0n, 10);
      expect(batch.events.map(({ type }) => type)).toEqual(['Led0', 'Led1']);
      expect(batch.upTo).toBe(batch.events[1]!.position);
      second.lag = 0;
      const rest = await store.readBatch(['led'], batch.upTo, 10);
      expect(rest.events.map(({ type }) => type)).toEqual(['Led2', 'Led3']);
    });

    it('counts as unavailable if it changes during every attempt', async () => {
      const [first, second] = await pair();
      const store = await open(first.url);
      await store.append([one('led-1', 'Led')]);
      const swap = (from: EventStoreDbDouble, to: EventStoreDbDouble): void => {
        from.afterNextRead = () => {
          handOver(from, to);
          to.afterNextRead = () => swap(to, from);
        };
      };
      swap(first, second);
      await expect(store.readBatch(['led'], 0n, 10)).rejects.toThrow('changed its leader during a read');
    });

    it('gets the hint subscription as soon as a call reaches it', async () => {
      const [first, second] = await pair();
      const [store, other] = [await open(first.url), await open(first.url)];
      const before = second.subscriptions;
      first.deaf = true;
      handOver(first, second);
      await store.streamRevision('led-1');
      await retried(() => {
        if (second.subscriptions === before) throw new Error('not followed yet');
        return Promise.resolve();
      });
      const appended = next(store, true);
      await other.append([one('led-2', 'Heard')]);
      await appended;
    });
  });

  describe('streams that lost events', () => {
    const lostHistory = async (lose: (log: EventStoreDbDouble['log']) => void) => {
      const started = await node();
      const store = await open(started.url);
      const events = Array.from({ length: 4 }, (_, n) => newEvent(`Kept${n}`));
      await store.append([{ streamName: 'kept-1', expectedRevision: -1, events }]);
      lose(started.log);
      return { started, store };
    };

    it.each<[string, (log: EventStoreDbDouble['log']) => void]>([
      ['$tb', (log) => log.truncateBefore('kept-1', 2)],
      ['$maxCount', (log) => log.setMaxCount('kept-1', 2)],
    ])('by %s are not read as if they started later', async (_, lose) => {
      const { store } = await lostHistory(lose);
      await expect(collect(store.readStream('kept-1'))).rejects.toThrow('event 0 of kept-1 is missing');
      const rest = await collect(store.readStream('kept-1', 2));
      expect(rest.map(({ type, revision }) => [type, revision])).toEqual([
        ['Kept2', 2],
        ['Kept3', 3],
      ]);
    });

    it('by a soft delete are not silently restarted', async () => {
      const { store } = await lostHistory((log) => log.deleteSoftly('kept-1'));
      expect(await store.streamRevision('kept-1')).toBe(-1);
      await expect(store.append([one('kept-1', 'Again')])).rejects.toThrow('event 0 of kept-1 is missing');
    });

    it('by a tombstone refuse appends and reads, and do not stop projections', async () => {
      const { started, store } = await lostHistory((log) => log.tombstone('kept-1'));
      await expect(store.append([one('kept-1', 'Again')])).rejects.toThrow('permanently deleted');
      await expect(collect(store.readStream('kept-1'))).rejects.toThrow('permanently deleted');
      await store.append([one('kept-2', 'After')]);
      expect(await types(store, 'kept')).toEqual(['Kept0', 'Kept1', 'Kept2', 'Kept3', 'After']);
      expect(started.log.isTombstoned('kept-1')).toBe(true);
    });
  });

  it('returns nothing beyond the end, where a checkpoint of another store may be', async () => {
    const store = await open((await node()).url);
    const beyond = (await store.head()) + 1_000_000n;
    expect(await store.readBatch(['any'], beyond, 10)).toEqual({ after: beyond, events: [], upTo: beyond });
  });

  it('stops reading at the last wanted event and ends the call', async () => {
    const started = await node();
    const store = await open(started.url);
    const events = Array.from({ length: 50 }, () => newEvent('Many'));
    await store.append([{ streamName: 'many-1', expectedRevision: -1, events }]);
    const first = await store.readBatch(['many'], 0n, 5);
    expect(first.events).toHaveLength(5);
    // A node accepts 100 concurrent calls, so an unfinished read must not stay open.
    for (let n = 0; n < 150; n++) await store.readBatch(['many'], first.upTo, 1);
    expect((await store.readBatch(['many'], first.upTo, 100)).events).toHaveLength(45);
  });

  describe('TLS and credentials', () => {
    it('come from the connection string', async () => {
      const started = await node({ secured: true });
      const store = await open(`${started.url}&tlsCAFile=${authority}`);
      await store.append([one('secret-1', 'Secret')]);
      expect(await types(store, 'secret')).toEqual(['Secret']);
    });

    const problems: readonly [what: string, url: (plain: string, secured: string) => string, sentence: RegExp][] = [
      [
        'an unused port',
        () => 'esdb://127.0.0.1:1?tls=false',
        /127\.0\.0\.1:1 cannot be reached\. Check that it is running/,
      ],
      ['an unknown host', () => 'esdb://nowhere.invalid?tls=false', /nowhere\.invalid cannot be reached/],
      ['TLS on the client only', (plain) => `esdb://${plain}?tls=true`, /does not use TLS\. Add \?tls=false/],
      ['TLS on the node only', (_, secured) => `esdb://${secured}?tls=false`, /requires TLS\. Add \?tls=true/],
      ['an unknown authority', (_, secured) => `esdb://${secured}`, /not trusted\. Add tlsCAFile=/],
      [
        'a wrong password',
        (_, secured) => `esdb://allotree:wrong@${secured}?tlsCAFile=${authority}`,
        /rejected the user name or password/,
      ],
      [
        'no cluster',
        () => 'esdb+discover://127.0.0.1:1?tls=false&maxDiscoverAttempts=1',
        /no node at 127\.0\.0\.1:1 reported the leader of the cluster/,
      ],
      [
        'a password with an @',
        (plain) => `esdb://user:hid@den@${plain}`,
        /invalid EventStoreDB connection string\. Use esdb:\/\/user:pass/,
      ],
      [
        'a misspelled option',
        (plain) => `esdb://user:hidden@${plain}?tls=maybe`,
        /invalid EventStoreDB connection string/,
      ],
      ['another store', () => 'mongodb://user:hidden@127.0.0.1', /^unsupported event store URL scheme mongodb:/],
    ];
    it.each(problems)('explain %s at startup, with a remedy and without the password', async (_, url, sentence) => {
      const [plain, secured] = [await node(), await node({ secured: true })];
      const opening = openEventStore({ url: url(plain.address, secured.address), logger: SILENT });
      const error: Error = await opening.then(
        () => Promise.reject(new Error('it was opened')),
        (reason: Error) => reason,
      );
      expect(error.message).toMatch(sentence);
      expect(inspect(error)).not.toMatch(/hid@?den|den@|wrong@/);
    });

    it('must grant read access to $all', async () => {
      const started = await node({ secured: true });
      started.administrator = false;
      await expect(open(`${started.url}&tlsCAFile=${authority}`)).rejects.toThrow('Add the user to $admins');
    });
  });

  describe('refusals of a node', () => {
    it('explains that a follower without a leader does not accept appends', async () => {
      const started = await node();
      const store = await open(started.url);
      started.role = 'follower';
      await expect(store.append([one('led-1', 'Unled')])).rejects.toThrow(
        'does not accept appends and knows no leader',
      );
    });

    it.each([
      [14, 'Server Is Not Ready', 'is still starting'],
      [14, 'Server Is Too Busy', 'is too busy'],
      [10, 'Operation timed out', 'timed out internally'],
      [10, 'Operation aborted: consumer too slow', 'read too slowly'],
    ])('of status %d, "%s", is a transient error with advice', async (code, details, sentence) => {
      const started = await node();
      const store = await open(started.url);
      started.refusing = { code, details };
      const error = await store.streamRevision('any-1').then(
        () => null,
        (reason: unknown) => reason,
      );
      expect(error).toBeInstanceOf(StoreUnavailable);
      expect((error as Error).message).toContain(sentence);
    });

    it('include a MaxAppendSize above the maximum, at startup', async () => {
      await expect(node({ maxAppendSize: 16_777_216 })).rejects.toThrow('MaxAppendSize exceeded');
      await node({ maxAppendSize: 16_767_216 });
    });

    it('explains which setting limits the size of an append', async () => {
      const started = await node({ maxAppendSize: 1_000 });
      const store = await open(started.url);
      const events = Array.from({ length: 10 }, () => newEvent('Many'));
      await expect(store.append([{ streamName: 'large-1', expectedRevision: -1, events }])).rejects.toThrow(
        'does not accept appends larger than 1000 bytes. Set its MaxAppendSize to 16767216',
      );
      expect(await store.streamRevision('large-1')).toBe(-1);
    });

    it('explain that the checkpoints belong to another store', async () => {
      const store = await open((await node()).url);
      await store.append([one('placed-1', 'Placed')]);
      await expect(store.readAll(['placed'], 7n, 10)).rejects.toThrow(
        'the checkpoints in the database belong to another store',
      );
    });
  });

  it('reads a stream for commands once, and then only its new events', async () => {
    const started = await node();
    const store = await open(started.url);
    const events = Array.from({ length: 1_500 }, () => newEvent('Old'));
    await store.append([{ streamName: 'read-1', expectedRevision: -1, events }]);
    await store.findByCommand('read-1', randomUUID());
    const before = started.eventsRead;
    await store.append([one('read-1', 'New', 1_499)]);
    expect(await store.findByCommand('read-1', randomUUID())).toEqual([]);
    expect(started.eventsRead).toBe(before + 1);
  });
});

/** Retries calls that fail while a connection is reestablished, as the runtime does. */
async function retried<T>(work: () => Promise<T>): Promise<T> {
  for (let tries = 0; ; tries++) {
    try {
      return await work();
    } catch (error) {
      if (tries === 100) throw error;
      await sleep(20);
    }
  }
}
