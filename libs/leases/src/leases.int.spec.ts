import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createTestDatabase, startDatabaseProxy, type DatabaseProxy, type TestDatabase } from '@allotree/testing';
import pg from 'pg';
import { Leases, type Lease, type LeasesOptions, type Worker } from './index.js';

/** Longer than any spec, so that nothing can depend on it. */
const NEVER = 600_000;

let database: TestDatabase;
let admin: pg.Client;
let schema: string;
let opened: Leases[];

beforeAll(async () => {
  database = await createTestDatabase();
  admin = new pg.Client({ connectionString: database.connectionString });
  await admin.connect();
});
afterAll(async () => {
  await admin.end();
  await database.drop();
});
beforeEach(() => {
  schema = `s${randomUUID().slice(0, 8)}`;
  opened = [];
});
afterEach(() => Promise.all(opened.map((leases) => leases.close())));

const open = async (options: Partial<LeasesOptions> = {}): Promise<Leases> => {
  const leases = await Leases.open({ connectionString: database.connectionString, schema, ...options });
  opened.push(leases);
  return leases;
};

/** A worker that runs until aborted; `next()` waits until the lease is acquired (again). */
function worker(): Worker & { next(): Promise<Lease> } {
  const obtained: Lease[] = [];
  let arrived: (() => void) | null = null;
  return {
    async work(lease) {
      obtained.push(lease);
      arrived?.();
      if (!lease.signal.aborted) await once(lease.signal, 'abort');
    },
    async next() {
      if (obtained.length === 0) await new Promise<void>((resolve) => (arrived = resolve));
      return obtained.shift()!;
    },
  };
}

const row = async (name: string): Promise<{ holder: string; fence: string; free: boolean }> => {
  const { rows } = await admin.query<{ holder: string; fence: string; free: boolean }>(
    `SELECT holder, fence, expires_at <= clock_timestamp() AS free FROM ${schema}.lease WHERE name = $1`,
    [name],
  );
  return rows[0]!;
};

