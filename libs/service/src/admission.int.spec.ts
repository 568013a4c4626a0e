import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { until } from '@allotree/testing/until';
import { loadConfiguration, METRICS } from '@allotree/basics';
import { createHttpApplication, listen, Public, SignedIn, Waits } from '@allotree/http';
import { createTestDatabase, type TestDatabase } from '@allotree/testing';
import { Body, Controller, Get, Module, Post, type DynamicModule } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Registry } from 'prom-client';
import { SERVICE_CONFIGURATION } from './configuration.js';
import { ServiceModule } from './service.module.js';

const LIMIT = 3;
const WORK = '/api/v1/jobs/work';

/** Requests that go on until a spec lets them. */
class Gate {
  private readonly inside: (() => void)[] = [];
  private arrived: () => void = () => undefined;

  pass(): Promise<void> {
    const passed = new Promise<void>((open) => this.inside.push(open));
    this.arrived();
    return passed;
  }

  async holds(count: number): Promise<void> {
    while (this.inside.length < count) await new Promise<void>((next) => (this.arrived = next));
  }

  get count(): number {
    return this.inside.length;
  }

  open(): void {
    for (const open of this.inside.splice(0)) open();
  }
}

const gate = new Gate();

@Controller('jobs')
class JobsController {
  @Public()
  @Get('work')
  async work(): Promise<object> {
    await gate.pass();
    return {};
  }

  @Public()
  @Post('work')
  async take(@Body() body: object): Promise<object> {
    await gate.pass();
    return body;
  }

  @Waits()
  @Public()
  @Get('news')
  async news(): Promise<object> {
    await gate.pass();
    return {};
  }

  @SignedIn()
  @Get('mine')
  mine(): object {
    return {};
  }
}

@Module({})
class Jobs {
  static forRoot(base: DynamicModule): DynamicModule {
    return { module: Jobs, imports: [base], controllers: [JobsController] };
  }
}

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

let app: NestFastifyApplication;
afterEach(async () => {
  gate.open();
  await app.close();
});

async function start(limit: number): Promise<string> {
  const configuration = loadConfiguration(SERVICE_CONFIGURATION, {
    DATABASE_URL: database.connectionString,
    TOKEN_SECRET: 's'.repeat(40),
    ADMIN_PASSWORD_HASH: '$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$AAAA',
    LOG_LEVEL: 'silent',
    MAX_REQUESTS_IN_PROGRESS: String(limit),
    PORT: '0',
  });
  const base = ServiceModule.forRoot({ service: 'jobs', configuration });
  app = await createHttpApplication(Jobs.forRoot(base), configuration);
  await listen(app, configuration);
  return app.getUrl();
}

const metric = async (name: string): Promise<number | undefined> => {
  const text = await app.get<Registry>(METRICS).getSingleMetricAsString(name);
  return Number(/^\w+(?:\{.*\})? (\S+)$/m.exec(text)?.[1]);
};

