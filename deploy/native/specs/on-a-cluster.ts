import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe } from '@jest/globals';
import { Api } from '../../../apps/standalone/src/demo/api.js';
import { readLocalSignIn, type LocalSignIn } from '../../../apps/standalone/src/local-sign-in.js';
import { missingOf } from '../backends.mjs';
import { startCluster } from '../cluster.mjs';
import { KAFKA } from '../kafka.mjs';
import { requireNginx } from '../nginx.mjs';
import { REDIS } from '../redis.mjs';

export const MINUTES = 60_000;
export const root = resolve(import.meta.dirname, '../../..');

/** What a spec has of a running cluster. */
export interface OnACluster {
  readonly cluster: Awaited<ReturnType<typeof startCluster>>;
  readonly dataDir: string;
  /** Signed in as the administrator, through the front door. */
  readonly api: Api;
  readonly signIn: LocalSignIn;
  /** What the supervisor has said. */
  readonly said: readonly string[];
}

/**
 * Specs on a cluster of their own with real backends. Where this machine lacks one they are skipped, and their name says
 * why; CI has everything. `more`: what else they need.
 */
export function describeOnACluster(
  name: string,
  specs: (on: () => OnACluster) => void,
  ...more: { requirePrograms(): void }[]
): void {
  const missing = [KAFKA, REDIS, { requirePrograms: requireNginx }, ...more]
    .map(missingOf)
    .find((each) => each !== null);
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
        environment: {
          PATH: process.env['PATH'],
          HOME: process.env['HOME'],
          TMPDIR: tmpdir(),
          // Whoever repeats a command whose replica was killed need not wait for so long.
          IDEMPOTENCY_LEASE_SECONDS: '2',
        },
        say: (line: string) => void said.push(line),
      });
      const signIn = await readLocalSignIn(folder, Date.now());
      if (signIn === null) throw new Error('the cluster left no session for tools');
      running = { cluster, dataDir: folder, api: new Api(signIn.url, signIn.accessToken), signIn, said };
    }, 3 * MINUTES);
    specs(() => {
      if (running === undefined) throw new Error('the cluster does not run');
      return running;
    });
    // What the specs opened on it ends before.
    afterAll(async () => {
      await running?.cluster.stop();
      await rm(folder, { recursive: true, force: true });
    }, 2 * MINUTES);
  });
}

/** Asks again until the answer suits; only the time limit of the spec ends it. */
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

/** `npm run demo` with these arguments. */
export async function demo(dataDir: string, ...args: string[]): Promise<{ code: number | null; output: string }> {
  const child = spawn(process.execPath, [join(root, 'apps/standalone/dist/demo/main.js'), ...args], {
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
  /** `host:port` of the replica; of several that were tried, with commas between them. */
  readonly servedBy: string;
}

/** What the front door has let pass, in order. */
export async function accesses(dataDir: string): Promise<Access[]> {
  const text = await readFile(join(dataDir, 'nginx/access.log'), 'utf8');
  return text
    .split('\n')
    .filter((line) => line.endsWith('}'))
    .map((line) => JSON.parse(line) as Access);
}
