import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it, jest } from '@jest/globals';
import { until } from '@allotree/testing/until';
import { RequestQueue } from './idle-connections.js';

interface Queue extends RequestQueue {
  push(request: object): void;
  maybeThrottle(milliseconds: number): void;
  destroy(): void;
  checkPendingRequests(): void;
  fulfillRequest(response: object): void;
}
const Queue = RequestQueue as unknown as new (options: object) => Queue;

const settings = {
  maxInFlightRequests: null,
  requestTimeout: 30_000,
  enforceRequestTimeout: false,
  clientId: 'allotree',
  broker: '127.0.0.1:9092',
  logger: { debug: () => undefined, warn: () => undefined },
};

const request = (correlationId: number, sent: number[]): object => ({
  entry: { correlationId, resolve: () => undefined, reject: () => undefined },
  expectResponse: true,
  sendRequest: () => void sent.push(correlationId),
});

it('looks for no requests while none waits', async () => {
  const queue = new Queue(settings);
  const sent: number[] = [];
  queue.push(request(1, sent));
  const looked = jest.spyOn(queue, 'checkPendingRequests');
  queue.fulfillRequest({ correlationId: 1, payload: null, size: 0 });
  await sleep(10);
  expect([sent, looked.mock.calls.length]).toEqual([[1], 1]);
});

it('sends a request that had to wait, as soon as it may', async () => {
  const queue = new Queue(settings);
  const sent: number[] = [];
  queue.maybeThrottle(10);
  queue.push(request(1, sent));
  expect(sent).toEqual([]);
  await until(() => sent.length > 0);
  expect(sent).toEqual([1]);
  queue.destroy();
});
