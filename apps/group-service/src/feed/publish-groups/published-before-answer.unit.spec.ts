import { describe, expect, it } from '@jest/globals';
import type { CallHandler, ExecutionContext } from '@nestjs/common';
import { lastValueFrom, of } from 'rxjs';
import { PublishedBeforeAnswer } from './published-before-answer.js';

function made() {
  const runtime = { lastPosition: 5n };
  const waits: { readonly position: bigint; readonly timeoutMs: number }[] = [];
  let publishedUpTo = 0n;
  const subscriptions = {
    waitUntil: (_name: string, position: bigint, timeoutMs: number) => {
      waits.push({ position, timeoutMs });
      return Promise.resolve(position <= publishedUpTo);
    },
  };
  const interceptor = new PublishedBeforeAnswer(runtime, subscriptions);
  const answer = (): Promise<unknown> => {
    const next: CallHandler = { handle: () => of('answer') };
    return lastValueFrom(interceptor.intercept({} as ExecutionContext, next));
  };
  return { answer, runtime, waits, publish: (position: bigint) => (publishedUpTo = position) };
}

describe('PublishedBeforeAnswer', () => {
  it('waits until what was recorded is published, before a command is answered', async () => {
    const { answer, waits, publish } = made();
    publish(5n);
    expect(await answer()).toBe('answer');
    expect(waits).toEqual([{ position: 5n, timeoutMs: 5_000 }]);
  });

  it('lets one answer wait while the bus is away, and waits again once the publisher has gone on', async () => {
    const { answer, waits, runtime, publish } = made();
    await answer();
    runtime.lastPosition = 6n;
    await answer();
    await answer();
    expect(waits.map(({ timeoutMs }) => timeoutMs)).toEqual([5_000, 0, 0]);
    publish(6n);
    await answer();
    expect(waits.slice(3)).toEqual([
      { position: 5n, timeoutMs: 0 },
      { position: 6n, timeoutMs: 5_000 },
    ]);
  });
});
