import { randomUUID } from 'node:crypto';
import { collect, EventStoreDbDouble, seats } from '@allotree/testing';
import type { SeatsCommand, SeatsEvent, SeatsRefusal } from '@allotree/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { CommandContext, Outcome } from '../aggregate.js';
import { CommandRuntime } from '../command-runtime.js';
import type { RuntimeOptions } from '../command-runtime.js';
import { OutcomeUnknown } from '../errors.js';
import { EventStoreDbEventStore } from './eventstoredb-event-store.js';

const context = (more: Partial<CommandContext> = {}): CommandContext => ({
  commandId: randomUUID(),
  correlationId: 'c',
  causationId: null,
  actor: 'user:u',
  tenantId: 't',
  ...more,
});
const open = (capacity: number): SeatsCommand => ({ type: 'Open', capacity });
const take = (who: string): SeatsCommand => ({ type: 'Take', who });

describe('CommandRuntime on EventStoreDB', () => {
  let double: EventStoreDbDouble;
  const running: { runtime: CommandRuntime; store: EventStoreDbEventStore }[] = [];

  /** Starts what one process has: a store and a runtime. */
  async function startProcess(options: Partial<RuntimeOptions> = {}) {
    const store = await EventStoreDbEventStore.open({ connectionString: double.url });
    const runtime = new CommandRuntime({ store, ...options });
    running.push({ runtime, store });
    return { store, runtime, handler: runtime.aggregate(seats) };
  }

  beforeAll(async () => {
    double = await EventStoreDbDouble.start();
  });
  afterAll(async () => {
    for (const { runtime, store } of running) {
      await runtime.stop();
      await store.close();
    }
    await double.stop();
  });

  const kinds = (outcomes: readonly Outcome<SeatsEvent, SeatsRefusal>[], kind: string): number =>
    outcomes.filter((outcome) => outcome.kind === kind).length;

  it('combines the commands of many callers on one stream into one append', async () => {
    const { store, handler } = await startProcess();
    const id = randomUUID();
    await handler.execute(id, open(100), context());
    const before = double.appends;
    const outcomes = await Promise.all(
      Array.from({ length: 120 }, (_, n) => handler.execute(id, take(`${n}`), context())),
    );
    expect([kinds(outcomes, 'accepted'), kinds(outcomes, 'refused')]).toEqual([100, 20]);
    expect(double.appends - before).toBeLessThan(10);
    const recorded = await collect(store.readStream(`seats-${id}`));
    expect(new Set(recorded.map(({ metadata }) => metadata.eventId)).size).toBe(101);
  });

  it('appends to many streams concurrently, once each, and returns their positions', async () => {
    const { store, runtime, handler } = await startProcess();
    const ids = Array.from({ length: 150 }, () => randomUUID());
    await Promise.all(ids.map((id) => handler.execute(id, open(2), context())));
    const outcomes = await Promise.all(ids.map((id) => handler.execute(id, take('first'), context())));
    expect(kinds(outcomes, 'accepted')).toBe(150);
    const lasts = await Promise.all(ids.map(async (id) => (await collect(store.readStream(`seats-${id}`))).at(-1)));
    expect(outcomes).toMatchObject(lasts.map((last) => ({ revision: 1, position: last!.position })));
    expect(runtime.lastPosition).toBe(await store.head());
  });

  it('accepts exactly as many commands of two racing processes as there are seats', async () => {
    const processes = await Promise.all([startProcess(), startProcess()]);
    const id = randomUUID();
    await processes[0].handler.execute(id, open(7), context());
    const outcomes = await Promise.all(
      Array.from({ length: 30 }, (_, n) => processes[n % 2]!.handler.execute(id, take(`${n}`), context())),
    );
    expect([kinds(outcomes, 'accepted'), kinds(outcomes, 'refused')]).toEqual([7, 23]);
    expect(await collect(processes[0].store.readStream(`seats-${id}`))).toHaveLength(8);
  });

  it('shows one process what another wrote', async () => {
    const [one, two] = await Promise.all([startProcess(), startProcess()]);
    const id = randomUUID();
    await one.handler.execute(id, open(7), context());
    const told = new Promise<void>((resolve) =>
      one.store.onAppend((byAnotherProcess) => byAnotherProcess && resolve()),
    );
    await two.handler.execute(id, take('theirs'), context());
    await told;
    expect(await one.handler.read(id, ({ taken }) => [...taken])).toEqual(['theirs']);
  });

  it('records a repeatable command once, in two concurrent processes and after a restart', async () => {
    const processes = await Promise.all([startProcess(), startProcess()]);
    const id = randomUUID();
    const asked = context({ repeatable: true });
    const many: SeatsCommand = { type: 'TakeMany', count: 3 };
    const outcomes = await Promise.all([0, 1, 0, 1].map((n) => processes[n]!.handler.execute(id, many, asked)));
    expect(outcomes).toEqual(Array(4).fill(outcomes[0]));
    const { handler } = await startProcess();
    expect(await handler.execute(id, many, asked)).toEqual(outcomes[0]);
    expect(await processes[0].store.streamRevision(`seats-${id}`)).toBe(2);
  });

  it('records each command once and answers when responses are lost under load', async () => {
    const { store, handler } = await startProcess();
    const ids = Array.from({ length: 5 }, () => randomUUID());
    double.answersToLose = 4;
    const accepted = await Promise.all(
      ids.map(async (id) => {
        let n = 0;
        for (; double.answersToLose > 0 || n < 10; n++)
          expect(await handler.execute(id, { type: 'TakeMany', count: 1 }, context())).toMatchObject({
            kind: 'accepted',
          });
        return n;
      }),
    );
    for (const [i, id] of ids.entries())
      expect(await collect(store.readStream(`seats-${id}`))).toHaveLength(accepted[i]!);
  });

  it('reports an unknown outcome without a response, and a repeat finds what was recorded', async () => {
    const { store, handler } = await startProcess({ appendRetryDelays: [] });
    const id = randomUUID();
    await handler.execute(id, open(3), context());
    const asked = context({ repeatable: true });
    double.answersToLose = 1;
    await expect(handler.execute(id, take('me'), asked)).rejects.toThrow(OutcomeUnknown);
    const again = async (): Promise<Outcome<SeatsEvent, SeatsRefusal>> =>
      handler.execute(id, take('me'), asked).catch(again);
    expect(await again()).toMatchObject({ kind: 'accepted', revision: 1 });
    expect(await store.streamRevision(`seats-${id}`)).toBe(1);
  });
});
