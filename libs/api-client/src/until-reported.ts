import { setTimeout as sleep } from 'node:timers/promises';
import type { Api } from './api.js';

const LOOK_MS = 100;

/** Waits until the reporting service has processed everything that was published before. */
export async function untilReported(api: Api): Promise<void> {
  for (;;) {
    const { items } = await api.get<{ items: { behind: number }[] }>('/reporting-service/projections');
    if (items.every(({ behind }) => behind === 0)) return;
    await sleep(LOOK_MS);
  }
}
