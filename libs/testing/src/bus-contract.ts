import { until } from './until.js';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { CloudEvent } from '@allotree/contracts';
import type { DeadLetter, DeadLetterFilter, PartitionProgress } from '@allotree/bus';

export interface Consumption {
  readonly groupId: string;
  readonly topic: string;
  /** Delivers consecutive events of one key together. */
  readonly batched?: boolean;
  readonly handle: (events: readonly CloudEvent[]) => Promise<void>;
}

/** A bus under test. Its consumers attempt a message 3 times, a few milliseconds apart. */
export interface BusUnderTest {
  publish(topic: string, events: readonly CloudEvent[]): Promise<void>;
  /** Resolves once the consumer is running; `stop` resolves once the messages in progress are handled. */
  consume(consumption: Consumption): Promise<{ stop(): Promise<void> }>;
  /** Called only while no consumer of the group is running. */
  rewind(groupId: string, topic: string): Promise<void>;
  deadLetters(topic: string, choice?: DeadLetterFilter): Promise<readonly DeadLetter[]>;
  replay(topic: string, choice?: DeadLetterFilter): Promise<readonly DeadLetter[]>;
  /** Number of messages of the topic that the group has not handled. */
  lag(groupId: string, topic: string): Promise<number>;
  progress(groupId: string, topic: string, key?: string): Promise<readonly PartitionProgress[]>;
  close(): Promise<void>;
}

/** An integration event about `key`. */
export const busEvent = (key: string, id: string, data: unknown = {}): CloudEvent => ({
  specversion: '1.0',
  id,
  source: '/group-service',
  type: 'allotree.groups-placed.v1',
  subject: key,
  time: '2026-06-01T00:00:00.000Z',
  datacontenttype: 'application/json',
  dataschema: 'urn:allotree:schema:groups-placed:v1',
  tenantid: 'nordlicht',
  correlationid: `correlation-of-${id}`,
  causationid: null,
  actor: 'user:u1',
  data,
});

const TOPIC = 'contract.events.v1';

