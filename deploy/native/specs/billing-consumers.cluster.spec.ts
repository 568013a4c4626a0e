import { join } from 'node:path';
import { Api } from '@allotree/api-client';
import { expect, it } from '@jest/globals';
import { missingOf } from '../backends.mjs';
import {
  firstLinesOf,
  PYTHON_EXAMPLE,
  PYTHON_PACKAGES,
  PYTHON_WITH_KAFKA,
  startStory,
  typescriptExample,
  type Example,
} from './billing-consumers.harness.js';
import { describeOnACluster, MINUTES } from './on-a-cluster.js';

const REPLICAS = ['license-service-1', 'license-service-2'];

const missing = missingOf(PYTHON_WITH_KAFKA);
const PYTHON_NAME = missing ? ` (Python skipped: ${missing.message})` : '';

describeOnACluster(
  'the example consumers, from Kafka',
  (on) => {
    it(
      `measure use as the totals of the periods do, also after they were killed${PYTHON_NAME}`,
      async () => {
        const { api, cluster, dataDir, signIn } = on();
        const move = (now: string): Promise<unknown> =>
          Promise.all(
            REPLICAS.map((name) =>
              new Api(cluster.server(name).address as string, signIn.accessToken).put('/test-clock', { now }),
            ),
          );
        const story = await startStory(api, move);
        await story.endOfPeriod();
        const env = {
          KAFKA_BROKERS: cluster.environment['KAFKA_BROKERS'] ?? '',
          DATABASE_URL: cluster.environment['DATABASE_URL'] ?? '',
          DATABASE: join(dataDir, 'billing.sqlite'),
          PYTHONPATH: PYTHON_PACKAGES,
        };
        const examples: readonly Example[] = [await typescriptExample(), ...(missing ? [] : [PYTHON_EXAMPLE])];
        const consume = (example: Example, number: number): Promise<string[]> =>
          firstLinesOf(example, { more: ['kafka'], number, env });
        const first: string[][] = [];
        for (const example of examples) first.push(await consume(example, 6));
        await story.endOfPeriod();
        const second: string[][] = [];
        for (const example of examples) second.push(await consume(example, 3));
        for (const lines of [...first, ...second])
          expect(lines.filter((line) => !line.startsWith(`${story.projectId} `) || !line.endsWith(' equal'))).toEqual(
            [],
          );
        expect(first).toEqual(first.map(() => first[0]));
        expect(second).toEqual(second.map(() => second[0]));
        // After the kill it went on where it had been: no period was printed twice.
        expect(second[0]).toHaveLength(3);
      },
      5 * MINUTES,
    );
  },
  { TEST_CLOCK: '1', DUE_TICK_MS: '100' },
  { group: 1 },
);
