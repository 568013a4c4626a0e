import { createRequire, syncBuiltinESMExports } from 'node:module';
import type { Random } from './random.harness.js';

const require = createRequire(import.meta.url);
const timersPromises = require('node:timers/promises') as { setTimeout: unknown; setImmediate: unknown };
const crypto = require('node:crypto') as { randomUUID: unknown };

const real = {
  setTimeout: globalThis.setTimeout,
  clearTimeout: globalThis.clearTimeout,
  setInterval: globalThis.setInterval,
  clearInterval: globalThis.clearInterval,
  setImmediate: globalThis.setImmediate,
  clearImmediate: globalThis.clearImmediate,
  Date: globalThis.Date,
  random: Math.random,
  sleep: timersPromises.setTimeout,
  pause: timersPromises.setImmediate,
  randomUUID: crypto.randomUUID,
};

/** A process of the simulated system. Whatever it schedules belongs to it, and dies or waits with it. */
export class Owner {
  isAlive = true;
  isPaused = false;
  /** By how much its wall clock is ahead of the true one, in milliseconds. */
  clockAheadMs = 0;
  /** Its tasks that became due while it was paused, in order. */
  readonly delayed: Task[] = [];

  constructor(readonly name: string) {}
}

export interface Task {
  readonly at: number;
  readonly sequence: number;
  readonly owner: Owner;
  readonly run: () => void;
  isCancelled: boolean;
}

/** The first instant of every simulation on the wall clock. */
export const EPOCH = real.Date.parse('2026-06-01T00:00:00Z');

/**
 * Time that passes only from one task to the next. Tasks run one at a time, in the order of their instants and then of their
 * scheduling; everything that a task sets off in promises has run before the next task begins. What a task schedules through
 * the global timers belongs to the owner of the task.
 */
export class VirtualTime {
  /** Milliseconds since the start, as `performance.now()` shows them. */
  now = 0;
  /** By how much the wall clocks of everybody have leapt ahead of `now`. */
  leaptMs = 0;
  current: Owner;
  tasksRun = 0;
  readonly #heap: Task[] = [];
  #sequence = 0;

  constructor(
    readonly world: Owner,
    private readonly random: Random,
  ) {
    this.current = world;
  }

  /** The true instant. */
  get instant(): number {
    return EPOCH + this.leaptMs + Math.floor(this.now);
  }

  /** The instant on the wall clock of a process. */
  clockOf(owner: Owner): number {
    return this.instant + owner.clockAheadMs;
  }

  schedule(delayMs: number, run: () => void, owner: Owner = this.current): Task {
    const task = { at: this.now + Math.max(0, delayMs), sequence: this.#sequence++, owner, run, isCancelled: false };
    this.#push(task);
    return task;
  }

  pause(owner: Owner): void {
    owner.isPaused = true;
  }

  resume(owner: Owner): void {
    owner.isPaused = false;
    for (const task of owner.delayed.splice(0)) if (!task.isCancelled) this.schedule(0, task.run, owner);
  }

  /** Runs tasks until `isOver` or there are none; rejects with what a task throws. */
  run(isOver: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const step = (): void => {
        try {
          if (isOver() || !this.#runNext()) return resolve();
        } catch (error) {
          return reject(error as Error);
        }
        if (this.tasksRun % TASKS_AT_ONCE === 0) real.setImmediate(step);
        else afterPromises(step);
      };
      step();
    });
  }

  /** Resolves once all promises that can settle without another task have settled. */
  settled(): Promise<void> {
    return new Promise((resolve) => afterPromises(resolve));
  }

