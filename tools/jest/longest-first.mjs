import { basename } from 'node:path';
import TestSequencer from '@jest/test-sequencer';

/** Seconds on two cores, of the specs that take longest. */
const SECONDS = {
  'faults.cluster.spec.ts': 220,
  'standalone.e2e.spec.ts': 105,
  'collect.cluster.spec.ts': 90,
  'kafka-bus.int.spec.ts': 70,
  'front-door.cluster.spec.ts': 55,
  'due-and-killed.e2e.spec.ts': 45,
  'embedded-postgres.int.spec.ts': 42,
  'own-processes.e2e.spec.ts': 42,
  'matrix.e2e.spec.ts': 40,
  'link-pages.e2e.spec.ts': 36,
  'replicas.int.spec.ts': 35,
  'boundaries.int.spec.ts': 30,
  'bullmq-job-queues.int.spec.ts': 30,
  'how-to.e2e.spec.ts': 30,
  'due-work.int.spec.ts': 25,
  'demo.e2e.spec.ts': 25,
  'past-quotas.int.spec.ts': 25,
  'faults.e2e.spec.ts': 23,
  'expiry.e2e.spec.ts': 21,
  'feed.int.spec.ts': 21,
  'people.e2e.spec.ts': 21,
  'tables.int.spec.ts': 20,
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
