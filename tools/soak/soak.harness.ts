import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { readLocalSignIn } from '@allotree/api-client';
import { DEFAULT_REPLICAS, startCluster } from '../../deploy/native/cluster.mjs';
import { Random } from '../simulate/random.harness.js';
import { Checks, WEBHOOK_TYPES, type Check } from './checks.harness.js';
import { Client } from './client.harness.js';
import { Faults, scheduleOf, type Cluster, type Fault } from './faults.harness.js';
import { leaksOf, type ProcessTrend } from './process-trends.harness.js';
import { drawn } from './run-picture.harness.js';
import { Sampler, type Sample } from './sampler.harness.js';
import { Sink } from './sink.harness.js';
import { prepare, Workload } from './workload.harness.js';

export interface Settings {
  readonly seed: number;
  readonly seconds: number;
  readonly perSecond: number;
  readonly sampleSeconds: number;
  readonly withFaults: boolean;
  readonly dataDir: string;
  /** The folder of the samples, the picture and the summary. */
  readonly results: string;
}

export interface Summary {
  readonly settings: Omit<Settings, 'dataDir' | 'results'>;
  readonly faults: readonly Fault[];
  readonly requests: { readonly sent: number; readonly skipped: number };
  readonly answers: Readonly<Record<string, number>>;
  readonly settledAfterSeconds: number | null;
  readonly checks: readonly Check[];
  readonly trends: readonly ProcessTrend[];
  readonly passed: boolean;
}

/** Faults stop here, so that the rest shows what grows under load alone. */
const FAULTY_PART = 0.5;

const ENVIRONMENT = {
  TEST_CLOCK: '1',
  WEBHOOKS_ALLOW_INSECURE: 'true',
  IDEMPOTENCY_LEASE_SECONDS: '2',
  MAIL_COLLECT_SECONDS: '5',
  MAIL_PER_HOUR: '1000000',
  MAIL_RETRY_SECONDS: '1',
};

/** Runs a cluster under load and faults, and judges it. */
export async function soak(settings: Settings, say: (line: string) => void): Promise<Summary> {
  mkdirSync(settings.results, { recursive: true });
  let noticed: (line: string) => void = () => undefined;
  const cluster = await startCluster({
    dataDir: settings.dataDir,
    backends: ['kafka', 'redis', 'postgres'],
    replicas: DEFAULT_REPLICAS,
    environment: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...ENVIRONMENT },
    say: (line: string) => {
      say(line);
      noticed(line);
    },
  });
  const sink = await Sink.open();
  try {
    const signIn = async () => {
      const session = await readLocalSignIn(settings.dataDir, Date.now());
      if (session === null) throw new Error('the cluster wrote no session file');
      return session;
    };
    const faults = new Faults(cluster, signIn, say);
    noticed = (line) => faults.noticed(line);
    return await run({ cluster, sink, faults }, settings, say);
  } finally {
    await sink.close();
    await cluster.stop();
  }
}

interface Started {
  readonly cluster: Cluster;
  readonly sink: Sink;
  readonly faults: Faults;
}

async function run(
  { cluster, sink, faults }: Started,
  settings: Settings,
  say: (line: string) => void,
): Promise<Summary> {
  const { seed, seconds, perSecond, sampleSeconds, withFaults, dataDir, results } = settings;
  const client = new Client(dataDir);
  await client.must({ method: 'POST', path: '/webhook-endpoints', body: { url: sink.url, types: WEBHOOK_TYPES } });
  const workload = new Workload(client, new Random(seed, 'load'), faults, await prepare(client));
  const write = (sample: Sample): void => appendFileSync(join(results, 'samples.jsonl'), `${JSON.stringify(sample)}\n`);
  const sampler = new Sampler(cluster, client, () => workload.inFlight, write);
  const schedule = withFaults ? scheduleOf(seed, seconds * FAULTY_PART) : [];
  say(`${perSecond} requests/s for ${Math.round(seconds / 60)} minutes, ${schedule.length} faults, seed ${seed}`);
  const sampling = sampler.run(sampleSeconds);
  const load = workload.run(perSecond);
  await Promise.all([faults.run(schedule), delay(seconds * 1_000)]);
  workload.stop();
  await load;
  const checks = new Checks({ cluster, client, workload, sampler, sink, clock: faults });
  const settledAfterSeconds = await checks.settle(say);
  say(settledAfterSeconds === null ? 'not everything settled' : `everything settled after ${settledAfterSeconds} s`);
  sampler.stop();
  await sampling;
  const summary = judged({
    settings: { seed, seconds, perSecond, sampleSeconds, withFaults },
    faults: schedule,
    requests: { sent: workload.started, skipped: workload.skipped },
    answers: Object.fromEntries([...client.answers].sort()),
    settledAfterSeconds,
    checks: await checks.all(),
    trends: leaksOf(sampler.samples),
  });
  writeFileSync(join(results, 'summary.json'), `${JSON.stringify(summary, null, 2)}\n`);
  writeFileSync(join(results, 'soak.svg'), drawn(sampler.samples, summary));
  return summary;
}

const judged = (found: Omit<Summary, 'passed'>): Summary => ({
  ...found,
  passed:
    found.settledAfterSeconds !== null &&
    found.checks.every(({ faults }) => faults.length === 0) &&
    found.trends.every(({ trend }) => trend?.isLeak !== true),
});