  /** Replaces the clocks, timers and randomness of the process until the returned function is called. */
  install(): () => void {
    if (isInstalled) throw new Error('another simulation is running in this process');
    isInstalled = true;
    const sleep = (delayMs?: number, value?: unknown, { signal }: { signal?: AbortSignal } = {}): Promise<unknown> =>
      new Promise((resolve, reject) => {
        const abort = (): void => {
          task.isCancelled = true;
          reject(signal!.reason as Error);
        };
        const task = this.schedule(delayMs ?? 1, () => {
          signal?.removeEventListener('abort', abort);
          resolve(value);
        });
        if (signal?.aborted) abort();
        else signal?.addEventListener('abort', abort, { once: true });
      });
    const timer = (task: Task): object => Object.assign(task, { ref: () => task, unref: () => task });
    const cancel = (task?: Task): void => {
      if (task) task.isCancelled = true;
    };
    const after = (run: (...args: unknown[]) => void, delayMs?: number, ...args: unknown[]): object =>
      timer(this.schedule(delayMs ?? 1, () => run(...args)));
    const every = (run: (...args: unknown[]) => void, delayMs?: number, ...args: unknown[]): object => {
      const tick = (): void => {
        if (first.isCancelled) return;
        this.schedule(delayMs ?? 1, tick);
        run(...args);
      };
      const first = this.schedule(delayMs ?? 1, tick);
      return timer(first);
    };
    const now = (): number => this.clockOf(this.current);
    const replacements = {
      setTimeout: after,
      clearTimeout: cancel,
      setInterval: every,
      clearInterval: cancel,
      setImmediate: (run: (...args: unknown[]) => void, ...args: unknown[]) =>
        timer(this.schedule(0, () => run(...args))),
      clearImmediate: cancel,
      Date: virtualDate(now),
    };
    Object.assign(globalThis, replacements);
    Math.random = () => this.random.next();
    Object.defineProperty(performance, 'now', { value: () => this.now, configurable: true });
    Object.assign(timersPromises, { setTimeout: sleep, setImmediate: () => sleep(0) });
    Object.assign(crypto, { randomUUID: () => this.random.uuid() });
    syncBuiltinESMExports();
    return restore;
  }

  #runNext(): boolean {
    for (let task; (task = this.#pop());) {
      if (task.isCancelled || !task.owner.isAlive) continue;
      this.now = task.at;
      if (task.owner.isPaused) {
        task.owner.delayed.push(task);
        continue;
      }
      this.current = task.owner;
      this.tasksRun++;
      task.run();
      return true;
    }
    return false;
  }

  #push(task: Task): void {
    const heap = this.#heap;
    let index = heap.push(task) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!isBefore(task, heap[parent]!)) break;
      heap[index] = heap[parent]!;
      index = parent;
    }
    heap[index] = task;
  }

  #pop(): Task | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++;
      if (!isBefore(heap[child]!, last)) break;
      heap[index] = heap[child]!;
      index = child;
    }
    heap[index] = last;
    return first;
  }
}

/** After as many, signals and timers of the process have their turn. */
const TASKS_AT_ONCE = 1_000;

/** A tick begins once all promises have settled, like an immediate but without a look for I/O. Nothing that is simulated uses ticks itself. */
const afterPromises = (run: () => void): void => queueMicrotask(() => process.nextTick(run));

/** The clocks of the process can be replaced by one simulation at a time. */
let isInstalled = false;

const isBefore = (a: Task, b: Task): boolean => a.at < b.at || (a.at === b.at && a.sequence < b.sequence);

function virtualDate(now: () => number): DateConstructor {
  return new Proxy(real.Date, {
    construct: (target, args: [], newTarget) =>
      Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget) as Date,
    get: (target, key, receiver) => (key === 'now' ? now : (Reflect.get(target, key, receiver) as unknown)),
  });
}

function restore(): void {
  isInstalled = false;
  const { random, sleep, pause, randomUUID, ...globals } = real;
  Object.assign(globalThis, globals);
  Math.random = random;
  delete (performance as { now?: unknown }).now;
  Object.assign(timersPromises, { setTimeout: sleep, setImmediate: pause });
  Object.assign(crypto, { randomUUID });
  syncBuiltinESMExports();
}
