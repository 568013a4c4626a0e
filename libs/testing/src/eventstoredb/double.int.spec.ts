import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { END, EventStoreDBClient, START, eventTypeFilter, streamNameFilter } from '@eventstore/db-client';
import type { AllStreamSubscription } from '@eventstore/db-client';
import { EventStoreDbDouble } from './double.js';
import { systemEvent } from './log.js';

/** Subscription features of the double that the event store itself does not use. */
describe('EventStoreDbDouble', () => {
  let double: EventStoreDbDouble;
  let client: EventStoreDBClient;
  beforeAll(async () => {
    double = await EventStoreDbDouble.start();
    client = EventStoreDBClient.connectionString(double.url);
    for (let n = 0; n < 40; n++) double.log.write(`${n % 2 ? 'odd' : 'even'}-${n}`, [systemEvent(`Event${n}`)]);
  });
  afterAll(async () => {
    await client.dispose();
    await double.stop();
  });

  /** Types of the next events; `caught up` where the subscription reported it. */
  async function first(count: number, subscription: AllStreamSubscription): Promise<string[]> {
    const seen: string[] = [];
    subscription.on('caughtUp', () => seen.push('caught up'));
    let events = 0;
    for await (const { event } of subscription) {
      seen.push(event!.type);
      if (++events === count) break;
    }
    return seen;
  }

  it('starts after a position, catches up and continues live', async () => {
    const after = double.log.stream('odd-37')[0]!.position;
    const fromPosition = { commit: after, prepare: after };
    const subscription = client.subscribeToAll({ fromPosition, filter: streamNameFilter({ prefixes: ['odd-'] }) });
    subscription.once('caughtUp', () => double.log.write('odd-next', [systemEvent('Next')]));
    expect(await first(2, subscription)).toEqual(['Event39', 'caught up', 'Next']);
  });

  it('starts at the beginning or the end, and supports regular expressions', async () => {
    const named = (regex: string) => eventTypeFilter({ regex });
    const events = first(3, client.subscribeToAll({ fromPosition: START, filter: named('^Event[123]$') }));
    expect(await events).toEqual(['Event1', 'Event2', 'Event3']);
    const live = client.subscribeToAll({ fromPosition: END, filter: named('^Late') });
    live.once('caughtUp', () => double.log.write('even-late', [systemEvent('Later')]));
    expect(await first(1, live)).toEqual(['caught up', 'Later']);
  });

  it('reports checkpoints', async () => {
    const reached = new Promise<bigint>((resolve) => {
      const filter = streamNameFilter({
        prefixes: ['nothing-'],
        checkpointReached: (_, { commit }) => resolve(commit),
      });
      client.subscribeToAll({ fromPosition: START, filter }).on('data', () => undefined);
    });
    expect(double.log.entries.map(({ position }) => position)).toContain(await reached);
  });
});
