import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { CONFIGURATION, LOGGER, METRICS, Signal, type Logger } from '@allotree/basics';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { NotificationConfiguration } from '../configuration.js';
import { DeliveryQueue, type ClaimedDelivery } from './delivery-queue.js';
import { WebhookEndpoints } from './endpoints.js';
import { HostResolver } from './host-resolver.js';
import { post, type Outcome } from './http-post.js';
import { MAX_ATTEMPTS, pauseAfter } from './retry-schedule.js';
import { signaturesOf } from './signatures.js';

const LOOK_AGAIN_MS = 1_000;
const LONGEST_PAUSE_MS = 10_000;
/** Deliveries that become possible one shortly after the other are claimed together. */
const GATHER_MS = 5;
/** Deliveries of one lane that are sent under one claim. Then others take their turn. */
const DELIVERIES_IN_A_ROW = 20;
/** Attempts may take so long when the process stops. Then they are given up, and made again. */
const STOP_GRACE_MS = 2_000;

const GONE = 410;
const KEYS_UNREADABLE = 'its keys cannot be read, TOKEN_SECRET has changed: rotate the keys';

/** Endpoints that fail have slots of their own, so that they do not take those of the others. */
interface Lot {
  readonly failing: boolean;
  readonly slots: number;
  readonly signal: Signal;
  readonly inHand: Set<Promise<void>>;
}

