import { describe, expect, it } from '@jest/globals';
import { collect } from '@allotree/testing/event-store-contract';
import { seats } from '@allotree/testing/seats';
import { CommandRuntime } from '../command-runtime.js';
import { deriveId } from '../derive-id.js';
import { context, Gate, open, setUp, take, takeMany } from './runtime.fixture.js';

/** Executes commands at the same time, and returns the number of events of each stream in each call. */
async function takeAll(...requests: readonly (readonly [id: string, events: number])[]) {
  const { store, handler } = setUp();
  const calls: Record<string, number>[] = [];
  store.append = async (appends) => {
    calls.push(Object.fromEntries(appends.map(({ streamName, events }) => [streamName, events.length])));
    return appends.map(({ expectedRevision, events }) => ({
      ok: true,
      revision: expectedRevision + events.length,
      position: 1n,
    }));
  };
  await Promise.all(requests.map(([id, events]) => handler.execute(id, takeMany(events), context())));
  return calls;
}

describe('the events of waiting commands', () => {
  it('are appended in one call up to 2,000', async () => {
    expect(await takeAll(['h', 1_500], ['h', 500])).toStrictEqual([{ 'seats-h': 2_000 }]);
  });

  it('are not spread over two calls where those of a command do not fit: the command waits', async () => {
    expect(await takeAll(['h', 1_500], ['h', 501], ['h', 1])).toStrictEqual([{ 'seats-h': 1_500 }, { 'seats-h': 502 }]);
  });

  it('share a call with another stream where there is room for all of them', async () => {
    expect(await takeAll(['h', 900], ['i', 1_100])).toStrictEqual([{ 'seats-h': 900, 'seats-i': 1_100 }]);
  });

  it('wait for the next call where another stream leaves too little room', async () => {
    expect(await takeAll(['h', 900], ['i', 1_101])).toStrictEqual([{ 'seats-h': 900 }, { 'seats-i': 1_101 }]);
  });

  it('have a call of their own where one command has more than 2,000', async () => {
    expect(await takeAll(['h', 1], ['h', 2_001], ['h', 1])).toStrictEqual([
      { 'seats-h': 1 },
      { 'seats-h': 2_001 },
      { 'seats-h': 1 },
    ]);
  });
});

describe('an accepted command', () => {
  it('names what it declined, also in a dry run', async () => {
    const declined = [{ index: 1, refusal: { code: 'FULL' as const, capacity: 0 } }];
    const handler = new CommandRuntime({ store: new Gate() }).aggregate({
      ...seats,
      decide: () => ({ ok: true, events: [{ type: 'SeatTaken' as const, who: 'a' }], declined }),
    });
    const outcome = { kind: 'accepted', events: [{ type: 'SeatTaken', who: 'a' }], declined };
    expect(await handler.dryRun('h', take('a'))).toStrictEqual({ ...outcome, revision: -1, position: 0n });
    expect(await handler.execute('h', take('a'), context())).toStrictEqual({ ...outcome, revision: 0, position: 1n });
  });

  it('derives the id of each event from its place in the stream', async () => {
    const { store, handler } = setUp();
    await handler.execute('h', open(9), context());
    const asked = context();
    await handler.execute('h', takeMany(3), asked);
    const ids = (await collect(store.readStream('seats-h', 1))).map(({ metadata }) => metadata.eventId);
    const labels = ['1 SeatTaken {"who":"0"} and more', '2 SeatTaken {"who":"1"} and more', '3 SeatTaken {"who":"2"}'];
    expect(ids).toStrictEqual(labels.map((label) => deriveId(asked.commandId, label)));
  });
});
