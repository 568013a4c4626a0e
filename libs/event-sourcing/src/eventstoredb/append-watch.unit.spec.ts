import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { SILENT } from '../logger.js';
import { AppendWatch } from './append-watch.js';

/** A feed of event ids controlled by the spec. */
class Feed {
  followers = 0;
  #arrived: (string | Error)[] = [];
  #wake: () => void = () => undefined;

  give(...news: (string | Error)[]): void {
    this.#arrived.push(...news);
    this.#wake();
  }

  async *follow(onLive: () => void): AsyncIterable<string> {
    this.followers++;
    for (let live = false; ; live = true) {
      const news = this.#arrived.shift();
      if (news instanceof Error) throw news;
      if (news !== undefined) yield news;
      else if (!live) onLive();
      if (this.#arrived.length === 0) await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}

async function watching() {
  const news = new Feed();
  const watch = new AppendWatch((onLive) => news.follow(onLive), SILENT);
  await watch.start();
  const told: boolean[] = [];
  watch.listen((byAnotherProcess) => told.push(byAnotherProcess));
  const stop = async (): Promise<void> => {
    const stopped = watch.stop();
    news.give(new Error('closed'));
    await stopped;
  };
  return { news, watch, told, stop };
}

/** Waits until the watch has subscribed this many times. */
async function followed(news: Feed, times: number): Promise<void> {
  while (news.followers < times) await new Promise((resolve) => setTimeout(resolve, 5));
  for (let i = 0; i < 5; i++) await turn();
}

describe('AppendWatch', () => {
  it('reports foreign events, and its own once their append is answered', async () => {
    const { news, watch, told, stop } = await watching();
    watch.appending(['own-1', 'own-2']);
    news.give('own-1', 'theirs', 'own-2');
    await followed(news, 1);
    expect(told).toEqual([true]);
    watch.appended();
    expect(told).toEqual([true, false]);
    await stop();
  });

  it('treats an event as its own once, and not if its append was unanswered', async () => {
    const { news, watch, told, stop } = await watching();
    watch.appending(['once']);
    watch.appending(['unknown']);
    watch.notAppended(['unknown']);
    news.give('once', 'once', 'unknown');
    await followed(news, 1);
    expect(told).toEqual([true, true]);
    await stop();
  });

  it('resubscribes after a drop, with one hint for missed events', async () => {
    const { news, told, stop } = await watching();
    news.give(new Error('dropped'));
    await followed(news, 2);
    expect(told).toEqual([true]);
    news.give('theirs');
    await followed(news, 2);
    expect(told).toEqual([true, true]);
    await stop();
  });

  it('fails to start if the store cannot be subscribed to', async () => {
    const news = new Feed();
    news.give(new Error('denied'));
    const watch = new AppendWatch((onLive) => news.follow(onLive), SILENT);
    await expect(watch.start()).rejects.toThrow('denied');
    expect(news.followers).toBe(1);
    await watch.stop();
  });

  it('notifies no listener after it was stopped', async () => {
    const { news, told, stop } = await watching();
    await stop();
    news.give('theirs');
    await turn();
    expect(told).toEqual([]);
    expect(news.followers).toBe(1);
  });
});
