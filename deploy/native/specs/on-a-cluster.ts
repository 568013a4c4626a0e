import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe } from '@jest/globals';
import { Api, readLocalSignIn, type LocalSignIn } from '@allotree/api-client';
import { builtProgram } from '@allotree/testing/running-system';
import { missingOf } from '../backends.mjs';
import { DEFAULT_REPLICAS, startCluster } from '../cluster.mjs';
import { KAFKA } from '../kafka.mjs';
import { requireNginx } from '../nginx.mjs';
import { REDIS } from '../redis.mjs';

export const MINUTES = 60_000;
export const root = resolve(import.meta.dirname, '../../..');

/** The running cluster as seen by a spec. */
export interface OnACluster {
  readonly cluster: Awaited<ReturnType<typeof startCluster>>;
  readonly dataDir: string;
  /** Client of the administrator, through nginx. */
  readonly api: Api;
  readonly signIn: LocalSignIn;
  /** Messages of the supervisor. */
  readonly said: readonly string[];
}

/**
 * Specs on a dedicated cluster with real backends. They are skipped if a program is missing, with the reason in their
 * name; CI has all programs. `environment`: additional variables of the services. `replicas`: where they are not the default.
 */
export function describeOnACluster(
  name: string,
  specs: (on: () => OnACluster) => void,
  environment: Readonly<Record<string, string>> = {},
  replicas: Partial<typeof DEFAULT_REPLICAS> = {},
): void {
  const missing = [KAFKA, REDIS, { requirePrograms: requireNginx }].map(missingOf).find((each) => each !== null);
  if (missing && process.env['CI'] === 'true') throw missing;
  if (missing) {
    describe.skip(`${name} (skipped: ${missing.message})`, () => specs(() => undefined as never));
    return;
  }
  describe(name, () => {
    let running: OnACluster | undefined;
    let folder: string;
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'allotree-cluster-'));
      const said: string[] = [];
      const cluster = await startCluster({
        dataDir: folder,
        backends: ['kafka', 'redis', 'postgres'],
        program: builtProgram,
        replicas: { ...DEFAULT_REPLICAS, ...replicas },
        environment: {
          PATH: process.env['PATH'],
          HOME: process.env['HOME'],
          TMPDIR: tmpdir(),
          // A short claim, so that retrying a command of a killed replica does not wait long.
          IDEMPOTENCY_LEASE_SECONDS: '2',
          // Several, and few: each is created, assigned and fetched.
          KAFKA_PARTITIONS: '3',
          ...environment,
        },
        say: (line: string) => void said.push(line),
      });
      const signIn = await readLocalSignIn(folder, Date.now());
      if (signIn === null) throw new Error('the cluster wrote no session file');
      running = { cluster, dataDir: folder, api: new Api(signIn.url, signIn.accessToken), signIn, said };
    }, 3 * MINUTES);
    specs(() => {
      if (running === undefined) throw new Error('the cluster is not running');
      return running;
    });
    // Connections of the specs close first.
    afterAll(async () => {
      await running?.cluster.stop();
      await rm(folder, { recursive: true, force: true });
    }, 2 * MINUTES);
  });
}

/** Repeats the request until the response matches; only the timeout of the spec ends it. */
export async function until<Answer>(
  ask: () => Promise<Answer> | Answer,
  suits: (answer: Answer) => Promise<boolean> | boolean,
): Promise<Answer> {
  for (;;) {
    const answer = await ask();
    if (await suits(answer)) return answer;
    await delay(50);
  }
}

export interface Ended {
  readonly code: number | null;
  readonly output: string;
}

/** `npm run demo` with these arguments. */
export const demo = (dataDir: string, ...args: string[]): Promise<Ended> => tool('demo', dataDir, args);

/** `npm run statements` with these arguments. */
export const statements = (dataDir: string, ...args: string[]): Promise<Ended> =>
  tool('cli', dataDir, ['statements', ...args]);

async function tool(name: string, dataDir: string, args: readonly string[]): Promise<Ended> {
  const child = spawn(process.execPath, [builtProgram(name), ...args], {
    cwd: root,
    env: { PATH: process.env['PATH'], DATA_DIR: dataDir },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
  const code = await new Promise<number | null>((ended) => child.once('close', ended));
  return { code, output };
}

interface Access {
  readonly correlationId: string;
  readonly method: string;
  readonly path: string;
  readonly status: string;
  readonly service: string;
  /** `host:port` of the replica, comma-separated if several were tried. */
  readonly servedBy: string;
}

/** Requests logged by nginx, in order. */
export async function accesses(dataDir: string): Promise<Access[]> {
  const text = await readFile(join(dataDir, 'nginx/access.log'), 'utf8');
  return text
    .split('\n')
    .filter((line) => line.endsWith('}'))
    .map((line) => JSON.parse(line) as Access);
}
