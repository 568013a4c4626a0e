import { basename } from 'node:path';
import TestSequencer from '@jest/test-sequencer';

/** Seconds on two cores, of the specs that take longest. */
const SECONDS = {
  'cluster.cluster.spec.ts': 105,
  'console.e2e.spec.ts': 90,
  'console-administration.e2e.spec.ts': 75,
  'kafka-bus.int.spec.ts': 65,
  'billing.cluster.spec.ts': 45,
  'past-quotas.int.spec.ts': 45,
  'starved.e2e.spec.ts': 45,
  'console-accounts.e2e.spec.ts': 40,
  'console-roles.e2e.spec.ts': 40,
  'plans.e2e.spec.ts': 35,
  'console-large-tree.e2e.spec.ts': 35,
  'how-to.e2e.spec.ts': 35,
  'collect.cluster.spec.ts': 30,
  'standalone.e2e.spec.ts': 30,
  'due-and-killed.e2e.spec.ts': 30,
  'replicas.int.spec.ts': 25,
  'matrix.e2e.spec.ts': 25,
  'console-reports.e2e.spec.ts': 25,
  'bullmq-job-queues.int.spec.ts': 25,
  'own-processes.e2e.spec.ts': 25,
  'billing-consumers.cluster.spec.ts': 25,
  'console-live.e2e.spec.ts': 20,
  'tutorial.e2e.spec.ts': 18,
  'lists.e2e.spec.ts': 17,
  'feed.int.spec.ts': 17,
  'killed-reporting.e2e.spec.ts': 17,
  'console-tour.e2e.spec.ts': 16,
  'console-found-groups.e2e.spec.ts': 15,
  'package.e2e.spec.ts': 14,
  'project-files.e2e.spec.ts': 14,
  'embedded-postgres.int.spec.ts': 14,
  'database-outage.int.spec.ts': 13,
  'people.e2e.spec.ts': 13,
  'demo.e2e.spec.ts': 13,
};
const OTHERS = { cluster: 60, e2e: 7, int: 5, unit: 0.2 };

/** Starts the longest specs first, also where Jest remembers no run: one at the end would keep the other workers waiting. */
export default class LongestFirst extends TestSequencer {
  sort(tests) {
    const seconds = ({ path, duration, context: { config } }) =>
      duration === undefined ? (SECONDS[basename(path)] ?? OTHERS[config.displayName.name]) : duration / 1_000;
    return [...super.sort(tests)].sort((a, b) => seconds(b) - seconds(a));
  }
}
