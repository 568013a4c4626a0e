import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { connect } from 'node:net';
import { createTestDatabase, type TestDatabase } from '@allotree/testing';
import { Body, Controller, type DynamicModule, Get, Header, Module, Post } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { loadConfiguration } from '@allotree/basics';
import { createHttpApplication, ownService, Permit, Public, SignedIn, type Principal } from '@allotree/http';
import { signToken } from '@allotree/identity';
import { SERVICE_CONFIGURATION } from './configuration.js';
import { ServiceModule } from './service.module.js';

const SECRET = 's'.repeat(40);

@Controller('things')
class ThingsController {
  @SignedIn()
  @Get('mine')
  mine(): object {
    return {};
  }

  @Public()
  @Post('slow')
  slow(@Body() body: object): object {
    return body;
  }

  /** Belongs to no service: for server administrators only. */
  @Permit('system:manage')
  @Get('foreign')
  foreign(): object {
    return {};
  }

  @Public()
  @Header('content-security-policy', "default-src 'none'; img-src data:")
  @Get('open')
  open(): object {
    return {};
  }
}

@Module({})
class Things {
  static forRoot(base: DynamicModule): DynamicModule {
    return { module: Things, imports: [base], controllers: [ThingsController] };
  }
}

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const running: NestFastifyApplication[] = [];
afterEach(async () => {
  for (const app of running.splice(0)) await app.close();
});

const start = async (settings: Record<string, string> = {}): Promise<string> => {
  const configuration = loadConfiguration(SERVICE_CONFIGURATION, {
    DATABASE_URL: database.connectionString,
    TOKEN_SECRET: SECRET,
    ADMIN_PASSWORD_HASH: '$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$AAAA',
    LOG_LEVEL: 'silent',
    ...settings,
  });
  const base = ServiceModule.forRoot({ service: 'things', configuration });
  const app = await createHttpApplication(Things.forRoot(base), configuration);
  running.push(app);
  await app.listen(0, '127.0.0.1');
  return app.getUrl();
};

/** A key's token concerns the tenant of the key. */
const keyOf = (keyId: string, tenantId: string): Promise<string> =>
  tokenOf(keyId, tenantId, { apiKey: { keyId, permissions: ['projects:read'] } });

const tokenOf = (userId: string, tenantId: string | null, more: Partial<Principal> = {}): Promise<string> =>
  signToken(
    { userId, email: null, tenantId, serverAdministrator: false, sessionId: null, apiKey: null, ...more },
    { secret: SECRET, lifetimeSeconds: 600 },
  );

const ask = (url: string, path: string, token?: string, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`${url}${path}`, {
    headers: { ...headers, ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) },
  });
const MINE = '/api/v1/things/mine';
const OPEN = '/api/v1/things/open';
const FOREIGN = '/api/v1/things/foreign';

const statuses = async (times: number, once: () => Promise<Response>): Promise<number[]> => {
  const seen: number[] = [];
  for (let time = 0; time < times; time++) seen.push((await once()).status);
  return seen;
};

describe('every answer', () => {
  it.each([MINE, '/api/v1/nothing', '/api/v1/%E0%A4%A', '/health/live'])(
    'of %s forbids a browser to run and frame anything',
    async (path) => {
      const { headers } = await ask(await start(), path);
      expect(Object.fromEntries(headers)).toMatchObject({
        'content-security-policy': "default-src 'none';frame-ancestors 'none'",
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'SAMEORIGIN',
        'referrer-policy': 'no-referrer',
        'cache-control': 'no-store',
        'strict-transport-security': expect.stringContaining('max-age='),
      });
      expect(headers.get('x-powered-by')).toBeNull();
    },
  );

  it('keeps the policy a route sets itself', async () => {
    const { headers } = await ask(await start(), OPEN);
    expect(headers.get('content-security-policy')).toBe("default-src 'none'; img-src data:");
  });
});

