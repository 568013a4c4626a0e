import { describe, expect, it } from '@jest/globals';
import type { CallHandler, ExecutionContext } from '@nestjs/common';
import { lastValueFrom, of } from 'rxjs';
import { PublishedBeforeAnswer } from './published-before-answer.js';

class Own {}
class Foreign {}

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
  const interceptor = new PublishedBeforeAnswer(runtime, subscriptions, new Set([Own]));
  const answer = (controller: object, method: string): Promise<unknown> => {
    const execution = {
      getType: () => 'http',
      getClass: () => controller,
      switchToHttp: () => ({ getRequest: () => ({ method }) }),
    } as unknown as ExecutionContext;
    const next: CallHandler = { handle: () => of('answer') };
    return lastValueFrom(interceptor.intercept(execution, next));
  };
  return { answer, runtime, waits, publish: (position: bigint) => (publishedUpTo = position) };
}

describe('PublishedBeforeAnswer', () => {
  it('waits until what was recorded is published, before a command of this service is answered', async () => {
    const { answer, waits, publish } = made();
    publish(5n);
    expect(await answer(Own, 'POST')).toBe('answer');
    expect(waits).toEqual([{ position: 5n, timeoutMs: 5_000 }]);
  });

  it('holds back neither readings nor what other services answer', async () => {
    const { answer, waits } = made();
    expect([await answer(Own, 'GET'), await answer(Foreign, 'POST')]).toEqual(['answer', 'answer']);
    expect(waits).toEqual([]);
  });

  it('lets one answer wait while the bus is away, and waits again once the publisher has gone on', async () => {
    const { answer, waits, runtime, publish } = made();
    await answer(Own, 'POST');
    runtime.lastPosition = 6n;
    await answer(Own, 'POST');
    await answer(Own, 'DELETE');
    expect(waits.map(({ timeoutMs }) => timeoutMs)).toEqual([5_000, 0, 0]);
    publish(6n);
    await answer(Own, 'PUT');
    expect(waits.slice(3)).toEqual([
      { position: 5n, timeoutMs: 0 },
      { position: 6n, timeoutMs: 5_000 },
    ]);
  });
});