/** Delivers webhooks: claims deliveries, sends them signed, and records what became of each. */
@Injectable()
export class WebhookSender implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly lots: readonly Lot[];
  private readonly stopping = new AbortController();
  private readonly interrupt = new AbortController();
  private loops: Promise<unknown> = Promise.resolve();
  private readonly attempts: Counter<'outcome'>;
  private readonly seconds: Histogram;
  private readonly disabled: Counter;
  private readonly listeners: (() => void)[] = [];

  constructor(
    private readonly queue: DeliveryQueue,
    private readonly resolver: HostResolver,
    private readonly endpoints: WebhookEndpoints,
    @Inject(CONFIGURATION) private readonly configuration: NotificationConfiguration,
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(METRICS) metrics: Registry,
  ) {
    const { WEBHOOK_CONCURRENCY: slots } = configuration;
    this.lots = [
      { failing: false, slots, signal: new Signal(), inHand: new Set() },
      { failing: true, slots: Math.ceil(slots / 4), signal: new Signal(), inHand: new Set() },
    ];
    const registers = [metrics];
    this.attempts = new Counter({
      name: 'webhook_attempts_total',
      help: 'Attempts to deliver a webhook, by what became of it',
      labelNames: ['outcome'],
      registers,
    });
    this.seconds = new Histogram({
      name: 'webhook_attempt_duration_seconds',
      help: 'Seconds of one attempt to deliver a webhook',
      buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 30, 60],
      registers,
    });
    this.disabled = new Counter({
      name: 'webhook_endpoints_disabled_total',
      help: 'Webhook endpoints that were disabled, because they failed for days or are gone',
      registers,
    });
    const oldest = (): Promise<number> => queue.oldestDueSeconds();
    new Gauge({
      name: 'webhook_oldest_due_seconds',
      help: 'Seconds that the oldest webhook which could go out has been waiting',
      registers,
      async collect() {
        this.set(await oldest().catch(() => Number.NaN));
      },
    });
  }

  onApplicationBootstrap(): void {
    this.loops = Promise.all(this.lots.map((lot) => this.loop(lot)));
  }

  /** Finishes what is in hand, within limits, and takes no more. */
  async onApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    this.wake();
    const grace = new AbortController();
    const inHand = this.lots.flatMap((lot) => [...lot.inHand]);
    await Promise.race([
      Promise.all([this.loops, ...inHand]),
      sleep(STOP_GRACE_MS, undefined, { signal: grace.signal }).catch(() => undefined),
    ]);
    grace.abort();
    this.interrupt.abort();
    await this.loops;
    await Promise.all(this.lots.flatMap((lot) => [...lot.inHand]));
  }

  /** There may be something to deliver. */
  wake(): void {
    for (const { signal } of this.lots) signal.notify();
  }

  /** Calls the listener whenever this process has disabled an endpoint. */
  onDisabled(listener: () => void): void {
    this.listeners.push(listener);
  }

  private async loop(lot: Lot): Promise<void> {
    for (let failures = 0; !this.stopping.signal.aborted;) {
      try {
        const free = lot.slots - lot.inHand.size;
        const claimed = free > 0 ? await this.queue.claim(free, lot.failing) : [];
        for (const delivery of claimed) this.take(delivery, lot);
        failures = 0;
        if (claimed.length === 0) await lot.signal.wait(LOOK_AGAIN_MS);
        await sleep(GATHER_MS);
      } catch (error) {
        failures += 1;
        this.logger.error({ err: error }, 'webhooks cannot be delivered, retrying');
        await lot.signal.wait(Math.min(LOOK_AGAIN_MS * 2 ** failures, LONGEST_PAUSE_MS));
      }
    }
  }

  private take(delivery: ClaimedDelivery, lot: Lot): void {
    const { inHand, signal, failing } = lot;
    const attempt = this.deliver(delivery, lot)
      .catch((error: unknown) => {
        // Its lease ends, and it is attempted again.
        this.logger.error({ err: error, delivery: delivery.deliveryId }, 'a webhook attempt could not be recorded');
      })
      .finally(() => {
        inHand.delete(attempt);
        // An endpoint that works again is of the other lot.
        if (failing) this.wake();
        else signal.notify();
      });
    inHand.add(attempt);
  }

  /** Sends a delivery and, as long as slots are free, those after it in its lane. */
  private async deliver(first: ClaimedDelivery, { failing, inHand, slots }: Lot): Promise<void> {
    let delivery: ClaimedDelivery | null = first;
    for (let sent = 1; delivery !== null; sent += 1) {
      const takeNext = (): boolean =>
        !failing && sent < DELIVERIES_IN_A_ROW && inHand.size < slots && !this.stopping.signal.aborted;
      delivery = await this.attempt(delivery, takeNext);
    }
  }

  /** @returns the next delivery of the lane, where this one was delivered and `takeNext` says so */
  private async attempt(delivery: ClaimedDelivery, takeNext: () => boolean): Promise<ClaimedDelivery | null> {
    const { tenantId, madeBy } = delivery;
    if (madeBy !== null && tenantId !== null && !(await this.endpoints.isAuthorized(madeBy, tenantId))) {
      if (await this.queue.release(delivery, true)) this.announceDisabled(delivery, 'unauthorized');
      return null;
    }
    const end = this.seconds.startTimer();
    const outcome = await this.send(delivery);
    end();
    if (outcome.kind === 'delivered') {
      const { status } = outcome;
      const { recorded, next } = await this.queue.delivered(delivery, { status, takeNext: takeNext() });
      this.count('delivered', recorded);
      return next;
    }
    if (outcome.kind === 'interrupted') await this.queue.release(delivery);
    else await this.recordFailure(delivery, outcome);
    return null;
  }

  private async send({ url, eventId, body, keys, attempts }: ClaimedDelivery): Promise<Outcome> {
    const failed = (error: string): Outcome => ({ kind: 'failed', status: null, error, retryAfterMs: null });
    if (keys === null || keys.length === 0) return failed(KEYS_UNREADABLE);
    // It may be this very attempt that ends the process.
    if (attempts > MAX_ATTEMPTS) return failed('its process ended during each attempt');
    const timestamp = Math.floor(Date.now() / 1_000);
    const headers = {
      'content-type': 'application/cloudevents+json; charset=utf-8',
      'user-agent': 'Allotree-Webhooks',
      'webhook-id': eventId,
      'webhook-timestamp': String(timestamp),
      'webhook-signature': signaturesOf({ id: eventId, timestamp, body }, keys),
    };
    const { WEBHOOKS_ALLOW_INSECURE: allowInsecure, WEBHOOK_TIMEOUT_SECONDS } = this.configuration;
    const { resolve } = this.resolver;
    return post(
      { url, headers, body, signal: this.interrupt.signal },
      { allowInsecure, resolve, timeoutMs: WEBHOOK_TIMEOUT_SECONDS * 1_000 },
    );
  }

  private async recordFailure(
    delivery: ClaimedDelivery,
    { status, error, retryAfterMs }: Extract<Outcome, { kind: 'failed' }>,
  ): Promise<void> {
    const { attempts, kind, deliveryId, endpointId } = delivery;
    const pauseMs = kind === 'test' ? null : pauseAfter({ attempts, retryAfterMs, random: Math.random() });
    const isGone = status === GONE && kind !== 'test';
    const { recorded, disabled } = await this.queue.failed(delivery, { status, error, pauseMs, isGone });
    this.logger.debug({ delivery: deliveryId, endpoint: endpointId, attempts, status, error }, 'a webhook failed');
    this.count(pauseMs === null ? 'given_up' : 'failed', recorded);
    if (disabled) this.announceDisabled(delivery, error);
  }

  private announceDisabled({ endpointId }: ClaimedDelivery, reason: string): void {
    this.disabled.inc();
    this.logger.warn({ endpoint: endpointId, reason }, 'a webhook endpoint was disabled');
    for (const listener of this.listeners) listener();
  }

  private count(outcome: string, recorded: boolean): void {
    this.attempts.inc({ outcome: recorded ? outcome : 'taken_over' });
  }
}
