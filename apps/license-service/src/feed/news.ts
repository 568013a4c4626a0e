import { setTimeout as delay } from 'node:timers/promises';

/** Another replica may hear the news, so a waiter looks again after so long even when this process heard nothing. */
const LOOK_AGAIN_MS = 250;

/**
 * Lets a request wait for facts of the group service that are still on their way. Whoever records such a fact in this
 * process calls `heard`; waiters try again at once.
 */
export class News {
  private readonly waiting = new Map<string, Set<() => void>>();

  constructor(private readonly longestMs: number) {}

  /** Something about this project or partner was recorded. */
  heard(id: string): void {
    for (const wake of this.waiting.get(id) ?? []) wake();
  }

  /** Attempts until the result is settled, or the time is up: then the last result stands. */
  async until<Result>(
    id: string,
    attempt: () => Promise<Result>,
    settled: (result: Result) => boolean,
    longestMs = Infinity,
  ): Promise<Result> {
    const deadline = performance.now() + Math.min(this.longestMs, longestMs);
    for (;;) {
      // Listens before it looks: news that come in between are not missed.
      const news = this.listen(id);
      try {
        const result = await attempt();
        const left = deadline - performance.now();
        if (settled(result) || left <= 0) return result;
        await Promise.race([news.heard, delay(Math.min(left, LOOK_AGAIN_MS), undefined, { signal: news.signal })]);
      } finally {
        news.stop();
      }
    }
  }

  private listen(id: string): { heard: Promise<void>; signal: AbortSignal; stop: () => void } {
    const stopped = new AbortController();
    const waiters = this.waiting.get(id) ?? new Set();
    this.waiting.set(id, waiters);
    let wake = (): void => undefined;
    const heard = new Promise<void>((resolve) => {
      wake = resolve;
    });
    waiters.add(wake);
    const stop = (): void => {
      waiters.delete(wake);
      if (waiters.size === 0) this.waiting.delete(id);
      stopped.abort();
    };
    return { heard, signal: stopped.signal, stop };
  }
}
