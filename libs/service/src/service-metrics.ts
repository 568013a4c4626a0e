import type { RuntimeMetrics, SubscriptionMetrics, Subscriptions } from '@allotree/event-sourcing';
import type { Leases } from '@allotree/leases';
import type pg from 'pg';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { JobQueue } from '@allotree/jobs';

const MILLISECONDS = 1_000;
const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 30];
const SIZES = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000];

/** Reports the events that each subscription of this process still has to apply. */
type WatchedSubscriptions = Pick<Subscriptions, 'lagHere'>;

type CountedPool = Pick<pg.Pool, 'totalCount' | 'idleCount' | 'waitingCount'>;

/** The number of rows due by now. */
type CountDue = () => Promise<number>;

/** The number of billing periods whose statements are held. */
type CountHeld = () => Promise<number>;

/** Metrics of a service's commands, subscriptions, due work, jobs, leases and connections. One per process. */
export class ServiceMetrics {
  private readonly subscriptions = new Map<string, WatchedSubscriptions>();
  private readonly queues = new Map<string, JobQueue<unknown>>();
  private readonly pools = new Map<string, CountedPool>();
  private countDue: CountDue = () => Promise.resolve(0);
  private countHeld: CountHeld = () => Promise.resolve(0);
  private readonly command: ReturnType<typeof commandMetrics>;
  private readonly subscription: ReturnType<typeof subscriptionMetrics>;
  private readonly due: ReturnType<typeof dueMetrics>;
  private readonly differing: Counter;

  constructor(registry: Registry, leases: Pick<Leases, 'wanted'>, pool: CountedPool) {
    this.pools.set('platform', pool);
    this.command = commandMetrics(registry);
    this.subscription = subscriptionMetrics(registry, (gauge) => this.reportLags(gauge));
    this.differing = new Counter({
      name: 'projection_rows_differing_total',
      help: 'Rows that were not those that the events give, found when a projection was rebuilt or verified',
      labelNames: ['projection'],
      registers: [registry],
    });
    this.due = dueMetrics(registry, async (gauge) => gauge.set(await this.countDue()));
    gauge(registry, {
      name: 'billing_periods_held',
      help: 'Closed billing periods without a statement, because two computations of their totals differ',
      labelNames: [],
      report: async (target) => target.set(await this.countHeld()),
    });
    gauge(registry, {
      name: 'lease_held',
      help: '1 where this process holds the lease, 0 where it waits for it',
      labelNames: ['lease'],
      report: (target) => leases.wanted().forEach(({ name, held }) => target.set({ lease: name }, held ? 1 : 0)),
    });
    gauge(registry, {
      name: 'jobs',
      help: 'Jobs of a queue, by state',
      labelNames: ['queue', 'state'],
      report: (target) => this.reportJobs(target),
    });
    gauge(registry, {
      name: 'database_connections',
      help: 'Connections of a pool that are idle or busy, and callers that wait for one',
      labelNames: ['pool', 'state'],
      report: (target) => this.reportPools(target),
    });
  }

  /** For the command runtime. On its hot path: one histogram and one gauge per command. */
  readonly commands = {
    received: (aggregate: string): void => this.command.waiting.inc({ aggregate }),
    answered: (aggregate: string, outcome: string, milliseconds: number): void => {
      this.command.waiting.dec({ aggregate });
      this.command.seconds.observe({ aggregate, outcome }, milliseconds / MILLISECONDS);
    },
    conflicted: (aggregate: string): void => this.command.conflicts.inc({ aggregate }),
    appended: (events: number, _streams: number, milliseconds: number): void => {
      this.command.appendEvents.observe(events);
      this.command.appendSeconds.observe(milliseconds / MILLISECONDS);
    },
    loaded: (aggregate: string, _events: number, milliseconds: number): void =>
      this.command.loadSeconds.observe({ aggregate }, milliseconds / MILLISECONDS),
    snapshotIgnored: (aggregate: string): void => this.command.snapshotsIgnored.inc({ aggregate }),
  } satisfies RuntimeMetrics;

  /** For the subscriptions of a service; their names carry its schema, as their leases do. */
  subscriptionsOf(schema: string): SubscriptionMetrics {
    return {
      applied: (name: string, events: number, milliseconds: number): void => {
        this.subscription.applied.inc({ subscription: `${schema}.${name}` }, events);
        this.subscription.seconds.observe({ subscription: `${schema}.${name}` }, milliseconds / MILLISECONDS);
      },
      failed: (name: string): void => this.subscription.failures.inc({ subscription: `${schema}.${name}` }),
    };
  }

  /** Rows of a projection were not those that its events give. */
  projectionDiffered(projection: string, rows: number): void {
    this.differing.inc({ projection }, rows);
  }

  /** Starts reporting their lag. */
  watchSubscriptions(schema: string, subscriptions: WatchedSubscriptions): void {
    this.subscriptions.set(schema, subscriptions);
  }

  /** Starts reporting the number of due rows. */
  watchDue(countDue: CountDue): void {
    this.countDue = countDue;
  }

