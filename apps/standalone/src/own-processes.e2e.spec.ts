import { spawn, type ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { ownService } from '@allotree/http';
import { signToken } from '@allotree/identity';
import { describeMetrics } from '@allotree/service';
import {
  createTestDatabase,
  documentedFetch,
  endedCheck,
  publishedDocument,
  type TestDatabase,
} from '@allotree/testing';
import { builtProgram } from '@allotree/testing/running-system';
import { Api } from '@allotree/api-client';
import pg from 'pg';

// Processes are started and stopped, on whatever machine this is.
jest.setTimeout(180_000);

const SECRET = 'a secret of the specs, 32 characters and more';
const SERVICES = ['group-service', 'license-service', 'notification-service', 'reporting-service'] as const;
type ServiceName = (typeof SERVICES)[number];

/** A service as an operator runs it, with only these variables beside PATH and HOME. */
class ServiceProcess {
  out = '';
  err = '';
  readonly ended: Promise<number | null>;

  private constructor(
    private readonly name: ServiceName,
    readonly child: ChildProcess,
  ) {
    child.stdout!.on('data', (chunk: Buffer) => (this.out += chunk.toString()));
    child.stderr!.on('data', (chunk: Buffer) => (this.err += chunk.toString()));
    this.ended = new Promise((done) => child.once('close', done));
  }

  static run(name: ServiceName, env: Readonly<Record<string, string>>, ...args: string[]): ServiceProcess {
    const { PATH = '', HOME = '' } = process.env;
    return new ServiceProcess(
      name,
      spawn(process.execPath, [builtProgram(name), ...args], { cwd: '/', env: { PATH, HOME, ...env } }),
    );
  }

  get lines(): { level: string; msg?: string; service: string; url?: string }[] {
    return this.out
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as { level: string; msg?: string; service: string; url?: string });
  }

  /** Where it answers, when it has said that it does. */
  async url(): Promise<string> {
    while (this.child.exitCode === null) {
      if (this.out.endsWith('\n')) {
        const listening = this.lines.find(({ msg }) => msg === 'listening');
        if (listening?.url !== undefined) return listening.url;
      }
      await sleep(20);
    }
    throw new Error(`it ended with ${this.child.exitCode}: ${this.out}${this.err}`);
  }

  async api(): Promise<Api> {
    const url = await this.url();
    const token = await signToken(ownService('admin', 'a@example.com'), { secret: SECRET, lifetimeSeconds: 3_600 });
    return new Api(url, token, documentedFetch(this.name, publishedDocument(url)));
  }

  terminate(): Promise<number | null> {
    this.child.kill('SIGTERM');
    return this.ended;
  }
}

const metricsOf = (services: readonly ServiceProcess[]): Promise<string[]> =>
  Promise.all(services.map(async (service) => (await fetch(`${await service.url()}/metrics`)).text()));

interface Sample {
  readonly labels: string;
  readonly value: number;
}

/** All samples of a metric on the pages. */
const samplesOf = (pages: readonly string[], name: string): Sample[] =>
  pages.flatMap((text) =>
    [...text.matchAll(new RegExp(`^${name}\\{(.*)\\} (\\S+)$`, 'gm'))].map(([, labels, value]) => ({
      labels: labels!.replace(/,?service="[^"]*"/, ''),
      value: Number(value),
    })),
  );

/** By how many processes each lease is held. */
function heldLeases(pages: readonly string[]): Map<string, number> {
  const held = new Map<string, number>();
  for (const { labels, value } of samplesOf(pages, 'lease_held')) held.set(labels, (held.get(labels) ?? 0) + value);
  return held;
}

