import { basename } from 'node:path';
import TestSequencer from '@jest/test-sequencer';

/** Seconds on two cores, of the specs that take longest. */
const SECONDS = {
  'console.e2e.spec.ts': 111,
  'cluster.cluster.spec.ts': 106,
  'starved.e2e.spec.ts': 69,
  'kafka-bus.int.spec.ts': 66,
  'console-administration.e2e.spec.ts': 66,
  'plans.e2e.spec.ts': 49,
  'console-accounts.e2e.spec.ts': 46,
  'billing.cluster.spec.ts': 41,
  'console-large-tree.e2e.spec.ts': 39,
  'matrix.e2e.spec.ts': 37,
  'how-to.e2e.spec.ts': 33,
  'console-roles.e2e.spec.ts': 32,
  'due-and-killed.e2e.spec.ts': 31,
  'collect.cluster.spec.ts': 31,
  'bullmq-job-queues.int.spec.ts': 31,
  'standalone.e2e.spec.ts': 30,
  'faults.e2e.spec.ts': 28,
  'billing-consumers.cluster.spec.ts': 27,
  'replicas.int.spec.ts': 26,
  'past-quotas.int.spec.ts': 26,
  'own-processes.e2e.spec.ts': 26,
  'console-reports.e2e.spec.ts': 26,
  'project-files.e2e.spec.ts': 23,
  'tutorial.e2e.spec.ts': 19,
  'killed-reporting.e2e.spec.ts': 18,
  'embedded-postgres.int.spec.ts': 18,
  'console-live.e2e.spec.ts': 18,
  'feed.int.spec.ts': 17,
  'console-tour.e2e.spec.ts': 17,
  'package.e2e.spec.ts': 15,
  'lists.e2e.spec.ts': 15,
  'due-work.int.spec.ts': 14,
  'demo.e2e.spec.ts': 14,
  'billing-consumers.e2e.spec.ts': 14,
  'batches.e2e.spec.ts': 14,
  'changes.e2e.spec.ts': 13,
};
const OTHERS = { cluster: 60, e2e: 7, int: 5, workspace: 1, unit: 0.2 };

/** Starts the longest specs first, also where Jest remembers no run: one at the end would keep the other workers waiting. */
export default class LongestFirst extends TestSequencer {
  sort(tests) {
    const seconds = ({ path, duration, context: { config } }) =>
      duration === undefined ? (SECONDS[basename(path)] ?? OTHERS[config.displayName.name]) : duration / 1_000;
    return [...super.sort(tests)].sort((a, b) => seconds(b) - seconds(a));
  }
}
