import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Api, readLocalSignIn } from '@allotree/api-client';
import pg from 'pg';
import { builtProgram } from './built-program.js';
import { documentedFetch, publishedDocument } from './documented-answers.js';

export { builtProgram };

const root = resolve(import.meta.dirname, '../../..');

export interface Ended {
  readonly code: number | null;
  readonly output: string;
}

export interface Process {
  readonly child: ChildProcess;
  /** Everything written so far to stdout and stderr. */
  output(): string;
  readonly ended: Promise<Ended>;
}

/** As `npm start` does: a busy system then spends less time on garbage. */
const flagsOf = (app: string): readonly string[] => (app === 'standalone' ? ['--max-semi-space-size=64'] : []);

/** Runs a built app as its own process; PATH, HOME and these variables are its whole environment. */
export const runBuilt = (app: string, args: readonly string[], env: Readonly<Record<string, string>>): Process => {
  const { PATH = '', HOME = '' } = process.env;
  const child = spawn(process.execPath, [...flagsOf(app), builtProgram(app), ...args], {
    cwd: root,
    env: { PATH, HOME, ...env },
  });
  let output = '';
  const listen = (chunk: Buffer): void => {
    output += chunk.toString();
  };
  child.stdout.on('data', listen);
  child.stderr.on('data', listen);
  const ended = new Promise<Ended>((done) => child.once('close', (code) => done({ code, output })));
  return { child, output: () => output, ended };
};

export interface RunningSystem extends Process {
  readonly url: string;
  readonly api: Api;
  /** Kills it. */
  kill(): Promise<void>;
  /** Stops it by SIGTERM. */
  terminate(): Promise<Ended>;
}

const START_TIMEOUT_MS = 90_000;

/** Starts the system on any free port and waits until it reports that it is running. */
export const startSystem = async (
  dataDir: string,
  env: Readonly<Record<string, string>> = {},
): Promise<RunningSystem> => {
  const running = runBuilt('standalone', [], { DATA_DIR: dataDir, PORT: '0', ...env });
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (!running.output().includes('Allotree is running')) {
    if (running.child.exitCode !== null || Date.now() > deadline) {
      running.child.kill('SIGKILL');
      throw new Error(`the system did not start:\n${running.output()}`);
    }
    await sleep(50);
  }
  const signIn = await readLocalSignIn(dataDir, Date.now());
  if (signIn === null) throw new Error('the running system wrote no session');
  return {
    ...running,
    url: signIn.url,
    api: new Api(signIn.url, signIn.accessToken, documentedFetch('standalone', publishedDocument(signIn.url))),
    kill: async () => {
      running.child.kill('SIGKILL');
      await running.ended;
    },
    terminate: () => {
      running.child.kill('SIGTERM');
      return running.ended;
    },
  };
};

/** Connects with a new login of `npm run sql` that sees every tenant of the system on a data folder. */
export async function grantedLogin(dataDir: string): Promise<pg.Client> {
  const args = ['sql', 'grant', '--all-tenants', '--days', '1'];
  const { output } = await runBuilt('cli', args, { DATA_DIR: dataDir }).ended;
  const shown = (pattern: RegExp): string | undefined => pattern.exec(output)?.[1];
  const client = new pg.Client({
    host: shown(/host=(\S+)/),
    port: Number(shown(/port=(\d+)/)),
    database: shown(/dbname=(\S+)/),
    user: shown(/Login: +(\S+)/),
    password: shown(/Password: +(\S+)/),
  });
  await client.connect();
  return client;
}

/** Puts the database of a first start into a data folder that has none, where the test run has made one. */
async function prepare(dataDir: string): Promise<void> {
  const prepared = process.env['ALLOTREE_PREPARED_DATA'];
  if (prepared === undefined || existsSync(dataDir)) return;
  await mkdir(dataDir, { mode: 0o700 });
  // With its owner, who is not root.
  await promisify(execFile)('cp', ['-a', prepared, join(dataDir, 'data')]);
}

/**
 * A data folder and the systems started on it; `clear()` stops them and deletes the folder.
 *
 * @param isNew the first start creates the database, as that of a user does; without it, it may find one without data
 */
export const workbench = async ({ isNew = false } = {}) => {
  const folder = await mkdtemp(join(tmpdir(), 'allotree-e2e-'));
  const dataDir = join(folder, 'data');
  const systems = new Set<RunningSystem>();
  return {
    dataDir,
    start: async (env: Readonly<Record<string, string>> = {}): Promise<RunningSystem> => {
      if (!isNew && env['DATA_DIR'] === undefined && env['DATABASE_URL'] === undefined) await prepare(dataDir);
      const system = await startSystem(env['DATA_DIR'] ?? dataDir, env);
      systems.add(system);
      return system;
    },
    clear: async (): Promise<void> => {
      // By SIGTERM, so that no embedded database is left behind.
      for (const system of systems)
        if (system.child.exitCode === null && system.child.signalCode === null) await system.terminate();
      await rm(folder, { recursive: true, force: true });
    },
  };
};
