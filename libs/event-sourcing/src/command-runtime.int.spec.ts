import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { collect, createTestDatabase, seats } from '@allotree/testing';
import type { SeatsCommand, SeatsEvent, SeatsRefusal, SeatsState, TestDatabase } from '@allotree/testing';
import { gzipSync } from 'node:zlib';
import pg from 'pg';
import type { CommandContext, Outcome } from './aggregate.js';
import { CommandRuntime } from './command-runtime.js';
import type { Handler, RuntimeOptions } from './command-runtime.js';
import { TooManyConflicts } from './errors.js';
import { PostgresEventStore } from './postgres/postgres-event-store.js';
import { PostgresSnapshotStore } from './postgres/postgres-snapshot-store.js';

type SeatsHandler = Handler<SeatsState, SeatsCommand, SeatsEvent, SeatsRefusal>;

function context(more: Partial<CommandContext> = {}): CommandContext {
  return { commandId: randomUUID(), correlationId: 'c', causationId: null, actor: 'user:u', tenantId: 't', ...more };
}

const open = (capacity: number): SeatsCommand => ({ type: 'Open', capacity });
const take = (who: string): SeatsCommand => ({ type: 'Take', who });

describe('CommandRuntime on PostgreSQL', () => {
  let database: TestDatabase;
  let snapshots: PostgresSnapshotStore;
  const running: { runtime: CommandRuntime; store: PostgresEventStore }[] = [];

  /** Starts what one process has: a store and a runtime. */
  async function startProcess(options: Partial<RuntimeOptions> = {}) {
    const store = await PostgresEventStore.open({ connectionString: database.connectionString });
    const runtime = new CommandRuntime({ store, snapshots, ...options });
    running.push({ runtime, store });
    return { store, runtime, handler: runtime.aggregate(seats) as SeatsHandler };
  }

  beforeAll(async () => {
    database = await createTestDatabase();
    snapshots = await PostgresSnapshotStore.open({ connectionString: database.connectionString });
  });
  afterAll(async () => {
    for (const { runtime, store } of running) {
      await runtime.stop();
      await store.close();
    }
    await snapshots.close();
    await database.drop();
  });

  const kinds = (outcomes: Outcome<SeatsEvent, SeatsRefusal>[], kind: string) =>
    outcomes.filter((outcome) => outcome.kind === kind).length;

  it('records every accepted command of a hot stream exactly once', async () => {
    const { store, handler } = await startProcess();
    const id = randomUUID();
    await handler.execute(id, open(500), context());
    const outcomes: Outcome<SeatsEvent, SeatsRefusal>[] = [];
    const caller = async (lane: number): Promise<void> => {
      for (let i = 0; i < 20; i++) outcomes.push(await handler.execute(id, take(`${lane}/${i}`), context()));
    };
    await Promise.all(Array.from({ length: 32 }, (_, lane) => caller(lane)));
    expect([kinds(outcomes, 'accepted'), kinds(outcomes, 'refused')]).toEqual([500, 140]);
    const recorded = await collect(store.readStream(`seats-${id}`));
    expect(recorded).toHaveLength(501);
    expect(new Set(recorded.map(({ metadata }) => metadata.eventId)).size).toBe(501);
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

  it('records acknowledged commands of three processes exactly once and keeps the limit', async () => {
    const processes = await Promise.all([startProcess(), startProcess(), startProcess()]);
    const id = randomUUID();
    await processes[0].handler.execute(id, open(400), context());
    const acknowledged: string[] = [];
    const refused: string[] = [];
    const caller = async (lane: number): Promise<void> => {
      const { handler } = processes[lane % 3]!;
      for (let i = 0; i < 20; i++) {
        const asked = context();
        const outcome = await handler.execute(id, take(`${lane}/${i}`), asked).catch((error: unknown) => {
          if (error instanceof TooManyConflicts) return null;
          throw error;
        });
        if (outcome) (outcome.kind === 'accepted' ? acknowledged : refused).push(asked.commandId);
      }
    };
    await Promise.all(Array.from({ length: 24 }, (_, lane) => caller(lane)));
    const [, ...recorded] = await collect(processes[0].store.readStream(`seats-${id}`));
    expect(recorded.map(({ metadata }) => metadata.commandId).sort()).toEqual(acknowledged.sort());
    expect(recorded.map(({ revision }) => revision)).toEqual(recorded.map((_, n) => n + 1));
    expect(recorded.length).toBeLessThanOrEqual(400);
    if (refused.length > 0) expect(recorded).toHaveLength(400);
  });

  it('shows one process what another wrote', async () => {
    const [one, two] = await Promise.all([startProcess(), startProcess()]);
    const id = randomUUID();
    await one.handler.execute(id, open(7), context());
    const appends = new Promise<void>((resolve) =>
      one.store.onAppend((byAnotherProcess) => byAnotherProcess && resolve()),
    );
    await two.handler.execute(id, take('theirs'), context());
    await appends;
    expect(await one.handler.read(id, ({ taken }) => [...taken])).toEqual(['theirs']);
  });

  it('enforces If-Match across processes', async () => {
    const [one, two] = await Promise.all([startProcess(), startProcess()]);
    const id = randomUUID();
    await one.handler.execute(id, open(7), context());
    const both = await Promise.all(
      [one, two].map(({ handler }, n) => handler.execute(id, take(`${n}`), context({ expectedRevision: 0 }))),
    );
    expect([kinds(both, 'accepted'), kinds(both, 'stale')]).toEqual([1, 1]);
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

  it.each([
    ['cannot be read', Buffer.from('not gzip')],
    ['is valid JSON, but not what was written', gzipSync(JSON.stringify({ capacity: 0, taken: [] }))],
  ])('loads from the snapshot and the tail, and without one that %s', async (_what, state) => {
    const first = await startProcess();
    const id = randomUUID();
    for (let i = 0; i < 30; i++) await first.handler.execute(id, { type: 'TakeMany', count: 1 }, context());
    await first.runtime.stop();
    const load = async () => {
      const loaded: number[] = [];
      let ignored = 0;
      const { handler } = await startProcess({
        metrics: { loaded: (_, events) => loaded.push(events), snapshotIgnored: () => ignored++ },
      });
      return { taken: await handler.read(id, ({ taken }) => taken.length), read: loaded[0]!, ignored };
    };
    const sound = await load();
    expect(sound).toMatchObject({ taken: 30, ignored: 0 });
    expect(sound.read).toBeLessThan(30);
    const client = new pg.Client({ connectionString: database.connectionString });
    await client.connect();
    await client.query('UPDATE events.snapshot SET state = $2 WHERE stream_name = $1', [`seats-${id}`, state]);
    await client.end();
    expect(await load()).toEqual({ taken: 30, read: 30, ignored: 1 });
  });

  it('records each command once and answers when connections are cut under load', async () => {
    const { store, handler } = await startProcess();
    const ids = Array.from({ length: 5 }, () => randomUUID());
    const cutter = new pg.Client({ connectionString: database.connectionString });
    await cutter.connect();
    let cuts = 0;
    const cut = async (): Promise<void> => {
      while (cuts < 5) {
        const { rowCount } = await cutter.query(
          "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'allotree events' AND state = 'active' AND query LIKE '%append(%'",
        );
        cuts += rowCount ?? 0;
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    };
    const callUntilCut = async (id: string): Promise<number> => {
      let n = 0;
      for (; cuts < 5 || n < 5; n++)
        expect(await handler.execute(id, { type: 'TakeMany', count: 1 }, context())).toMatchObject({
          kind: 'accepted',
        });
      return n;
    };
    const [counts] = await Promise.all([
      Promise.all(
        ids.map(async (id) => (await Promise.all([callUntilCut(id), callUntilCut(id)])).reduce((a, b) => a + b)),
      ),
      cut(),
    ]);
    await cutter.end();
    for (const [n, id] of ids.entries()) {
      const recorded = await collect(store.readStream(`seats-${id}`));
      expect(recorded).toHaveLength(counts[n]!);
      expect(new Set(recorded.map(({ metadata }) => metadata.commandId)).size).toBe(counts[n]);
    }
  }, 60_000);
});
