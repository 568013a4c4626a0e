import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { runningPostgres } from '@allotree/embedded-postgres';
import pg from 'pg';

const EXAMPLES = resolve(import.meta.dirname, '../../../examples');

/** The use of a resource in a period, as an example consumer measured it from the events. */
export interface MeasuredPeriod {
  readonly projectId: string;
  readonly from: string;
  readonly until: string;
  readonly resource: string;
  readonly unitMilliseconds: string;
}

export interface Consumer {
  readonly name: string;
  /** The last it measured of each period; `null`: a program that it needs is missing. */
  measure(environment: Readonly<Record<string, string>>, dataDir: string): Promise<readonly MeasuredPeriod[] | null>;
}

const { PATH = '', HOME = '' } = process.env;

async function outputOf(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<string> {
  const { stdout } = await promisify(execFile)(program, args, { env: { PATH, HOME, ...env } });
  return stdout;
}

/** A late event changes a period, which is then printed again. */
function periodsOf(output: string): readonly MeasuredPeriod[] {
  const last = new Map<string, MeasuredPeriod>();
  for (const line of output.split('\n').filter((each) => each !== '')) {
    const [projectId, from, until, resource, unitMilliseconds] = line.split(' ') as [
      string,
      string,
      string,
      string,
      string,
    ];
    last.set([projectId, from, resource].join(), { projectId, from, until, resource, unitMilliseconds });
  }
  return [...last.values()];
}

/** Runs work with a folder that is removed afterwards. */
async function inTemporaryFolder<Result>(work: (folder: string) => Promise<Result>): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), 'allotree-billing-'));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const PYTHON: Consumer = {
  name: 'the consumer in Python',
  measure: (environment) =>
    inTemporaryFolder(async (folder) => {
      const script = join(EXAMPLES, 'billing-consumer-python/consumer.py');
      const env = { ...environment, DATABASE: join(folder, 'billing.sqlite') };
      try {
        return periodsOf(await outputOf('python3', [script, 'pull', '--once'], env));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
        throw error;
      }
    }),
};

const TYPESCRIPT: Consumer = {
  name: 'the consumer in TypeScript',
  measure: async (environment, dataDir) => {
    const databaseUrl = process.env['DATABASE_URL'] ?? (await runningPostgres(dataDir));
    const esbuild = await import('esbuild').catch(() => null);
    if (databaseUrl === null || esbuild === null) return null;
    // Beside the packages that it imports.
    const outfile = resolve(import.meta.dirname, '../../../node_modules/.cache/demo/consumer.mjs');
    const entryPoints = [join(EXAMPLES, 'billing-consumer-typescript/consumer.ts')];
    await esbuild.build({ entryPoints, outfile, format: 'esm', platform: 'node', logLevel: 'silent' });
    const env = { ...environment, DATABASE_URL: databaseUrl };
    try {
      return periodsOf(await outputOf(process.execPath, [outfile, 'pull', '--once'], env));
    } finally {
      await dropTables(databaseUrl);
    }
  },
};

async function dropTables(databaseUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  await client.query('DROP SCHEMA IF EXISTS billing_example CASCADE');
  await client.end();
}

/** The example consumers, each with what it needs on this machine. */
export const CONSUMERS: readonly Consumer[] = [TYPESCRIPT, PYTHON];
