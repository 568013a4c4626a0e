import { basename } from 'node:path';
import TestSequencer from '@jest/test-sequencer';

/** Seconds on two cores, of the specs that take longest. */
const SECONDS = {
  'faults.cluster.spec.ts': 300,
  'standalone.e2e.spec.ts': 150,
  'collect.cluster.spec.ts': 110,
  'due-and-killed.e2e.spec.ts': 90,
  'kafka-bus.int.spec.ts': 85,
  'front-door.cluster.spec.ts': 70,
  'demo.e2e.spec.ts': 67,
  'dead-letters.e2e.spec.ts': 57,
};
const OTHERS = { cluster: 60, e2e: 20, int: 15, unit: 1 };

/** Starts the longest specs first, also where Jest remembers no run: one at the end would keep the other worker waiting. */
export default class LongestFirst extends TestSequencer {
  sort(tests) {
    const seconds = ({ path, duration, context: { config } }) =>
      duration === undefined ? (SECONDS[basename(path)] ?? OTHERS[config.displayName.name]) : duration / 1_000;
    return [...super.sort(tests)].sort((a, b) => seconds(b) - seconds(a));
  }
}
