import { setTimeout as sleep } from 'node:timers/promises';
import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { PermanentJobError, type Job, type JobQueues } from '@allotree/jobs';
import { until } from './until.js';

/** A job store used by a single test suite. */
export interface JobStoreUnderTest {
  /** Opens the store as a separate replica would. @param isClockAccurate whether its clock is correct; defaults to always */
  open(isClockAccurate?: () => Promise<boolean>): JobQueues;
  /** Loses all data, like a server that restarts empty. */
  wipe(): Promise<void>;
  /** A process takes a job of the queue for `lockMs` and is killed while working on it. */
  takeAndDie(queue: string, lockMs: number): Promise<void>;
  cleanUp(): Promise<void>;
}

/** The behavior required of job queues on every backend. */
export function jobsContract(name: string, makeStore: () => Promise<JobStoreUnderTest>): void {
  describe(`jobs contract: ${name}`, () => {
    let store: JobStoreUnderTest;
    const opened: JobQueues[] = [];
    const open = (isClockAccurate?: () => Promise<boolean>): JobQueues => {
      const queues = store.open(isClockAccurate);
      opened.push(queues);
      return queues;
    };
    beforeAll(async () => {
      store = await makeStore();
    });
    afterEach(async () => {
      await Promise.all(opened.splice(0).map((queues) => queues.close()));
    });
    afterAll(() => store?.cleanUp());

    const aName = (): string => `queue-${randomUUID().slice(0, 8)}`;
    const jobsOf = (count: number): { id: string; data: { n: number } }[] =>
      Array.from({ length: count }, (_, n) => ({ id: `job_${n}`, data: { n } }));

    it('delivers jobs complete and in the order in which they were added', async () => {
      const queues = open();
      const name = aName();
      const data = { text: 'ü "quoted" \\ 漢字', list: [null, true, 1.5], n: -1 };
      await queues.queue(name).add([{ id: 'first', data }, ...jobsOf(40)]);
      const seen: Job<{ n: number }>[] = [];
      queues.work<{ n: number }>(name, async (job) => void seen.push(job));
      await until(() => seen.length === 41);
      expect(seen[0]).toEqual({ id: 'first', data, attempt: 1, isLastAttempt: false });
      expect(seen.map(({ data: { n } }) => n)).toEqual(Array.from({ length: 41 }, (_, n) => n - 1));
    });

    it('ignores a job that is already waiting or done', async () => {
      const queues = open();
      const name = aName();
      const queue = queues.queue<number>(name);
      await queue.add([{ id: 'a', data: 1 }]);
      await queue.add([
        { id: 'a', data: 2 },
        { id: 'b', data: 3 },
      ]);
      const seen: number[] = [];
      queues.work<number>(name, async ({ data }) => void seen.push(data));
      await until(async () => (await queue.counts()).completed === 2);
      await queue.add([{ id: 'a', data: 4 }]);
      expect(await queue.states(['a', 'b', 'c'])).toEqual(['completed', 'completed', 'missing']);
      expect(seen).toEqual([1, 3]);
      expect(await queue.counts()).toEqual({ waiting: 0, delayed: 0, active: 0, completed: 2, failed: 0 });
    });

    it('retries a job, and makes it a dead letter with the reason after the last attempt', async () => {
      const queues = open();
      const name = aName();
      const queue = queues.queue<string>(name, { attempts: 3, firstPauseMs: 5 });
      const attempts: string[] = [];
      await queue.add([
        { id: 'bad', data: 'bad' },
        { id: 'shaky', data: 'shaky' },
      ]);
      queues.work<string>(name, async ({ data, attempt, isLastAttempt }) => {
        attempts.push(`${data} ${attempt}${isLastAttempt ? ' last' : ''}`);
        if (data === 'bad' || attempt === 1) throw new Error(`${data} failed`);
      });
      await until(async () => (await queue.counts()).failed === 1 && (await queue.counts()).completed === 1);
      expect(attempts.sort()).toEqual(['bad 1', 'bad 2', 'bad 3 last', 'shaky 1', 'shaky 2']);
      expect(await queue.failed({ offset: 0, limit: 10 })).toEqual([
        { id: 'bad', data: 'bad', attempts: 3, reason: 'bad failed', failedAt: expect.any(Number) },
      ]);
    });

    it('tries a job again, without counting attempts, while a backend of its handler is away', async () => {
      const queues = open();
      const name = aName();
      const queue = queues.queue<null>(name, { attempts: 2, firstPauseMs: 2 });
      const attempts: number[] = [];
      await queue.add([{ id: 'patient', data: null }]);
      queues.work(name, async ({ attempt }) => {
        attempts.push(attempt);
        if (attempts.length < 4) throw Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
      });
      await until(async () => (await queue.counts()).completed === 1);
      expect(attempts).toEqual([1, 1, 1, 1]);
    });

    it('does not retry a job that gave up', async () => {
      const queues = open();
      const name = aName();
      const queue = queues.queue<null>(name, { firstPauseMs: 5 });
      let attempts = 0;
      await queue.add([{ id: 'hopeless', data: null }]);
      queues.work(name, async () => {
        attempts++;
        throw new PermanentJobError('no such mailbox');
      });
      await until(async () => (await queue.counts()).failed === 1);
      expect(attempts).toBe(1);
      expect(await queue.failed({ offset: 0, limit: 1 })).toMatchObject([
        { id: 'hopeless', reason: 'no such mailbox' },
      ]);
    });

    it('retries a dead letter with all its attempts, and no other job', async () => {
      const queues = open();
      const name = aName();
      const queue = queues.queue<null>(name, { attempts: 2, firstPauseMs: 5 });
      let works = false;
      const attempts: number[] = [];
      await queue.add([{ id: 'letter', data: null }]);
      queues.work(name, async ({ attempt }) => {
        attempts.push(attempt);
        if (!works) throw new Error('not yet');
      });
      await until(async () => (await queue.counts()).failed === 1);
      works = true;
      expect(await queue.retry('letter')).toBe(true);
      await until(async () => (await queue.counts()).completed === 1);
      expect(attempts).toEqual([1, 2, 1]);
      expect(await queue.retry('letter')).toBe(false);
      expect(await queue.retry('unknown')).toBe(false);
    });

    it('gives each job to one of several workers, which process several concurrently', async () => {
      const name = aName();
      const seen: number[] = [];
      let under = 0;
      let most = 0;
      await open().queue(name).add(jobsOf(60));
      for (const queues of [open(), open()]) {
        queues.work<{ n: number }>(
          name,
          async ({ data }) => {
            most = Math.max(most, ++under);
            await sleep(10);
            under--;
            seen.push(data.n);
          },
          { concurrency: 4 },
        );
      }
      await until(() => seen.length >= 60);
      expect(new Set(seen).size).toBe(60);
      expect(seen).toHaveLength(60);
      expect(most).toBeGreaterThan(1);
      expect(most).toBeLessThanOrEqual(8);
    });

    it('finishes jobs in progress when it stops, and leaves the rest', async () => {
      const name = aName();
      const first = open();
      const done: string[] = [];
      let begun = false;
      await first.queue(name).add(jobsOf(5));
      first.work(name, async ({ id }) => {
        begun = true;
        await sleep(50);
        done.push(id);
      });
      await until(() => begun);
      await first.stopWorking();
      const doneByFirst = done.length;
      expect(doneByFirst).toBeGreaterThan(0);
      expect(doneByFirst).toBeLessThan(5);
      await first.queue(name).add([{ id: 'late', data: null }]);
      open().work(name, async ({ id }) => void done.push(id));
      await until(() => done.length === 6);
      expect(new Set(done).size).toBe(6);
    });

    it('gives the job of a killed process to another one', async () => {
      const name = aName();
      const queues = open();
      await queues.queue(name).add(jobsOf(1));
      await store.takeAndDie(name, 300);
      const seen: string[] = [];
      queues.work(name, async ({ id }) => void seen.push(id), { lockMs: 300 });
      await until(() => seen.length === 1);
      expect(seen).toEqual(['job_0']);
    }, 30_000);

    it('ticks at an interval in one replica, whichever set the interval', async () => {
      const name = aName();
      let ticks = 0;
      let under = 0;
      let most = 0;
      const tick = async (): Promise<void> => {
        most = Math.max(most, ++under);
        await sleep(5);
        under--;
        ticks++;
      };
      await Promise.all([open(), open(), open()].map((queues) => queues.every(name, 200, tick)));
      const start = performance.now();
      await until(() => ticks >= 10);
      // Three independent tickers would have been three times as fast.
      expect(performance.now() - start).toBeGreaterThan(1_000);
      expect(most).toBeLessThanOrEqual(2);
    });

    it('ticks only in replicas whose clock is correct', async () => {
      const name = aName();
      const clock = { isRight: true };
      const ticks = { wrong: 0, right: 0 };
      const wrong = open(() => Promise.resolve(clock.isRight));
      await wrong.every(name, 100, async () => void ticks.wrong++);
      await until(() => ticks.wrong > 0);
      clock.isRight = false;
      const right = open();
      await right.every(name, 100, async () => void ticks.right++);
      const before = ticks.wrong;
      await until(() => ticks.right >= 10);
      // One tick may have been in progress.
      expect(ticks.wrong).toBeLessThanOrEqual(before + 1);
      await right.close();
      clock.isRight = true;
      const then = ticks.wrong;
      await until(() => ticks.wrong > then + 1);
    }, 30_000);

    it('keeps ticking after a replica with a fast clock scheduled the next tick far ahead', async () => {
      const name = aName();
      let ticks = 0;
      await open().every(name, 100, async () => void ticks++);
      const ahead = open();
      await ahead.every(name, 3_600_000, () => Promise.resolve());
      await ahead.close();
      const before = ticks;
      await until(() => ticks > before + 2);
    }, 30_000);

    it('keeps ticking after a failed tick', async () => {
      const queues = open();
      let ticks = 0;
      await queues.every(aName(), 50, async () => {
        ticks++;
        if (ticks < 3) throw new Error('not this time');
      });
      await until(() => ticks >= 5);
      expect(ticks).toBeGreaterThanOrEqual(5);
    });

    it('recovers after losing all data: ticks resume, and jobs run when added again', async () => {
      const queues = open();
      const name = aName();
      const queue = queues.queue<{ n: number }>(name);
      let ticks = 0;
      const seen: string[] = [];
      await queues.every(aName(), 100, async () => void ticks++);
      await queue.add(jobsOf(3));
      await until(() => ticks > 1);
      await store.wipe();
      const before = ticks;
      expect(await queue.states(['job_0', 'job_1', 'job_2'])).toEqual(['missing', 'missing', 'missing']);
      await queue.add(jobsOf(3));
      queues.work(name, async ({ id }) => void seen.push(id));
      await until(() => seen.length === 3 && ticks > before + 2);
      expect(seen).toEqual(['job_0', 'job_1', 'job_2']);
    }, 30_000);

    it('processes thousands of jobs', async () => {
      const queues = open();
      const name = aName();
      const queue = queues.queue(name);
      await queue.add(jobsOf(2_000));
      const seen = new Set<string>();
      queues.work(name, async ({ id }) => void seen.add(id), { concurrency: 10 });
      await until(() => seen.size === 2_000);
      await until(async () => (await queue.counts()).completed === 2_000);
    }, 60_000);
  });
}