describe('a request that does not arrive completely', () => {
  it('is aborted, with its connection', async () => {
    const { hostname, port } = new URL(await start({ REQUEST_TIMEOUT_SECONDS: '1' }));
    const socket = connect(Number(port), hostname);
    socket.write(
      `POST /api/v1/things/slow HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{"slow`,
    );
    const chunks: Buffer[] = [];
    for await (const chunk of socket) chunks.push(chunk as Buffer);
    expect(Buffer.concat(chunks).toString()).toMatch(/^HTTP\/1\.1 408 /);
  });
});

describe('a connection without a request', () => {
  it('holds up no stop', async () => {
    const { hostname, port } = new URL(await start({ REQUEST_TIMEOUT_SECONDS: '3600' }));
    const socket = connect(Number(port), hostname);
    await once(socket, 'connect');
    const closed = once(socket, 'close');
    await running.pop()?.close();
    socket.resume();
    await closed;
  });
});

describe('the page of metrics', () => {
  const TOKEN = 'a token of the monitoring';
  const metrics = async (url: string, token?: string) => (await ask(url, '/metrics', token)).status;

  it('takes a token where one is set', async () => {
    const url = await start({ METRICS_TOKEN: TOKEN });
    expect([await metrics(url), await metrics(url, 'x'), await metrics(url, TOKEN.replaceAll(' ', '%'))]).toEqual([
      401, 401, 401,
    ]);
    const authorization = `Bearer ${TOKEN}`;
    expect((await ask(url, '/metrics', undefined, { authorization })).status).toBe(200);
  });

  it('does not exist without a token where other machines can connect', async () => {
    expect(await metrics(await start({ HOST: '0.0.0.0' }))).toBe(404);
    expect(await metrics(await start({ HOST: '127.0.0.1' }))).toBe(200);
  });
});

describe('other origins', () => {
  const CONSOLE = 'https://console.example.com';
  const preflight = (url: string, origin: string): Promise<Response> =>
    fetch(`${url}${MINE}`, {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': 'GET', 'access-control-request-headers': 'authorization' },
    });

  it('get no headers where none is configured', async () => {
    const url = await start();
    expect(
      (await ask(url, OPEN, undefined, { origin: CONSOLE })).headers.get('access-control-allow-origin'),
    ).toBeNull();
    expect((await preflight(url, CONSOLE)).headers.get('access-control-allow-origin')).toBeNull();
  });

  it('are allowed by name, without cookies', async () => {
    const url = await start({ CORS_ORIGINS: `${CONSOLE}, https://other.example.com:8443` });
    const { headers } = await preflight(url, CONSOLE);
    expect(headers.get('access-control-allow-origin')).toBe(CONSOLE);
    expect(headers.get('access-control-allow-headers')).toContain('authorization');
    expect(headers.get('access-control-allow-credentials')).toBeNull();
    for (const origin of ['https://evil.example.com', 'https://console.example.com.evil.com', 'null'])
      expect((await preflight(url, origin)).headers.get('access-control-allow-origin')).toBeNull();
  });

  it.each(['*', 'console.example.com', 'https://console.example.com/', 'https://a.example.com,'])(
    'cannot be %j: the configuration is refused',
    async (CORS_ORIGINS) => {
      await expect(start({ CORS_ORIGINS })).rejects.toThrow('CORS_ORIGINS');
    },
  );
});

describe.each([
  ['in this process', {}],
  ...(process.env['ALLOTREE_TEST_REDIS_URL'] === undefined
    ? []
    : [['in Redis', { REDIS_URL: process.env['ALLOTREE_TEST_REDIS_URL'] }] as const]),
] as const)('too many requests, counted %s', (_where, settings) => {
  const unique = (name: string): string => `${name}-${process.pid}-${performance.now().toString(36).replace('.', '')}`;

  it('of one user are refused, and those of others are not', async () => {
    const url = await start({ ...settings, RATE_LIMIT_PER_CALLER: '3' });
    const eva = await tokenOf(unique('eva'), null);
    expect(await statuses(3, () => ask(url, MINE, eva))).toEqual([200, 200, 200]);
    const refused = await ask(url, MINE, eva);
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await refused.json()).toMatchObject({ code: 'RATE_LIMITED', retryAfterSeconds: expect.any(Number) });
    expect((await ask(url, MINE, await tokenOf(unique('ali'), null))).status).toBe(200);
  });

  it('of one tenant are refused, and those of other tenants are not', async () => {
    const url = await start({ ...settings, RATE_LIMIT_PER_TENANT: '2' });
    const [nord, sued] = [unique('nord'), unique('sued')];
    const people = await Promise.all([1, 2, 3].map((n) => keyOf(unique(`p${n}`), nord)));
    const seen = [];
    for (const token of people) seen.push((await ask(url, MINE, token)).status);
    expect(seen).toEqual([200, 200, 429]);
    expect((await ask(url, MINE, await keyOf(unique('p4'), sued))).status).toBe(200);
  });
});