describe('the services, each as a process of its own', () => {
  let database: TestDatabase;
  const started: ServiceProcess[] = [];
  const start = (name: ServiceName, env: Readonly<Record<string, string>> = {}): ServiceProcess => {
    const service = ServiceProcess.run(name, {
      PORT: '0',
      DATABASE_URL: database.connectionString,
      TOKEN_SECRET: SECRET,
      ADMIN_PASSWORD_HASH: '$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$AAAA',
      ...env,
    });
    started.push(service);
    return service;
  };

  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(async () => {
    for (const { child, ended } of started) {
      child.kill('SIGKILL');
      await ended;
    }
    await database.drop();
  });

  let licenses: ServiceProcess[];
  let groups: ServiceProcess[];

  it('start together on an empty database, two of each', async () => {
    licenses = [start('license-service'), start('license-service')];
    const notifications = [start('notification-service'), start('notification-service')];
    const LICENSE_SERVICE_URL = await licenses[0]!.url();
    groups = [start('group-service', { LICENSE_SERVICE_URL }), start('group-service', { LICENSE_SERVICE_URL })];
    for (const service of [...licenses, ...notifications, ...groups])
      expect((await fetch(`${await service.url()}/health/ready`)).status).toBe(200);
    for (const service of notifications) expect(await service.terminate()).toBe(0);
  });

  it('let a move go ahead, and refuse it, as the license service says', async () => {
    const [here, there] = await Promise.all(groups.map((service) => service.api()));
    const licensing = await licenses[1]!.api();
    const { partnerId } = await here!.post<{ partnerId: string }>('/partners', {
      name: 'Nordlicht',
      kind: 'distributor',
      administrator: { name: 'Ada Berg', email: 'ada@nordlicht.example' },
    });
    const { projectId } = await there!.post<{ projectId: string }>('/projects', { name: 'Hafenblick', partnerId });
    const units = { sip_number: 100, mobile_app: 0, ukey2: 0 };
    const { packageId } = await licensing.post<{ packageId: string }>(`/partners/${partnerId}/packages`, {
      name: 'Plus',
      units,
    });
    await licensing.post(`/projects/${projectId}/licenses`, { type: 'plus', partnerId, packageId, units });
    const group = async (api: Api, parentId: string, type: string, name: string): Promise<string> =>
      (await api.post<{ groupId: string }>(`/projects/${projectId}/groups`, { parentId, type, name })).groupId;
    const [a, b] = [await group(here!, projectId, 'building', 'A'), await group(there!, projectId, 'building', 'B')];
    const unit = await group(here!, a, 'unit', 'Unit 1');
    const restrict = (groupId: string, sip_number: number): Promise<unknown> =>
      licensing.put(`/projects/${projectId}/groups/${groupId}/restriction`, {
        enabled: true,
        allotments: [{ type: 'plus', units: { sip_number } }],
      });
    await restrict(b, 10);
    await restrict(unit, 20);
    const move = (parentId: string) =>
      here!.ask({ method: 'POST', path: `/projects/${projectId}/groups/${unit}/move`, body: { parentId } });
    // Events recorded by the other replica of the license service arrive a moment later.
    let refused = await move(b);
    while (refused.ok) refused = (await move(a), await move(b));
    expect(refused).toMatchObject({ ok: false, problem: { code: 'LIMIT_EXCEEDED' } });
    await restrict(b, 30);
    let moved = await move(b);
    while (!moved.ok) moved = await move(b);
    expect(moved.ok).toBe(true);
  });

  it('list their projections, and rebuild them, from either replica', async () => {
    for (const service of groups) {
      const api = await service.api();
      const { items } = await api.get<{ items: { name: string; rebuildable: boolean }[] }>(
        '/group-service/projections',
      );
      const rebuildable = items.filter((each) => each.rebuildable).map(({ name }) => name);
      expect(rebuildable).toContain('tree_view');
      expect(rebuildable).not.toContain('publish_groups');
      await api.post('/group-service/projections/tree_view/rebuild', {});
      const { status } = await endedCheck((path) => api.get(path), 'group-service', 'tree_view');
      expect(status).toBe('equal');
    }
    const api = await licenses[0]!.api();
    expect((await api.ask({ method: 'GET', path: '/group-service/projections' })).ok).toBe(false);
    await api.post('/license-service/projections/due-work/rebuild', {});
  });

  it('check one projection at a time, whichever replica was asked', async () => {
    const check = new pg.Client(database.connectionString);
    await check.connect();
    // What a check in progress holds.
    await check.query(`SELECT pg_advisory_lock(hashtextextended('allotree projections groups', 0))`);
    const asked = groups.flatMap((service) =>
      ['rebuild', 'verify'].map(async (kind) => {
        const path = `/group-service/projections/tree_view/${kind}`;
        const answer = await (await service.api()).ask({ method: 'POST', path, body: {} });
        return answer.ok ? null : answer.problem.code;
      }),
    );
    expect(await Promise.all(asked)).toEqual(asked.map(() => 'CHECK_IN_PROGRESS'));
    await check.end();
  });

  it('expose the metrics of the reference page, and one of two replicas works', async () => {
    let pages = await metricsOf(licenses);
    // The rebuild took the lease away from its holder.
    while (heldLeases(pages).get('lease="licensing.due-work"') !== 1) {
      await sleep(20);
      pages = await metricsOf(licenses);
    }
    const page = describeMetrics().map(({ name }) => name);
    for (const text of pages) {
      const names = [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name!);
      expect(names.filter((name) => !/^(process|nodejs)_/.test(name)).sort()).toEqual([...page].sort());
    }
    const samples = (name: string): Sample[] => samplesOf(pages, name);
    const held = heldLeases(pages);
    expect([...held.keys()]).toEqual(
      expect.arrayContaining(['lease="licensing.due-work"', 'lease="licensing.due-work"']),
    );
    expect([...held].filter(([, processes]) => processes !== 1)).toEqual([]);
    const accepted = samples('command_duration_seconds_count').filter(({ labels }) =>
      labels.includes('aggregate="project",outcome="accepted"'),
    );
    expect(accepted.reduce((sum, { value }) => sum + value, 0)).toBeGreaterThan(0);
    expect(samples('commands_waiting').every(({ value }) => value === 0)).toBe(true);
    expect(new Set(samples('database_connections').map(({ labels }) => labels))).toEqual(
      new Set(
        ['licensing', 'platform'].flatMap((pool) =>
          ['idle', 'busy', 'waiting'].map((state) => `pool="${pool}",state="${state}"`),
        ),
      ),
    );
  });

  it('say that they stop before they do, answer until then, and end with 0', async () => {
    const service = start('group-service', { SHUTDOWN_DELAY_MS: '1500', LOG_LEVEL: 'info' });
    const [url, api] = [await service.url(), await service.api()];
    const ended = service.terminate();
    while ((await fetch(`${url}/health/ready`)).status !== 503) await sleep(5);
    expect((await fetch(`${url}/health/live`)).status).toBe(200);
    await api.get('/projects');
    expect(await ended).toBe(0);
    expect(service.err).toBe('');
    expect(service.lines.at(-1)).toMatchObject({ level: 'info', service: 'group-service', msg: 'stopped' });
  });

  it('say in a line each what is wrong with their configuration, and end with 2', async () => {
    for (const name of SERVICES) {
      const service = ServiceProcess.run(name, { PORT: 'eighty', TOKEN_SECRET: SECRET });
      expect(await service.ended).toBe(2);
      expect(service.out).toBe('');
      const said = service.err.trim().split('\n');
      expect(said).toHaveLength(3);
      for (const line of said) expect(line.startsWith(`${name}: `)).toBe(true);
      expect(said[0]).toBe(`${name}: PORT is "eighty". It must be a whole number from 0 to 65535.`);
    }
  });

  it('say in a line why they cannot start, and end with 1', async () => {
    const taken = new URL(await groups[0]!.url()).port;
    const gone = 'postgres://nobody@127.0.0.1:1/nothing';
    const reasons = [
      { env: { PORT: taken }, said: `port ${taken} is in use by another program` },
      { env: { DATABASE_URL: gone }, said: 'a server cannot be reached at 127.0.0.1:1 (ECONNREFUSED)' },
      { env: { DATABASE_URL: `${database.connectionString}_none` }, said: 'there is no such database' },
    ];
    for (const { env, said } of reasons) {
      const service = start('license-service', { ...env, LOG_LEVEL: 'silent' });
      expect([said, await service.ended]).toEqual([said, 1]);
      expect(service.err).toContain(said);
      expect(service.err.trim().split('\n')).toHaveLength(1);
    }
  });

  it.each(SERVICES)('%s refuses a heap that is too small before it opens anything, and ends with 1', async (name) => {
    const service = start(name, { NODE_OPTIONS: '--max-old-space-size=100' });
    expect([await service.ended, service.out]).toEqual([1, '']);
    expect(service.err).toMatch(/^[a-z-]+: Allotree needs a heap of 160 MB, .*--max-old-space-size=256[^\n]*\n$/);
  });

  it.each(SERVICES)('%s lists its settings', async (name) => {
    const help = ServiceProcess.run(name, {}, '--help');
    expect(await help.ended).toBe(0);
    expect(help.out).toContain('DATABASE_URL, or DATABASE_URL_FILE  (required)');
    const wrong = ServiceProcess.run(name, {}, '--port');
    expect([await wrong.ended, wrong.out]).toEqual([2, '']);
    expect(wrong.err).toContain('unknown argument "--port"; the only option is --help');
  });
});
