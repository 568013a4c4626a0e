import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { SILENT } from '../logger.js';
import { AppendWatch } from './append-watch.js';

/** A feed of event ids controlled by the spec. */
class Feed {
  followers = 0;
  #arrived: (string | Error)[] = [];
  #wake: () => void = () => undefined;

  give(...hints: (string | Error)[]): void {
    this.#arrived.push(...hints);
    this.#wake();
  }

  async *follow(onLive: () => void): AsyncIterable<string> {
    this.followers++;
    for (let live = false; ; live = true) {
      const hints = this.#arrived.shift();
      if (hints instanceof Error) throw hints;
      if (hints !== undefined) yield hints;
      else if (!live) onLive();
      if (this.#arrived.length === 0) await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}

async function watching() {
  const hints = new Feed();
  const watch = new AppendWatch((onLive) => hints.follow(onLive), SILENT);
  await watch.start();
  const appends: boolean[] = [];
  watch.listen((byAnotherProcess) => appends.push(byAnotherProcess));
  const stop = async (): Promise<void> => {
    const stopped = watch.stop();
    hints.give(new Error('closed'));
    await stopped;
  };
  return { hints, watch, appends, stop };
}

/** Waits until the watch has subscribed this many times. */
async function followed(hints: Feed, times: number): Promise<void> {
  while (hints.followers < times) await new Promise((resolve) => setTimeout(resolve, 5));
  for (let i = 0; i < 5; i++) await turn();
}

describe('AppendWatch', () => {
  it('reports foreign events, and its own once their append is answered', async () => {
    const { hints, watch, appends, stop } = await watching();
    watch.appending(['own-1', 'own-2']);
    hints.give('own-1', 'theirs', 'own-2');
    await followed(hints, 1);
    expect(appends).toEqual([true]);
    watch.appended();
    expect(appends).toEqual([true, false]);
    await stop();
  });

  it('treats an event as its own once, and not if its append was unanswered', async () => {
    const { hints, watch, appends, stop } = await watching();
    watch.appending(['once']);
    watch.appending(['unknown']);
    watch.notAppended(['unknown']);
    hints.give('once', 'once', 'unknown');
    await followed(hints, 1);
    expect(appends).toEqual([true, true]);
    await stop();
  });

  it('resubscribes after a drop, with one hint for missed events', async () => {
    const { hints, appends, stop } = await watching();
    hints.give(new Error('dropped'));
    await followed(hints, 2);
    expect(appends).toEqual([true]);
    hints.give('theirs');
    await followed(hints, 2);
    expect(appends).toEqual([true, true]);
    await stop();
  });

  it('fails to start if the store cannot be subscribed to', async () => {
    const hints = new Feed();
    hints.give(new Error('denied'));
    const watch = new AppendWatch((onLive) => hints.follow(onLive), SILENT);
    await expect(watch.start()).rejects.toThrow('denied');
    expect(hints.followers).toBe(1);
    await watch.stop();
  });

  it('notifies no listener after it was stopped', async () => {
    const { hints, appends, stop } = await watching();
    await stop();
    hints.give('theirs');
    await turn();
    expect(appends).toEqual([]);
    expect(hints.followers).toBe(1);
  });
});
