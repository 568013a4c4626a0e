import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { withTimeout } from '@allotree/basics';
import type { Bus } from './bus.js';

const COLLECT_TIMEOUT_MS = 2_000;

/** Metrics of the bus; the same on every backend. */
export class BusMetrics {
  readonly handled: Counter<'group' | 'topic'>;
  readonly failed: Counter<'group' | 'topic'>;
  readonly deadLetters: Counter<'group' | 'topic'>;
  readonly published: Counter<'topic'>;
  readonly publishSeconds: Histogram<'topic'>;
  private readonly lag: Gauge<'group' | 'topic' | 'partition'>;
  private readonly watched: { readonly bus: Bus; readonly group: string; readonly topic: string }[] = [];

  constructor(registry: Registry) {
    const registers = [registry];
    const ofGroup = ['group', 'topic'] as const;
    this.handled = new Counter({
      name: 'bus_events_handled_total',
      help: 'Integration events a consumer group has handled',
      labelNames: ofGroup,
      registers,
    });
    this.failed = new Counter({
      name: 'bus_handling_failures_total',
      help: 'Failed attempts to handle integration events',
      labelNames: ofGroup,
      registers,
    });
    this.deadLetters = new Counter({
      name: 'bus_dead_letters_total',
      help: 'Integration events that became dead letters',
      labelNames: ofGroup,
      registers,
    });
    this.published = new Counter({
      name: 'bus_events_published_total',
      help: 'Integration events published',
      labelNames: ['topic'],
      registers,
    });
    this.publishSeconds = new Histogram({
      name: 'bus_publish_duration_seconds',
      help: 'Seconds until a batch of integration events was durable on the bus',
      labelNames: ['topic'],
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
      registers,
    });
    this.lag = new Gauge({
      name: 'bus_consumer_lag',
      help: 'Messages that a consumer group has not handled yet',
      labelNames: ['group', 'topic', 'partition'],
      registers,
      collect: () => this.readLags(),
    });
  }

  /** Starts reporting the lag of the group. */
  watch(bus: Bus, group: string, topic: string): void {
    this.watched.push({ bus, group, topic });
  }

  async measurePublish(topic: string, events: number, publish: () => Promise<void>): Promise<void> {
    const end = this.publishSeconds.startTimer({ topic });
    await publish();
    end();
    this.published.inc({ topic }, events);
  }

  /** A lag that cannot be read in time is left out: a stale gauge would look like a group that keeps up. */
  private async readLags(): Promise<void> {
    this.lag.reset();
    await Promise.all(
      this.watched.map(async ({ bus, group, topic }) => {
        const lags = await withTimeout(COLLECT_TIMEOUT_MS, () => bus.lag(group, topic)).catch(() => []);
        for (const { partition, lag } of lags) this.lag.set({ group, topic, partition }, lag);
      }),
    );
  }
}