describe('too many requests', () => {
  it('without a sign-in are refused by address; those of signed-in users and of monitoring are not', async () => {
    const url = await start({ RATE_LIMIT_PER_ADDRESS: '2', TRUSTED_PROXIES: '127.0.0.1' });
    const from = (address: string) => ask(url, OPEN, undefined, { 'x-forwarded-for': address });
    expect(await statuses(3, () => from('192.0.2.1'))).toEqual([200, 200, 429]);
    expect((await from('192.0.2.2')).status).toBe(200);
    const token = await tokenOf('eva', null);
    expect(await statuses(3, () => ask(url, MINE, token))).toEqual([200, 200, 200]);
    expect(await statuses(4, () => ask(url, '/health/live'))).toEqual([200, 200, 200, 200]);
  });

  it('are counted when the guard refuses them: bad tokens, routes of others, and unknown addresses', async () => {
    const url = await start({ RATE_LIMIT_PER_ADDRESS: '2', RATE_LIMIT_PER_CALLER: '2', TRUSTED_PROXIES: '127.0.0.1' });
    const from = (address: string, path: string, token?: string) =>
      ask(url, path, token, { 'x-forwarded-for': address });
    expect(await statuses(3, () => from('192.0.2.1', MINE, 'forged'))).toEqual([401, 401, 429]);
    expect(await statuses(3, () => from('192.0.2.2', MINE))).toEqual([401, 401, 429]);
    expect(await statuses(3, () => from('192.0.2.3', '/api/v1/nothing'))).toEqual([404, 404, 429]);
    expect(await statuses(3, () => from('192.0.2.4', '/api/v1/openapi.json'))).toEqual([200, 200, 429]);
    const eva = await tokenOf('eva', null);
    expect(await statuses(3, () => from('192.0.2.5', FOREIGN, eva))).toEqual([403, 403, 429]);
    // A signed-in user is not affected by other callers at the same address.
    expect((await from('192.0.2.1', MINE, await tokenOf('ali', null))).status).toBe(200);
  });

  it('cannot be avoided by claiming another address', async () => {
    const url = await start({ RATE_LIMIT_PER_ADDRESS: '2' });
    let n = 0;
    const claimed = () => ask(url, OPEN, undefined, { 'x-forwarded-for': `192.0.2.${(n += 1)}` });
    expect(await statuses(3, claimed)).toEqual([200, 200, 429]);
  });

  it('of server administrators are not counted, and with 0 those of nobody are', async () => {
    const url = await start({ RATE_LIMIT_PER_CALLER: '1', RATE_LIMIT_PER_TENANT: '1' });
    const administrator = await signToken(ownService('admin'), { secret: SECRET, lifetimeSeconds: 600 });
    expect(await statuses(3, () => ask(url, MINE, administrator))).toEqual([200, 200, 200]);
    const without = await start({ RATE_LIMIT_PER_CALLER: '0', RATE_LIMIT_PER_TENANT: '0' });
    const eva = await keyOf('eva', 'nord');
    expect(await statuses(3, () => ask(without, MINE, eva))).toEqual([200, 200, 200]);
  });

  it('pass while the Redis of the counters does not answer', async () => {
    const url = await start({ REDIS_URL: 'redis://127.0.0.1:1/0', RATE_LIMIT_PER_CALLER: '1' });
    const eva = await tokenOf('eva', null);
    expect(await statuses(3, () => ask(url, MINE, eva))).toEqual([200, 200, 200]);
  });
});