describe('a lease', () => {
  it('that is free is held when hold() resolves and released by stop()', async () => {
    const leases = await open();
    const hold = await leases.hold('a', worker());
    expect(hold.held).toBe(true);
    expect(await row('a')).toMatchObject({ fence: '1', free: false });
    await hold.stop();
    expect(hold.held).toBe(false);
    expect(await row('a')).toMatchObject({ fence: '1', free: true });
    const again = await leases.hold('a', worker());
    expect(again.held).toBe(true);
    expect(await row('a')).toMatchObject({ fence: '2', free: false });
  });

  it('passes to a waiting process on release, with a greater fencing token', async () => {
    const [first, second] = [await open({ leaseMs: NEVER, renewMs: NEVER }), await open({ renewMs: NEVER })];
    const waiting = worker();
    const held = await first.hold('a', worker());
    const hold = await second.hold('a', waiting);
    expect([held.held, hold.held]).toEqual([true, false]);
    await held.stop();
    expect((await waiting.next()).fence).toBe(2n);
    expect([held.held, hold.held]).toEqual([false, true]);
  });

  it('of a dead process passes to another when it expires', async () => {
    const leases = await open();
    await admin.query(`INSERT INTO ${schema}.lease VALUES ('a', 'gone', 7, now() + interval '1500 milliseconds')`);
    const waiting = worker();
    const hold = await leases.hold('a', waiting);
    expect(hold.held).toBe(false);
    expect((await waiting.next()).fence).toBe(8n);
    expect((await row('a')).holder).not.toBe('gone');
  });

  it('stays with its live holder, however many processes wait', async () => {
    const holder = worker();
    const [first, second] = [await open({ leaseMs: 300, renewMs: 50 }), await open({ leaseMs: 300, renewMs: 50 })];
    await first.hold('a', holder);
    const lease = await holder.next();
    const rival = await second.hold('a', worker());
    // `second` acquires and releases each of these, and attempts to acquire `a` meanwhile.
    for (let n = 0; n < 40; n++) await (await second.hold(`b${n}`, worker())).stop();
    expect([lease.held, rival.held]).toEqual([true, false]);
    expect(await row('a')).toMatchObject({ fence: '1', free: false });
  });

  it('has one worker at a time over many changes of holder', async () => {
    const replicas = await Promise.all(Array.from({ length: 4 }, () => open({ leaseMs: 5_000, renewMs: 20 })));
    let working = 0;
    let most = 0;
    const fences: bigint[] = [];
    const work = async (lease: Lease): Promise<void> => {
      fences.push(lease.fence);
      most = Math.max(most, ++working);
      await new Promise(setImmediate);
      working--;
    };
    await Promise.all(replicas.map((leases) => leases.hold('a', { work })));
    while (fences.length < 40) await new Promise(setImmediate);
    expect(most).toBe(1);
    expect(fences.slice(0, 40)).toEqual(Array.from({ length: 40 }, (_, n) => BigInt(n + 1)));
  });

  it('is requested again after its work failed', async () => {
    const leases = await open({ renewMs: 20 });
    let times = 0;
    const done = new Promise<Lease>((resolve) => {
      void leases.hold('a', {
        async work(lease) {
          if (times++ < 2) throw new Error('no');
          resolve(lease);
          await once(lease.signal, 'abort');
        },
      });
    });
    expect((await done).fence).toBe(3n);
  });

  it('can be seized: its holder stops, and no process acquires it until it is released', async () => {
    const [first, second] = [await open({ renewMs: 20 }), await open({ leaseMs: NEVER })];
    const holder = worker();
    await first.hold('a', holder);
    const lease = await holder.next();
    const lost = once(lease.signal, 'abort');
    const seizure = await second.seize('a');
    expect(seizure.fence).toBe(2n);
    await lost;
    expect(lease.held).toBe(false);
    expect(await row('a')).toMatchObject({ fence: '2', free: false });
    await seizure.release();
    expect((await holder.next()).fence).toBe(3n);
  });

  it('is taken over immediately by the next run of a single process', async () => {
    await open();
    await admin.query(`INSERT INTO ${schema}.lease VALUES ('a', 'alone', 7, now() + interval '1 hour')`);
    const again = await open({ singleProcess: true });
    const other = await open();
    expect((await other.hold('a', worker())).held).toBe(false);
    expect((await again.hold('a', worker())).held).toBe(true);
    expect(await row('a')).toMatchObject({ holder: 'alone', fence: '8' });
  });

  it('cannot be held twice by one process', async () => {
    const leases = await open();
    await leases.hold('a', worker());
    await expect(leases.hold('a', worker())).rejects.toThrow('already holds');
  });
});

describe('a holder that cannot renew', () => {
  let proxy: DatabaseProxy;
  beforeEach(async () => {
    proxy = await startDatabaseProxy(database.connectionString);
  });
  afterEach(() => proxy.close());

  it.each(['cut', 'freeze'] as const)(
    '(%s) considers the lease lost before another process acquires it',
    async (how) => {
      const lonely = await open({ connectionString: proxy.connectionString, leaseMs: 1_000, renewMs: 100 });
      const other = await open({ leaseMs: 1_000, renewMs: 100 });
      const [here, there] = [worker(), worker()];
      await lonely.hold('a', here);
      const lease = await here.next();
      await other.hold('a', there);
      const lost = once(lease.signal, 'abort').then(() => 'lost');
      proxy[how]();
      const taken = there.next().then(() => 'taken');
      const first = await Promise.race([lost, taken]);
      expect([first, lease.held]).toEqual(['lost', false]);
      await taken;
      proxy.restore();
      await other.close();
      // It has recovered.
      expect((await here.next()).fence).toBeGreaterThan(2n);
    },
  );

  it('knows by its own clock after a pause, before its timers fire', async () => {
    const leases = await open({ leaseMs: 200, renewMs: 50 });
    const holder = worker();
    await leases.hold('a', holder);
    const lease = await holder.next();
    // Blocks the whole process.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);
    expect([lease.held, lease.signal.aborted]).toEqual([false, false]);
    await once(lease.signal, 'abort');
  });
});

it('processes that start at the same time create the table once', async () => {
  const all = await Promise.all(Array.from({ length: 6 }, () => open()));
  const holds = await Promise.all(all.map((leases) => leases.hold('a', worker())));
  expect(holds.filter(({ held }) => held)).toHaveLength(1);
});