  /** Starts reporting the number of held billing periods. */
  watchHeldPeriods(countHeld: CountHeld): void {
    this.countHeld = countHeld;
  }

  /** Measures one run of the due work, which returns the number of rows it processed. */
  async measureTick(tick: () => Promise<number>): Promise<number> {
    const end = this.due.seconds.startTimer();
    try {
      const settled = await tick();
      this.due.settled.inc(settled);
      return settled;
    } finally {
      end();
    }
  }

  watchQueue<Data>(queue: JobQueue<Data>): void {
    this.queues.set(queue.name, queue);
  }

  watchPool(name: string, pool: CountedPool): void {
    this.pools.set(name, pool);
  }

  private async reportLags(target: Gauge): Promise<void> {
    for (const [schema, subscriptions] of this.subscriptions)
      for (const { name, behind } of await subscriptions.lagHere())
        target.set({ subscription: `${schema}.${name}` }, behind);
  }

  private async reportJobs(target: Gauge): Promise<void> {
    for (const [name, queue] of this.queues)
      for (const [state, count] of Object.entries(await queue.counts()))
        target.set({ queue: name, state }, count as number);
  }

  private reportPools(target: Gauge): void {
    for (const [name, { totalCount, idleCount, waitingCount }] of this.pools) {
      target.set({ pool: name, state: 'idle' }, idleCount);
      target.set({ pool: name, state: 'busy' }, totalCount - idleCount);
      target.set({ pool: name, state: 'waiting' }, waitingCount);
    }
  }
}

const commandMetrics = (registry: Registry) => ({
  seconds: new Histogram({
    name: 'command_duration_seconds',
    help: 'Seconds from a command to its durable answer',
    labelNames: ['aggregate', 'outcome'],
    buckets: BUCKETS,
    registers: [registry],
  }),
  waiting: new Gauge({
    name: 'commands_waiting',
    help: 'Commands in progress',
    labelNames: ['aggregate'],
    registers: [registry],
  }),
  conflicts: new Counter({
    name: 'command_conflicts_total',
    help: 'Appends that failed because another process had written to the stream first',
    labelNames: ['aggregate'],
    registers: [registry],
  }),
  appendSeconds: new Histogram({
    name: 'append_duration_seconds',
    help: 'Seconds of one call of the event store',
    buckets: BUCKETS,
    registers: [registry],
  }),
  appendEvents: new Histogram({
    name: 'append_events',
    help: 'Events appended by one call of the event store',
    buckets: SIZES,
    registers: [registry],
  }),
  loadSeconds: new Histogram({
    name: 'aggregate_load_duration_seconds',
    help: 'Seconds to load a state from its snapshot and events',
    labelNames: ['aggregate'],
    buckets: BUCKETS,
    registers: [registry],
  }),
  snapshotsIgnored: new Counter({
    name: 'snapshots_ignored_total',
    help: 'Snapshots that could not be read, so that the stream was read from its beginning',
    labelNames: ['aggregate'],
    registers: [registry],
  }),
});

const subscriptionMetrics = (registry: Registry, reportLags: Report) => {
  gauge(registry, {
    name: 'subscription_behind_events',
    help: 'Events a subscription still has to apply, counted to 1,000; reported by the process that runs it',
    labelNames: ['subscription'],
    report: reportLags,
  });
  return {
    applied: new Counter({
      name: 'subscription_events_total',
      help: 'Events applied, their checkpoint committed',
      labelNames: ['subscription'],
      registers: [registry],
    }),
    seconds: new Histogram({
      name: 'subscription_batch_duration_seconds',
      help: 'Seconds to apply a batch of events and commit it',
      labelNames: ['subscription'],
      buckets: BUCKETS,
      registers: [registry],
    }),
    failures: new Counter({
      name: 'subscription_failures_total',
      help: 'Times a subscription stalled at an event; it retries',
      labelNames: ['subscription'],
      registers: [registry],
    }),
  };
};

const dueMetrics = (registry: Registry, tellDue: Report) => {
  gauge(registry, {
    name: 'due_rows_waiting',
    help: 'Rows that are due by now and not processed yet, counted to 10,000',
    labelNames: [],
    report: tellDue,
  });
  return {
    settled: new Counter({ name: 'due_rows_settled_total', help: 'Due rows processed', registers: [registry] }),
    seconds: new Histogram({
      name: 'due_tick_duration_seconds',
      help: 'Seconds of one run of the due work',
      buckets: BUCKETS,
      registers: [registry],
    }),
  };
};

type Report = (target: Gauge) => void | Promise<void>;

/** A value that cannot be read is left out: a stale gauge would look as if all were well. */
function gauge(
  registry: Registry,
  { report, ...settings }: { name: string; help: string; labelNames: readonly string[]; report: Report },
): void {
  new Gauge({
    ...settings,
    registers: [registry],
    async collect() {
      this.reset();
      try {
        await report(this);
      } catch {
        this.reset();
      }
    },
  });
}
