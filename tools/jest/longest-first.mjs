import { basename } from 'node:path';
import TestSequencer from '@jest/test-sequencer';

/** Seconds on two cores, of the specs that take longest. */
const SECONDS = {
  'cluster.cluster.spec.ts': 150,
  'console.e2e.spec.ts': 110,
  'billing.cluster.spec.ts': 110,
  'kafka-bus.int.spec.ts': 80,
  'standalone.e2e.spec.ts': 75,
  'billing-consumers.cluster.spec.ts': 70,
  'console-administration.e2e.spec.ts': 60,
  'console-reports.e2e.spec.ts': 60,
  'collect.cluster.spec.ts': 60,
  'past-quotas.int.spec.ts': 55,
  'version-0.1.e2e.spec.ts': 45,
  'cli.e2e.spec.ts': 40,
  'plans.e2e.spec.ts': 40,
  'console-accounts.e2e.spec.ts': 40,
  'matrix.e2e.spec.ts': 40,
  'due-and-killed.e2e.spec.ts': 40,
  'faults.e2e.spec.ts': 30,
  'replicas.int.spec.ts': 30,
  'bullmq-job-queues.int.spec.ts': 26,
  'killed-reporting.e2e.spec.ts': 25,
  'how-to.e2e.spec.ts': 25,
  'embedded-postgres.int.spec.ts': 25,
  'own-processes.e2e.spec.ts': 22,
  'worked-example.e2e.spec.ts': 22,
  'demo.e2e.spec.ts': 21,
  'boundaries.int.spec.ts': 20,
  'next-request.e2e.spec.ts': 20,
  'feed.int.spec.ts': 20,
};
const OTHERS = { cluster: 60, e2e: 7, int: 5, unit: 0.2 };

/** Starts the longest specs first, also where Jest remembers no run: one at the end would keep the other worker waiting. */
export default class LongestFirst extends TestSequencer {
  sort(tests) {
    const seconds = ({ path, duration, context: { config } }) =>
      duration === undefined ? (SECONDS[basename(path)] ?? OTHERS[config.displayName.name]) : duration / 1_000;
    return [...super.sort(tests)].sort((a, b) => seconds(b) - seconds(a));
  }
}
