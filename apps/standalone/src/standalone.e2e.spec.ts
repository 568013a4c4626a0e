import { existsSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Api, readLocalSignIn } from '@allotree/api-client';
import { runBuilt, workbench, type RunningSystem } from '@allotree/testing/running-system';

const MINUTES = 60_000;

const passwordIn = (output: string): string | undefined => /Password +(\S+) +\(made now/.exec(output)?.[1];

const statusOf = async (url: string): Promise<number> => {
  const response = await fetch(url);
  await response.arrayBuffer();
  return response.status;
};

describe('a start that cannot succeed', () => {
  let bench: Awaited<ReturnType<typeof workbench>>;
  beforeAll(async () => {
    bench = await workbench({ isNew: true });
  });
  afterAll(() => bench.clear(), 2 * MINUTES);

  it(
    'in a heap that is too small says so and makes no data folder',
    async () => {
      const env = { DATA_DIR: bench.dataDir, PORT: '0', NODE_OPTIONS: '--max-old-space-size=100' };
      const { code, output } = await runBuilt('standalone', [], env).ended;
      expect(code).toBe(1);
      expect(output).toMatch(/^error: Allotree needs a heap of 160 MB, .*--max-old-space-size=256[^\n]*\n$/);
      expect(existsSync(bench.dataDir)).toBe(false);
    },
    3 * MINUTES,
  );

  it(
    'on a folder that cannot be written to says so',
    async () => {
      const { code, output } = await runBuilt('standalone', [], { DATA_DIR: '/dev/null/data', PORT: '0' }).ended;
      expect(code).toBe(1);
      expect(output).toMatch(/^error: the data folder \/dev\/null\/data cannot be written to .*DATA_DIR/m);
    },
    MINUTES,
  );

  it(
    'with a wrong setting names it and what it may be',
    async () => {
      const { code, output } = await runBuilt('standalone', [], {
        DATA_DIR: bench.dataDir,
        PORT: 'eighty',
        TOKEN_SECRET: 'short',
      }).ended;
      expect(code).toBe(1);
      expect(output).toContain('PORT is "eighty". It must be a whole number from 0 to 65535.');
      expect(output).toContain('TOKEN_SECRET has a value that does not fit');
      expect(output).not.toContain('short');
    },
    MINUTES,
  );

  it(
    'with a password that is easy to guess ends with one sentence that says so, and not the password',
    async () => {
      const { code, output } = await runBuilt('standalone', [], {
        DATA_DIR: bench.dataDir,
        PORT: '0',
        ADMIN_PASSWORD: 'Password123',
      }).ended;
      expect(code).toBe(1);
      expect(output.trim()).toBe('error: ADMIN_PASSWORD is one of the passwords most often used: choose another.');
    },
    MINUTES,
  );
});

interface Named {
  readonly name: string;
}
interface Labelled {
  readonly label: string | null;
}

/** A project with a license, and the path to its main group. */
const openProject = async (api: Api): Promise<{ projectId: string; group: string }> => {
  const partner = {
    name: 'Nordlicht',
    kind: 'distributor',
    administrator: { name: 'Ada', email: 'ada@nordlicht.example' },
  };
  const { partnerId } = await api.post<{ partnerId: string }>('/partners', partner);
  const units = { sip_number: 100_000, mobile_app: 100_000, ukey2: 0 };
  const { packageId } = await api.post<{ packageId: string }>(`/partners/${partnerId}/packages`, {
    name: 'Plus',
    units,
  });
  const { projectId } = await api.post<{ projectId: string }>('/projects', { name: 'Hafenblick', partnerId });
  await api.post(`/projects/${projectId}/licenses`, { type: 'plus', partnerId, packageId, units });
  return { projectId, group: `/projects/${projectId}/groups/${projectId}` };
};

/** Sends commands one after another until one is not answered; notes those that were. */
const keepSending = async (
  target: { url: string; token: string; path: string },
  bodyOf: (name: string) => object,
  acknowledged: Set<string>,
): Promise<{ name: string; key: string }> => {
  for (;;) {
    const name = randomUUID();
    const key = randomUUID();
    try {
      const response = await fetch(`${target.url}/api/v1${target.path}`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${target.token}`,
          'content-type': 'application/json',
          'idempotency-key': key,
        },
        body: JSON.stringify(bodyOf(name)),
      });
      await response.text();
      if (!response.ok) return { name, key };
      acknowledged.add(name);
    } catch {
      return { name, key };
    }
  }
};

const timesEach = (names: readonly (string | null)[]): Map<string, number> => {
  const counts = new Map<string, number>();
  for (const name of names) if (name !== null) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
};

/** One data folder through its life: a start costs several seconds, so each test goes on from the one before it. */
describe('an installation', () => {
  let bench: Awaited<ReturnType<typeof workbench>>;
  let system: RunningSystem;
  let password: string;
  /** A killed run holds its key until its lease ends. */
  const start = (): Promise<RunningSystem> => bench.start({ IDEMPOTENCY_LEASE_SECONDS: '2' });
  beforeAll(async () => {
    bench = await workbench({ isNew: true });
  });
  afterAll(() => bench.clear(), 2 * MINUTES);

  it(
    'on a port in use says so, names PORT and leaves no database behind',
    async () => {
      const other = createServer().listen(0, '127.0.0.1');
      await new Promise((done) => other.once('listening', done));
      const { port } = other.address() as AddressInfo;
      const { code, output } = await runBuilt('standalone', [], { DATA_DIR: bench.dataDir, PORT: String(port) }).ended;
      other.close();
      expect(code).toBe(1);
      expect(output).toMatch(new RegExp(`^error: port ${port} is in use.*PORT=`, 'm'));
      // The password that was never shown is not the one that counts.
      system = await start();
      expect(passwordIn(system.output())).toBeDefined();
    },
    3 * MINUTES,
  );

  it(
    'says where to go and lets the administrator in',
    async () => {
      expect(await statusOf(`${system.url}/health/live`)).toBe(200);
      expect(await statusOf(`${system.url}/health/ready`)).toBe(200);
      expect(await statusOf(`${system.url}/metrics`)).toBe(200);
      expect(await statusOf(`${system.url}/api/v1/openapi.json`)).toBe(200);
      expect(await statusOf(`${system.url}/api/v1/projects`)).toBe(401);
      password = passwordIn(system.output()) ?? '';
      const administrator = await Api.signIn(system.url, 'admin@allotree.local', password);
      expect(await administrator.list('/projects')).toEqual([]);
    },
    MINUTES,
  );

  it(
    'refuses a second process on its folder, and the first goes on',
    async () => {
      const { code, output } = await runBuilt('standalone', [], { DATA_DIR: bench.dataDir, PORT: '0' }).ended;
      expect(code).toBe(1);
      expect(output).toMatch(/^error: The data folder .* is in use by another running Allotree/m);
      expect(await statusOf(`${system.url}/health/ready`)).toBe(200);
    },
    MINUTES,
  );

  it(
    'stops cleanly and starts again with the same password',
    async () => {
      const { code, output } = await system.terminate();
      expect([code, output]).toEqual([0, output]);
      expect(output).toContain('Stopped.');
      expect(await readLocalSignIn(bench.dataDir, 0)).toBeNull();

      system = await start();
      expect(passwordIn(system.output())).toBeUndefined();
      expect(await (await Api.signIn(system.url, 'admin@allotree.local', password)).list('/projects')).toEqual([]);
    },
    3 * MINUTES,
  );

  it(
    'killed without warning, under load, loses nothing that was answered, and does nothing twice',
    async () => {
      const first = system;
      const { projectId, group } = await openProject(first.api);
      const token = (await readLocalSignIn(bench.dataDir, 0))?.accessToken ?? '';
      const groups = { url: first.url, token, path: `/projects/${projectId}/groups` };
      const assignments = { url: first.url, token, path: `${group}/assignments` };
      const groupOf = (name: string) => ({ parentId: projectId, type: 'apartment', name });
      const assignmentOf = (label: string) => ({ resource: 'sip_number', label });

      const madeGroups = new Set<string>();
      const madeAssignments = new Set<string>();
      const senders = Array.from({ length: 8 }, (_, index) =>
        index % 2 === 0
          ? keepSending(groups, groupOf, madeGroups)
          : keepSending(assignments, assignmentOf, madeAssignments),
      );
      while (madeGroups.size < 200 || madeAssignments.size < 200) await new Promise((next) => setTimeout(next, 20));
      await first.kill();
      const unanswered = await Promise.all(senders);

      const second = (system = await start());
      // Clients without a response retry with the same key; each command must take effect once, executed before or not.
      const again = (await readLocalSignIn(bench.dataDir, 0))?.accessToken ?? '';
      for (const [index, { name, key }] of unanswered.entries()) {
        const { path } = index % 2 === 0 ? groups : assignments;
        const body = index % 2 === 0 ? groupOf(name) : assignmentOf(name);
        const send = () =>
          fetch(`${second.url}/api/v1${path}`, {
            method: 'POST',
            headers: { authorization: `Bearer ${again}`, 'content-type': 'application/json', 'idempotency-key': key },
            body: JSON.stringify(body),
          });
        let response = await send();
        while (response.status === 409 && (await response.text()).includes('IDEMPOTENCY_KEY_IN_USE')) {
          await new Promise((next) => setTimeout(next, 500));
          response = await send();
        }
        expect(response.status).toBe(201);
        (index % 2 === 0 ? madeGroups : madeAssignments).add(name);
      }

      const groupNames = timesEach(
        (await second.api.list<Named>(`/projects/${projectId}/groups?parentId=${projectId}`)).map(({ name }) => name),
      );
      const labels = timesEach((await second.api.list<Labelled>(`${group}/assignments`)).map(({ label }) => label));
      expect([...madeGroups].filter((name) => groupNames.get(name) !== 1)).toEqual([]);
      expect([...madeAssignments].filter((label) => labels.get(label) !== 1)).toEqual([]);
      expect(groupNames.size).toBe(madeGroups.size);
      expect(labels.size).toBe(madeAssignments.size);
      const quota = await second.api.get<{ resources: { sip_number: { consumed: number } } }>(`${group}/quota`);
      expect(quota.resources.sip_number.consumed).toBe(madeAssignments.size);
    },
    5 * MINUTES,
  );

  it(
    'stopped under load answers what is under way, and keeps all of it',
    async () => {
      const first = system;
      const { group } = await openProject(first.api);
      const token = (await readLocalSignIn(bench.dataDir, 0))?.accessToken ?? '';
      const made = new Set<string>();
      const target = { url: first.url, token, path: `${group}/assignments` };
      const senders = Array.from({ length: 4 }, () =>
        keepSending(target, (label) => ({ resource: 'sip_number', label }), made),
      );
      while (made.size < 100) await new Promise((next) => setTimeout(next, 20));
      expect((await first.terminate()).code).toBe(0);
      await Promise.all(senders);

      const second = await start();
      const labels = timesEach((await second.api.list<Labelled>(`${group}/assignments`)).map(({ label }) => label));
      expect([...made].filter((label) => labels.get(label) !== 1)).toEqual([]);
    },
    3 * MINUTES,
  );
});