describe('a process with as many requests as it may have in progress', () => {
  it('refuses further ones with 503 and Retry-After, before it looks at who asks', async () => {
    const url = await start(LIMIT);
    const accepted = Array.from({ length: LIMIT }, () => fetch(`${url}${WORK}`));
    await gate.holds(LIMIT);
    const refused = await fetch(`${url}/api/v1/jobs/mine`, { headers: { authorization: 'Bearer nonsense' } });
    expect([refused.status, refused.headers.get('retry-after'), await refused.json()]).toEqual([
      503,
      '1',
      {
        type: 'urn:allotree:problem:overloaded',
        title: 'Server overloaded or shutting down',
        status: 503,
        detail: 'Nothing was done: too many requests are in progress',
        instance: '/api/v1/jobs/mine',
        code: 'OVERLOADED',
        correlationId: refused.headers.get('x-correlation-id'),
        retryAfterSeconds: 1,
      },
    ]);
    expect([await metric('http_requests_in_progress'), await metric('http_requests_refused_total')]).toEqual([
      LIMIT,
      1,
    ]);
    gate.open();
    expect((await Promise.all(accepted)).map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(await metric('http_requests_in_progress')).toBe(0);
    expect((await fetch(`${url}/api/v1/jobs/mine`)).status).toBe(401);
  });

  it('lets through at most as many of a burst', async () => {
    const url = await start(LIMIT);
    const burst = Array.from({ length: 10 * LIMIT }, () => fetch(`${url}${WORK}`));
    await new Promise<void>((refused) => {
      let left = 9 * LIMIT;
      for (const each of burst) void each.then(() => (left -= 1) === 0 && refused());
    });
    expect(gate.count).toBe(LIMIT);
    gate.open();
    const statuses = (await Promise.all(burst)).map(({ status }) => status).sort();
    expect(statuses).toEqual([...Array<number>(LIMIT).fill(200), ...Array<number>(9 * LIMIT).fill(503)]);
  });

  it('still answers the supervisor, the monitoring and requests that only wait', async () => {
    const url = await start(LIMIT);
    const accepted = Array.from({ length: LIMIT }, () => fetch(`${url}${WORK}`));
    await gate.holds(LIMIT);
    const waiting = fetch(`${url}/api/v1/jobs/news`);
    await gate.holds(LIMIT + 1);
    for (const path of ['/health/live', '/health/ready', '/metrics'])
      expect((await fetch(`${url}${path}`)).status).toBe(200);
    expect(await metric('http_requests_in_progress')).toBe(LIMIT);
    gate.open();
    expect((await Promise.all([...accepted, waiting])).map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  });

  it('counts a request whose caller has gone until its work is done', async () => {
    const url = await start(1);
    const caller = await send(url, `GET ${WORK} HTTP/1.1\r\nHost: jobs\r\n\r\n`);
    await gate.holds(1);
    caller.destroy();
    await once(caller, 'close');
    expect((await fetch(`${url}${WORK}`)).status).toBe(503);
    gate.open();
    await until(
      () => metric('http_requests_in_progress'),
      (number) => number === 0,
    );
    const next = fetch(`${url}${WORK}`);
    await gate.holds(1);
    gate.open();
    expect((await next).status).toBe(200);
  });

  it('does not count a request whose body is still arriving', async () => {
    const url = await start(1);
    const head = `POST ${WORK} HTTP/1.1\r\nHost: jobs\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n`;
    const slow = await send(url, head);
    const other = fetch(`${url}${WORK}`);
    await gate.holds(1);
    gate.open();
    expect((await other).status).toBe(200);
    slow.write('{}');
    await gate.holds(1);
    gate.open();
    const [answer] = (await once(slow, 'data')) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1.1 201 /);
    slow.destroy();
  });

  it('refuses nothing where the limit is 0', async () => {
    const url = await start(0);
    const all = Array.from({ length: 20 }, () => fetch(`${url}${WORK}`));
    await gate.holds(20);
    gate.open();
    expect((await Promise.all(all)).map(({ status }) => status)).toEqual(Array<number>(20).fill(200));
  });
});

async function send(url: string, text: string): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  socket.write(text);
  return socket;
}

/** Opens connections to a port, and ends well once all of them are open. */
const CALLERS = `
  const { connect } = require('node:net');
  const [port, callers] = process.argv.slice(1).map(Number);
  let open = 0;
  for (let i = 0; i < callers; i++) connect(port, '127.0.0.1', () => ++open === callers && process.exit(0));
`;

describe('a burst of callers while a process is busy', () => {
  it('is let in at once, although the process takes none of them meanwhile', async () => {
    const { port } = new URL(await start(LIMIT));
    // Node's 511 do not matter where the system allows fewer.
    const somaxconn = '/proc/sys/net/core/somaxconn';
    const allowed = existsSync(somaxconn) ? Number(readFileSync(somaxconn, 'utf8')) : 128;
    const callers = Math.min(700, allowed);
    const { status } = spawnSync(process.execPath, ['--eval', CALLERS, port, String(callers)], { timeout: 30_000 });
    expect(status).toBe(0);
  });
});
