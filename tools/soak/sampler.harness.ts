import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { quantile } from 'd3-array';
import pg from 'pg';
import { childrenOf } from '../../deploy/native/process-identity.mjs';
import type { Client } from './client.harness.js';
import type { Cluster } from './faults.harness.js';

const MB = 1_000_000;
const PAGE_BYTES = 4_096;
const TIMEOUT_MS = 5_000;

/** One process at one moment; what could not be measured is `null`. */
export interface ProcessSample {
  readonly name: string;
  readonly pid: number;
  readonly rssMb: number;
  readonly handles: number;
  readonly heapMb: number | null;
  readonly eventLoopP99Ms: number | null;
}

export interface Sample {
  /** Seconds since the beginning of the load. */
  readonly at: number;
  readonly processes: readonly ProcessSample[];
  readonly busLag: number;
  readonly projectionsBehind: number;
  readonly jobsWaiting: number;
  readonly jobsFailed: number;
  readonly dueRowsWaiting: number;
  readonly deadLetters: number;
  readonly databaseMb: number | null;
  readonly topicsMb: number;
  readonly inFlight: number;
  /** Of the requests answered since the last sample. */
  readonly requestP50Ms: number | null;
  readonly requestP99Ms: number | null;
  /** Answers so far, by status and code. */
  readonly answers: Readonly<Record<string, number>>;
}

/** The samples of one metric: its labels and its value. */
type Metrics = ReadonlyMap<string, readonly (readonly [labels: string, value: number])[]>;

export function readMetrics(text: string): Metrics {
  const metrics = new Map<string, [string, number][]>();
  for (const [, name = '', labels = '', value] of text.matchAll(/^(\w+)(?:\{(.*)\})? (\S+)$/gm)) {
    const all = metrics.get(name) ?? [];
    all.push([labels, Number(value)]);
    metrics.set(name, all);
  }
  return metrics;
}

const sumOf = (metrics: Metrics, name: string, label = ''): number =>
  (metrics.get(name) ?? []).filter(([labels]) => labels.includes(label)).reduce((sum, [, value]) => sum + value, 0);

/** Samples a cluster at a fixed interval. */
export class Sampler {
  readonly samples: Sample[] = [];
  private readonly ending = new AbortController();

  constructor(
    private readonly cluster: Cluster,
    private readonly client: Client,
    private readonly inFlight: () => number,
    private readonly write: (sample: Sample) => void,
  ) {}

  async run(everySeconds: number): Promise<void> {
    const began = performance.now();
    for (let number = 0; ; number += 1) {
      const wait = Math.max(0, began + number * everySeconds * 1_000 - performance.now());
      if (!(await delay(wait, true, { signal: this.ending.signal }).catch(() => false))) return;
      const sample = await this.take((performance.now() - began) / 1_000);
      this.samples.push(sample);
      this.write(sample);
    }
  }

  stop(): void {
    this.ending.abort();
  }

  async take(at: number): Promise<Sample> {
    const all = await Promise.all(
      this.cluster.processes.map(async ({ name, pid, address }) => ({
        name: name as string,
        pid: pid as number | null,
        metrics: (name as string).includes('-service-') ? await metricsOf(address as string) : null,
      })),
    );
    const metrics = all.map((each) => each.metrics).filter((each) => each !== null);
    const most = (name: string, label = ''): number => Math.max(0, ...metrics.map((each) => sumOf(each, name, label)));
    const total = (name: string): number => metrics.reduce((sum, each) => sum + sumOf(each, name), 0);
    const durations = this.client.takeDurations();
    return {
      at: Math.round(at),
      processes: all.flatMap(({ name, pid, metrics: own }) => processSample(name, pid, own) ?? []),
      // Every replica reports the lag of all groups that it knows, and the jobs of its queues.
      busLag: most('bus_consumer_lag'),
      projectionsBehind: total('subscription_behind_events'),
      jobsWaiting: most('jobs', 'state="waiting"') + most('jobs', 'state="active"'),
      jobsFailed: most('jobs', 'state="failed"'),
      dueRowsWaiting: most('due_rows_waiting'),
      deadLetters: total('bus_dead_letters_total'),
      databaseMb: await databaseMb(this.cluster.environment['DATABASE_URL'] as string),
      topicsMb: round(bytesOfTopics(this.cluster.server('kafka').folder as string) / MB),
      inFlight: this.inFlight(),
      requestP50Ms: quantileOf(durations, 0.5),
      requestP99Ms: quantileOf(durations, 0.99),
      answers: Object.fromEntries(this.client.answers),
    };
  }
}

const round = (value: number): number => Math.round(value * 10) / 10;
const quantileOf = (values: readonly number[], part: number): number | null =>
  values.length === 0 ? null : round(quantile(values, part)!);

async function databaseMb(connectionString: string): Promise<number | null> {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: TIMEOUT_MS, query_timeout: TIMEOUT_MS });
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<{ bytes: string }>('SELECT pg_database_size(current_database()) AS bytes');
    return round(Number(rows[0]!.bytes) / MB);
  } catch {
    return null;
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function metricsOf(address: string): Promise<Metrics | null> {
  try {
    const response = await fetch(`${address}/metrics`, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    return response.ok ? readMetrics(await response.text()) : null;
  } catch {
    return null;
  }
}

/** A process with its children: PostgreSQL and nginx work in them. */
function processSample(name: string, pid: number | null, metrics: Metrics | null): ProcessSample | null {
  if (pid === null) return null;
  try {
    const family = [pid, ...(childrenOf(pid) as number[])];
    return {
      name,
      pid,
      rssMb: round(family.reduce((sum, each) => sum + privateBytes(each), 0) / MB),
      handles: family.reduce((sum, each) => sum + handlesOf(each), 0),
      heapMb: metrics && round(sumOf(metrics, 'nodejs_heap_size_used_bytes') / MB),
      eventLoopP99Ms: metrics && round(sumOf(metrics, 'nodejs_eventloop_lag_p99_seconds') * 1_000),
    };
  } catch {
    // It ended meanwhile.
    return null;
  }
}

/** Resident and not shared: the shared buffers of PostgreSQL would count once for each of its processes. */
function privateBytes(pid: number): number {
  const [, resident = 0, shared = 0] = readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ').map(Number);
  return (resident - shared) * PAGE_BYTES;
}

const handlesOf = (pid: number): number =>
  readdirSync(`/proc/${pid}/fd`).filter((handle) => isOpen(`/proc/${pid}/fd/${handle}`)).length;

function isOpen(link: string): boolean {
  try {
    return readlinkSync(link) !== '';
  } catch {
    return false;
  }
}

/** The log segments; index files are allocated in advance. */
function bytesOfTopics(folder: string): number {
  const data = join(folder, 'data');
  return readdirSync(data, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.log') && file.includes('.v1'))
    .reduce((sum, file) => sum + sizeOf(join(data, file)), 0);
}

function sizeOf(file: string): number {
  try {
    return statSync(file).size;
  } catch {
    return 0;
  }
}