/** The guarantees of the bus on every backend. */
export function busContract(name: string, makeBus: () => Promise<BusUnderTest>): void {
  describe(`${name}: the bus contract`, () => {
    let bus: BusUnderTest;
    let stops: (() => Promise<void>)[] = [];

    beforeEach(async () => {
      bus = await makeBus();
    });
    afterEach(async () => {
      await Promise.all(stops.map((stop) => stop()));
      stops = [];
      await bus.close();
    });

    const consume = async (consumption: Omit<Consumption, 'topic'>) => {
      const consumer = await bus.consume({ topic: TOPIC, ...consumption });
      let stopping: Promise<void> | undefined;
      const stop = () => (stopping ??= consumer.stop());
      stops.push(stop);
      return stop;
    };

    it('delivers everything in order per key', async () => {
      const keys = ['a', 'b', 'c', 'd'];
      const events = Array.from({ length: 200 }, (_, index) =>
        busEvent(keys[index % 4] as string, `e${index}`, { index }),
      );
      const seen: CloudEvent[] = [];
      await bus.publish(TOPIC, events.slice(0, 90));
      await consume({ groupId: 'g', handle: collect(seen) });
      await bus.publish(TOPIC, events.slice(90));
      await until(() => seen.length >= 200);
      for (const key of keys)
        expect(seen.filter((event) => event.subject === key)).toEqual(events.filter((event) => event.subject === key));
    });

    it('preserves large events, and delivers an event published twice at least once', async () => {
      const large = busEvent('a', 'large', { text: 'ü'.repeat(150_000) });
      const seen: CloudEvent[] = [];
      await bus.publish(TOPIC, [large, busEvent('a', 'small')]);
      await bus.publish(TOPIC, [large, large, large, large, busEvent('a', 'small'), busEvent('a', 'last')]);
      await consume({ groupId: 'g', handle: collect(seen) });
      await until(() => seen.some((event) => event.id === 'last'));
      expect(seen.map((event) => event.id).filter((id, index, ids) => ids.indexOf(id) === index)).toEqual([
        'large',
        'small',
        'last',
      ]);
      expect(seen[0]).toEqual(large);
    });

    it('delivers every message to every group, and to one consumer within a group', async () => {
      const seen: Record<string, CloudEvent[]> = { one: [], two: [], other: [] };
      await consume({ groupId: 'shared', handle: collect(seen['one'] as CloudEvent[]) });
      await consume({ groupId: 'shared', handle: collect(seen['two'] as CloudEvent[]) });
      await consume({ groupId: 'other', handle: collect(seen['other'] as CloudEvent[]) });
      await bus.publish(
        TOPIC,
        Array.from({ length: 100 }, (_, index) => busEvent(`k${index % 10}`, `e${index}`)),
      );
      const shared = () => [...(seen['one'] as CloudEvent[]), ...(seen['two'] as CloudEvent[])];
      await until(() => shared().length >= 100 && (seen['other'] as CloudEvent[]).length >= 100);
      expect(new Set(shared().map((event) => event.id)).size).toBe(100);
      expect(seen['other']).toHaveLength(100);
    });

    it('waits while a backend of a consumer is away, however often that fails, and files nothing', async () => {
      const seen: CloudEvent[] = [];
      const failures = [
        Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }),
        new Error('Query runner already released. Cannot run queries anymore.'),
        new Error('it failed', { cause: Object.assign(new Error('the database is starting up'), { code: '57P03' }) }),
        Object.assign(new Error('could not extend file'), { code: '53100' }),
        Object.assign(new Error('64 commands are already waiting'), { recorded: 'nothing' }),
      ];
      await consume({
        groupId: 'g',
        handle: async (events) => {
          const failure = failures.shift();
          if (failure !== undefined) throw failure;
          seen.push(...events);
        },
      });
      await bus.publish(TOPIC, [busEvent('a', 'e1'), busEvent('a', 'e2')]);
      await until(() => seen.length >= 2);
      expect([seen.map(({ id }) => id), failures]).toEqual([['e1', 'e2'], []]);
      expect(await bus.deadLetters(TOPIC)).toEqual([]);
    });

    it('lets a group fall behind without holding up publishers and other groups, and catch up in order', async () => {
      const slow: CloudEvent[] = [];
      const other: CloudEvent[] = [];
      const release = signal();
      await consume({
        groupId: 'slow',
        handle: async (events) => {
          await release.given;
          slow.push(...events);
        },
      });
      await consume({ groupId: 'other', handle: collect(other) });
      const events = Array.from({ length: 300 }, (_, index) => busEvent(`k${index % 3}`, `e${index}`));
      for (let from = 0; from < events.length; from += 50) await bus.publish(TOPIC, events.slice(from, from + 50));
      await until(() => other.length >= events.length);
      expect(slow).toEqual([]);
      expect(await bus.lag('slow', TOPIC)).toBeGreaterThanOrEqual(events.length);
      release.give();
      await until(() => slow.length >= events.length);
      for (const key of ['k0', 'k1', 'k2'])
        expect(slow.filter(({ subject }) => subject === key)).toEqual(events.filter(({ subject }) => subject === key));
    });

    it('resumes where the group stopped, after finishing messages in progress', async () => {
      const seen: CloudEvent[] = [];
      const started = signal();
      const release = signal();
      const stop = await consume({
        groupId: 'g',
        handle: async (events) => {
          started.give();
          await release.given;
          seen.push(...events);
        },
      });
      await bus.publish(TOPIC, [busEvent('a', 'first'), busEvent('a', 'second')]);
      await started.given;
      const stopping = stop();
      release.give();
      await stopping;
      expect(seen.map((event) => event.id)).toEqual(['first']);
      await consume({ groupId: 'g', handle: collect(seen) });
      await until(() => seen.length >= 2);
      expect(seen.map((event) => event.id)).toEqual(['first', 'second']);
    });

    it('retries a message before the next one of its key', async () => {
      const seen: string[] = [];
      let failures = 2;
      await consume({
        groupId: 'g',
        handle: async ([event]) => {
          if (event?.id === 'difficult' && failures > 0) {
            failures -= 1;
            seen.push('failed');
            throw new Error('not yet');
          }
          seen.push(event?.id ?? '');
        },
      });
      await bus.publish(TOPIC, [busEvent('a', 'difficult'), busEvent('a', 'next')]);
      await until(() => seen.includes('next'));
      expect(seen).toEqual(['failed', 'failed', 'difficult', 'next']);
      expect(await bus.deadLetters(TOPIC)).toEqual([]);
    });

    it.each([false, true])(
      'files what keeps failing as a dead letter with its error, and its key goes on (batched: %s)',
      async (batched) => {
        const seen: string[] = [];
        await bus.publish(TOPIC, [
          busEvent('a', 'before'),
          busEvent('a', 'poison', { text: 'p' }),
          busEvent('a', 'after'),
          busEvent('b', 'beside'),
        ]);
        await consume({
          groupId: 'g',
          batched,
          handle: async (events) => {
            if (events.some((event) => event.id === 'poison')) throw new RangeError('cannot be applied');
            seen.push(...events.map((event) => event.id));
          },
        });
        await until(() => seen.includes('after') && seen.includes('beside'));
        expect(seen.filter((id) => id !== 'beside')).toEqual(['before', 'after']);
        const letters = await bus.deadLetters(TOPIC);
        expect(letters).toHaveLength(1);
        expect(letters[0]).toMatchObject({
          event: busEvent('a', 'poison', { text: 'p' }),
          group: 'g',
          error: 'RangeError: cannot be applied',
          attempts: 3,
        });
        expect(Object.keys(letters[0]?.event ?? {}).sort()).toEqual(Object.keys(busEvent('a', 'poison')).sort());
      },
    );

    it('delivers consecutive events of one key together', async () => {
      const batches: (readonly CloudEvent[])[] = [];
      await bus.publish(
        TOPIC,
        Array.from({ length: 60 }, (_, index) => busEvent(index % 2 === 0 ? 'a' : 'b', `e${index}`)),
      );
      await consume({ groupId: 'g', batched: true, handle: async (events) => void batches.push(events) });
      await until(() => batches.flat().length >= 60);
      for (const batch of batches) expect(new Set(batch.map((event) => event.subject)).size).toBe(1);
      expect(batches.length).toBeLessThan(60);
    });

    it('redelivers dead letters once, and only to the group that failed', async () => {
      const seen: string[] = [];
      const other: string[] = [];
      let broken = true;
      await consume({
        groupId: 'g',
        handle: async ([event]) => {
          if (broken && event?.id !== 'fine') throw new Error('broken');
          seen.push(event?.id ?? '');
        },
      });
      await consume({ groupId: 'other', handle: async ([event]) => void other.push(event?.id ?? '') });
      await bus.publish(TOPIC, [busEvent('a', 'e1'), busEvent('b', 'e2'), busEvent('c', 'fine')]);
      await until(async () => (await bus.deadLetters(TOPIC)).length === 2);
      const [one] = await bus.deadLetters(TOPIC, { ids: ['e1'] });

      // It fails again and becomes a new dead letter.
      expect(await bus.replay(TOPIC, { ids: ['e1'], group: 'nobody' })).toEqual([]);
      expect(await bus.replay(TOPIC, { ids: ['e1'], group: 'g' })).toEqual([one]);
      await until(async () => (await bus.deadLetters(TOPIC)).length === 2);
      const again = await bus.deadLetters(TOPIC, { ids: ['e1'] });
      expect(again).toMatchObject([{ event: { id: 'e1' }, group: 'g' }]);
      expect(again[0]?.letterId).not.toBe(one?.letterId);

      broken = false;
      expect((await bus.replay(TOPIC)).map(({ event }) => event?.id).sort()).toEqual(['e1', 'e2']);
      expect(await bus.replay(TOPIC)).toEqual([]);
      expect(await bus.deadLetters(TOPIC)).toEqual([]);
      await until(() => seen.length === 3);
      expect([...seen].sort()).toEqual(['e1', 'e2', 'fine']);
      await until(async () => (await bus.lag('other', TOPIC)) === 0);
      expect([...other].sort()).toEqual(['e1', 'e2', 'fine']);
    });

    it('counts the messages that a group has not handled', async () => {
      const seen: CloudEvent[] = [];
      const stop = await consume({ groupId: 'g', handle: collect(seen) });
      await bus.publish(TOPIC, [busEvent('a', 'e1'), busEvent('b', 'e2')]);
      await until(async () => seen.length === 2 && (await bus.lag('g', TOPIC)) === 0);
      await stop();
      await bus.publish(TOPIC, [busEvent('a', 'e3')]);
      await until(async () => (await bus.lag('g', TOPIC)) > 0);
      expect(await bus.lag('never-heard', TOPIC)).toBeGreaterThanOrEqual(3);
    });

    it('reports whether a group has handled everything published before the call', async () => {
      const seen: CloudEvent[] = [];
      const started = signal();
      const release = signal();
      await consume({
        groupId: 'g',
        handle: async (events) => {
          if (events.some(({ id }) => id === 'held')) {
            started.give();
            await release.given;
          }
          seen.push(...events);
        },
      });
      await bus.publish(TOPIC, [busEvent('a', 'first')]);
      const first = await bus.progress('g', TOPIC);
      await until(async () => hasReached(await bus.progress('g', TOPIC), first));
      expect(seen.map(({ id }) => id)).toEqual(['first']);

      await bus.publish(TOPIC, [busEvent('a', 'held')]);
      const held = await bus.progress('g', TOPIC);
      await started.given;
      expect(hasReached(await bus.progress('g', TOPIC), held)).toBe(false);
      release.give();
      await until(async () => hasReached(await bus.progress('g', TOPIC), held));
      expect(seen.map(({ id }) => id)).toEqual(['first', 'held']);
      expect(hasReached(await bus.progress('never-heard', TOPIC), held)).toBe(false);
    });

    it('counts a message as published as soon as publishing has resolved', async () => {
      for (let count = 1; count <= 50; count += 1) {
        await bus.publish(TOPIC, [busEvent('a', `e${count}`)]);
        const ends = (await bus.progress('never-heard', TOPIC, 'a')).map(({ partition, end }) => ({ partition, end }));
        await bus.publish(TOPIC, [busEvent('a', `after-${count}`)]);
        const later = await bus.progress('never-heard', TOPIC, 'a');
        for (const { partition, end } of ends)
          expect(later.find((progress) => progress.partition === partition)!.end).toBeGreaterThan(end);
      }
    });

    it('returns the end of a topic for one key, the same or earlier', async () => {
      await bus.publish(TOPIC, [busEvent('a', 'e1')]);
      await bus.publish(TOPIC, [busEvent('b', 'e2')]);
      const whole = new Map((await bus.progress('g', TOPIC)).map(({ partition, end }) => [partition, end]));
      for (const key of ['a', 'b', 'nobody']) {
        const own = await bus.progress('g', TOPIC, key);
        expect(own).toHaveLength(1);
        for (const { partition, end } of own) expect(end <= whole.get(partition)!).toBe(true);
        expect(own.some(({ end, handled }) => handled < end) || key === 'nobody').toBe(true);
      }
    });

    it('redelivers everything to a group from the beginning', async () => {
      const seen: CloudEvent[] = [];
      const stop = await consume({ groupId: 'g', handle: collect(seen) });
      await bus.publish(TOPIC, [busEvent('a', 'e1'), busEvent('a', 'e2')]);
      await until(() => seen.length >= 2);
      await stop();
      await bus.rewind('g', TOPIC);
      await consume({ groupId: 'g', handle: collect(seen) });
      await until(() => seen.length >= 4);
      expect(seen.slice(-2).map((event) => event.id)).toEqual(['e1', 'e2']);
    });
  });
}

/** Whether a group has reached the end of the topic as returned by `ends`. */
function hasReached(now: readonly PartitionProgress[], ends: readonly PartitionProgress[]): boolean {
  const handled = new Map(now.map((progress) => [progress.partition, progress.handled]));
  return ends.every(({ partition, end }) => (handled.get(partition) ?? 0n) >= end);
}

const collect =
  (into: CloudEvent[]) =>
  async (events: readonly CloudEvent[]): Promise<void> => {
    into.push(...events);
  };

function signal(): { readonly given: Promise<void>; give(): void } {
  let give: () => void = () => undefined;
  const given = new Promise<void>((resolve) => {
    give = resolve;
  });
  return { given, give: () => give() };
}
