import { execFile, execFileSync, spawn } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Api } from '@allotree/api-client';
import { build } from 'esbuild';
import { findProgram, MissingProgram } from '../server.mjs';
import { root, until } from './on-a-cluster.js';

const EXAMPLES = join(root, 'examples');
const CACHE = join(root, 'node_modules/.cache/billing-consumers');

/** An example consumer as a program. */
export interface Example {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
}

export async function typescriptExample(): Promise<Example> {
  const outfile = join(CACHE, 'consumer.mjs');
  await mkdir(CACHE, { recursive: true });
  const entryPoints = [join(EXAMPLES, 'billing-consumer-typescript/consumer.ts')];
  await build({ entryPoints, outfile, format: 'esm', platform: 'node', target: 'node20', logLevel: 'silent' });
  return { name: 'TypeScript', command: process.execPath, args: [outfile] };
}

export const PYTHON_EXAMPLE: Example = {
  name: 'Python',
  command: 'python3',
  args: [join(EXAMPLES, 'billing-consumer-python/consumer.py')],
};

const REQUIREMENTS = join(EXAMPLES, 'billing-consumer-python/requirements.txt');
export const PYTHON_PACKAGES = join(CACHE, 'python');

/** Python, for `missingOf`. */
export const PYTHON = {
  requirePrograms(): void {
    if (findProgram('python3') === null) throw new MissingProgram('python3', 'Python 3.10 or newer.', ['python3']);
  },
};

/** Python and the Kafka client of the example, which is installed once into a cache. */
export const PYTHON_WITH_KAFKA = {
  requirePrograms(): void {
    PYTHON.requirePrograms();
    const env = { ...process.env, PYTHONPATH: PYTHON_PACKAGES };
    const hasClient = (): boolean => {
      try {
        execFileSync('python3', ['-c', 'import confluent_kafka'], { env, stdio: 'ignore' });
        return true;
      } catch {
        return false;
      }
    };
    if (hasClient()) return;
    try {
      const args = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--target', PYTHON_PACKAGES];
      execFileSync('python3', [...args, '-r', REQUIREMENTS], { stdio: 'ignore', timeout: 120_000 });
    } catch {
      // Reported below.
    }
    if (!hasClient()) throw new MissingProgram('confluent-kafka', 'pip could not install it.', ['confluent-kafka']);
  },
};

type Environment = Readonly<Record<string, string>>;

const environmentOf = (env: Environment): Environment => ({
  PATH: process.env['PATH'] ?? '',
  HOME: process.env['HOME'] ?? '',
  ...env,
});

/** What an example prints until it ends. */
export async function linesOf(
  { command, args }: Example,
  more: readonly string[],
  env: Environment,
): Promise<string[]> {
  const { stdout } = await promisify(execFile)(command, [...args, ...more], { env: environmentOf(env) });
  return stdout.split('\n').filter((line) => line !== '');
}

/** Runs an example that goes on forever until it has printed a number of lines; then it is killed in the middle of its work. */
export async function firstLinesOf(
  { command, args }: Example,
  { more, number, env }: { readonly more: readonly string[]; readonly number: number; readonly env: Environment },
): Promise<string[]> {
  const child = spawn(command, [...args, ...more], {
    env: environmentOf(env),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const lines = (): string[] => output.split('\n').slice(0, -1);
  await until(lines, (all) => all.length >= number);
  const ended = new Promise((done) => child.once('close', done));
  child.kill('SIGKILL');
  await ended;
  return lines();
}

/** A project whose billing periods end when a spec says so. */
export interface Story {
  readonly api: Api;
  readonly projectId: string;
  /** The variables of a consumer of the pull feed. */
  readonly environment: Environment;
  readonly endOfPeriod: () => Promise<void>;
}

const CLOSED = 'allotree.usage-period-closed.v1';
const HOUR = 3_600_000;

interface Terms {
  readonly period: { readonly from: string; readonly until: string };
}

/** A postpaid project with units that come, go, are suspended and come back, at instants of their own. */
export async function startStory(api: Api, moveTo: (now: string) => Promise<unknown>): Promise<Story> {
  const administrator = { name: 'Nora Nord', email: 'nora@nordlicht.example' };
  const partner = { name: 'Nordlicht', kind: 'distributor', administrator };
  const { partnerId } = await api.post<{ partnerId: string }>('/partners', partner);
  await api.post(`/partners/${partnerId}/allow-postpaid`, {});
  const project = { name: 'Hafenblick', partnerId, billingMode: 'postpaid', timeZone: 'Europe/Berlin' };
  const { projectId } = await api.post<{ projectId: string }>('/projects', project);
  const group = { parentId: projectId, type: 'building', name: 'A' };
  const { groupId } = await api.post<{ groupId: string }>(`/projects/${projectId}/groups`, group);
  const place = `/projects/${projectId}/groups/${groupId}`;
  const assign = (resource: string) => api.post<{ assignmentId: string }>(`${place}/assignments`, { resource });
  const restrict = (body: object) => api.put(`${place}/restriction?cascade=true`, body);
  const terms = () =>
    until(
      () => api.get<Terms>(`/projects/${projectId}/billing-terms`),
      ({ period }) => period !== null,
    );
  let now = 0;
  const after = async (milliseconds: number): Promise<void> => {
    now += milliseconds;
    await moveTo(new Date(now).toISOString());
  };
  // The first period began now and ends with this month; those after it are whole.
  now = Date.parse((await terms()).period.until);
  await after(1);
  const endOfPeriod = async (): Promise<void> => {
    const { period } = await terms();
    now = Date.parse(period.from);
    await after(HOUR + 1);
    await assign('sip_number');
    const { assignmentId } = await assign('sip_number');
    await after(3 * HOUR + 7);
    await api.post(`/projects/${projectId}/assignments`, {
      assignments: [
        { groupId, resource: 'sip_number', count: 5 },
        { groupId, resource: 'ukey2', count: 2 },
      ],
    });
    await after(2 * HOUR + 13);
    await assign('mobile_app');
    await api.post(`/projects/${projectId}/releases`, { assignmentIds: [assignmentId] });
    const soon = new Date(now + 5 * HOUR + 17).toISOString();
    const allotments = [{ type: 'plus', units: { sip_number: 3, mobile_app: 1, ukey2: 1 }, validUntil: soon }];
    await restrict({ enabled: true, allotments });
    await after(9 * HOUR + 19);
    await restrict({ enabled: false, allotments: [] });
    now = Date.parse(period.until);
    await after(1_000);
    await until(
      () =>
        api.get<{ items: { data: { until: string } }[] }>(`/events?types=${CLOSED}&subject=${projectId}&limit=1000`),
      ({ items }) => items.some(({ data }) => data.until === period.until),
    );
  };
  const key = { tenantId: partnerId, name: 'billing', permissions: ['events:read'] };
  const { keyId, secret } = await api.post<{ keyId: string; secret: string }>('/api-keys', key);
  const environment = { API_URL: `${api.url}/api/v1`, API_KEY_ID: keyId, API_KEY_SECRET: secret };
  return { api, projectId, environment, endOfPeriod };
}
