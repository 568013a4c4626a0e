import { execFile } from 'node:child_process';
import { open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { readLocalSignIn } from '@allotree/api-client';
import { workbench, type RunningSystem } from '@allotree/testing/running-system';
import { until } from '@allotree/testing/until';

const run = promisify(execFile);
const MINUTES = 60_000;
const MEBIBYTE = 1_048_576;

let bench: Awaited<ReturnType<typeof workbench>>;
beforeEach(async () => {
  bench = await workbench();
});
afterEach(() => bench.clear(), 2 * MINUTES);

interface Health {
  readonly status: number;
  readonly body: { readonly checks: Record<string, string>; readonly reasons?: Record<string, string> };
}

const healthOf = async ({ url }: RunningSystem): Promise<Health> => {
  const response = await fetch(`${url}/health/ready`);
  return { status: response.status, body: (await response.json()) as Health['body'] };
};

const partner = (name: string) => ({
  name,
  kind: 'distributor',
  administrator: { name: 'Ada', email: 'ada@nordlicht.example' },
});

describe('a database server that is killed', () => {
  it(
    'is started again; nothing that was answered is lost, and the terminal says both',
    async () => {
      const system = await bench.start();
      const pidFile = join(bench.dataDir, 'data', 'postmaster.pid');
      const pid = Number((await readFile(pidFile, 'utf8')).split('\n')[0]);
      const acknowledged: string[] = [];
      let isOver = false;
      const sender = async (which: number): Promise<void> => {
        for (let number = 0; !isOver; number += 1) {
          const name = `Partner ${which}-${number}`;
          const answer = await system.api.ask({ method: 'POST', path: '/partners', body: partner(name) });
          if (answer.ok) acknowledged.push(name);
          else expect(answer.problem.status).toBe(503);
        }
      };
      const senders = Array.from({ length: 4 }, (_, which) => sender(which));
      await until(() => acknowledged.length > 50);
      process.kill(pid, 'SIGKILL');
      await until(async () => (await healthOf(system)).status === 503);
      await until(async () => (await healthOf(system)).status === 200);
      const before = acknowledged.length;
      await until(() => acknowledged.length > before + 20);
      isOver = true;
      await Promise.all(senders);
      expect(system.output()).toContain('the embedded database has ended (SIGKILL), restarting it');
      expect(system.output()).toContain('the embedded database runs again');
      const names = (await system.api.list<{ name: string }>('/partners')).map(({ name }) => name);
      expect(acknowledged.filter((name) => names.filter((other) => other === name).length !== 1)).toEqual([]);
      expect((await system.terminate()).code).toBe(0);
    },
    5 * MINUTES,
  );
});

/** Bytes that can still be written there. */
const freeBytes = async (folder: string): Promise<number> => {
  const { stdout } = await run('df', ['--output=avail', '-B1', folder]);
  return Number(stdout.trim().split('\n')[1]);
};

/** Takes space away until `left` bytes are free, or all of it. */
const fill = async (file: string, left: number): Promise<void> => {
  const handle = await open(file, 'a');
  try {
    const bytes = (await freeBytes(join(file, '..'))) - left;
    for (let done = 0; done < bytes; done += MEBIBYTE) await handle.write(Buffer.alloc(MEBIBYTE));
  } catch (error) {
    expect((error as NodeJS.ErrnoException).code).toBe('ENOSPC');
  } finally {
    await handle.close();
  }
};

const canMount = process.getuid?.() === 0 && process.platform === 'linux';

describe('a disk that is full', () => {
  const mounted = async (work: (folder: string) => Promise<void>): Promise<void> => {
    const folder = join(bench.dataDir, '..', 'disk');
    await run('mkdir', ['-p', folder]);
    await run('mount', ['-t', 'tmpfs', '-o', 'size=420m', 'tmpfs', folder]);
    try {
      await work(folder);
    } finally {
      await run('umount', ['-l', folder]);
    }
  };

  (canMount ? it : it.skip)(
    'stops writes with a reason, neither reads nor the end of the process, and recovers by itself',
    async () => {
      await mounted(async (folder) => {
        const dataDir = join(folder, 'data');
        const ballast = join(folder, 'ballast');
        const system = await bench.start({ DATA_DIR: dataDir, MIN_FREE_DISK_BYTES: String(150 * MEBIBYTE) });
        await system.api.post('/partners', partner('Before'));

        await fill(ballast, 120 * MEBIBYTE);
        const health = await until(
          () => healthOf(system),
          ({ body }) => body.checks['disk'] === 'down',
        );
        // Reads continue, so a load balancer must continue to send requests.
        expect(health.status).toBe(200);
        expect(health.body.reasons).toEqual({ disk: 'Less than 150 MiB are free on the disk of the data folder' });
        const token = (await readLocalSignIn(dataDir, 0))?.accessToken ?? '';
        const refused = await fetch(`${system.url}/api/v1/partners`, {
          method: 'POST',
          headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
          body: JSON.stringify(partner('Refused')),
        });
        expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '30']);
        expect(await refused.json()).toMatchObject({ code: 'STORAGE_FULL' });
        expect(await system.api.list('/partners')).toMatchObject([{ name: 'Before' }]);

        // Not one byte: the log cannot be written either.
        await fill(ballast, 0);
        for (let times = 0; times < 20; times += 1) expect((await fetch(`${system.url}/health/live`)).status).toBe(200);
        await system.api.ask({ method: 'GET', path: '/partners' });

        await rm(ballast);
        await until(async () => (await healthOf(system)).body.checks['disk'] === 'up');
        await system.api.post('/partners', partner('After'));
        const names = (await system.api.list<{ name: string }>('/partners')).map(({ name }) => name);
        expect(names.sort()).toEqual(['After', 'Before']);
        expect((await system.terminate()).code).toBe(0);
      });
    },
    5 * MINUTES,
  );
});
