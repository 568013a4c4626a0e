import { Writable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { until } from '@allotree/testing/until';
import { createTestDatabase, type TestDatabase } from '@allotree/testing';
import { Count, DryRun, Id, Page } from '@allotree/contracts';
import { Body, Controller, Delete, Get, HttpCode, Module, Param, Post, Put, Query } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { OpenAPIObject } from '@nestjs/swagger';
import pg from 'pg';
import { z } from 'zod';
import { createLogger, loadConfiguration } from '@allotree/basics';
import { Caller, createHttpApplication, Documented, ownService, Permit, Problem, Public } from '@allotree/http';
import { hashPassword, signToken } from '@allotree/identity';
import { SERVICE_CONFIGURATION, type ServiceConfiguration } from './configuration.js';
import { ServiceModule } from './service.module.js';

const Allotment = z.strictObject({ units: z.strictObject({ sip_number: Count }) });
const Thing = z.strictObject({
  name: z.string().min(1),
  allotments: z.array(Allotment).default([]),
  meta: z.record(z.string(), z.number()).optional(),
});

/** The calls of the handlers, so that a spec can see that nothing happened twice. */
let calls: string[] = [];
let gate: Promise<void> = Promise.resolve();
let duringCall = (): Promise<unknown> => Promise.resolve();

@Controller('things')
class ThingsController {
  @Permit('projects:read')
  @Get()
  @Documented({
    tag: 'Things',
    summary: 'List',
    response: { schema: z.object({ ok: z.boolean() }), example: { ok: true } },
    problems: ['VALIDATION'],
  })
  list(@Query({ schema: Page }) page: Page): Page {
    return page;
  }

  @Permit('projects:read')
  @Get('broken')
  broken(): never {
    throw new Error('the password of the database is hunter2');
  }

  @Permit('projects:read')
  @Get('refused')
  refused(@Query({ schema: DryRun }) _query: unknown): never {
    throw new Problem('LIMIT_EXCEEDED', 'Building A has 30 left', {
      resource: 'sip_number',
      requested: 50,
      available: 30,
    });
  }

  @Permit('projects:read')
  @Get('busy')
  busy(): never {
    throw new Problem('OVERLOADED', undefined, { retryAfterSeconds: 2 });
  }

  @Permit('projects:read')
  @Get('me')
  me(@Query({ schema: DryRun }) _query: unknown, @Caller() caller: Caller): object {
    return { ...caller.context, id: caller.newId('group'), dryRun: caller.dryRun };
  }

  @Permit('projects:manage')
  @Post()
  @Documented({
    tag: 'Things',
    summary: 'Make',
    body: { name: 'Hafenblick' },
    response: { status: 201, schema: z.object({ name: z.string() }), example: { name: 'Hafenblick' } },
    problems: ['VALIDATION', 'NAME_TAKEN', 'LIMIT_EXCEEDED'],
    idempotent: true,
    revised: true,
  })
  async make(@Body({ schema: Thing }) body: z.infer<typeof Thing>, @Caller() caller: Caller): Promise<object> {
    calls.push(body.name);
    await gate;
    await duringCall();
    if (body.name === 'taken') throw new Problem('NAME_TAKEN', 'There is one of that name', { name: body.name });
    if (body.name === 'broken' && calls.length === 1) throw new Error('broken once');
    caller.answerRevision(7);
    return { name: body.name, commandId: caller.context.commandId, call: calls.length };
  }

  @Permit('projects:manage')
  @Put(':id')
  put(@Param('id', { schema: Id }) id: string, @Caller() caller: Caller): object {
    return { id, expectedRevision: caller.context.expectedRevision ?? null };
  }

  @Permit('projects:manage')
  @Delete(':id')
  @HttpCode(204)
  remove(): void {
    calls.push('removed');
  }
}

@Controller('open')
class UnguardedController {
  @Get()
  @Public()
  open(): string {
    return 'open';
  }

  @Get('forgotten')
  forgotten(): string {
    return 'nobody decided';
  }
}

let database: TestDatabase;
let configuration: ServiceConfiguration;
let app: NestFastifyApplication;
let base: string;
let token: string;
const lines: Record<string, unknown>[] = [];

function serviceModule(service: string) {
  const destination = new Writable({
    write(chunk: Buffer, _encoding, done) {
      for (const line of chunk.toString('utf8').split('\n').filter(Boolean))
        lines.push(JSON.parse(line) as Record<string, unknown>);
      done();
    },
  });
  return ServiceModule.forRoot({
    service,
    configuration,
    logger: createLogger({ service, level: 'info', destination }),
  });
}

beforeAll(async () => {
  database = await createTestDatabase();
  configuration = loadConfiguration(SERVICE_CONFIGURATION, {
    DATABASE_URL: database.connectionString,
    TOKEN_SECRET: 's'.repeat(40),
    ADMIN_PASSWORD_HASH: await hashPassword('correct horse'),
    PORT: '0',
    BODY_LIMIT_BYTES: '4096',
    IDEMPOTENCY_LEASE_SECONDS: '1',
  });
  @Module({ imports: [serviceModule('spec')], controllers: [ThingsController] })
  class SpecModule {}
  app = await createHttpApplication(SpecModule, configuration);
  await app.listen(0, '127.0.0.1');
  base = await app.getUrl();
  token = await signToken(ownService('u1'), { secret: configuration.TOKEN_SECRET, lifetimeSeconds: 3_600 });
}, 60_000);

afterAll(async () => {
  await app.close();
  await database.drop();
});

const call = (path: string, init: RequestInit = {}): Promise<Response> =>
  fetch(`${base}${path}`, {
    ...init,
    headers: { authorization: `Bearer ${token}`, ...(init.headers as Record<string, string>) },
  });

const post = (path: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> =>
  call(path, {
    method: 'POST',
    body: typeof body === 'string' ? body : JSON.stringify(body),
    headers: { 'content-type': 'application/json', ...headers },
  });

async function problem(response: Response): Promise<Record<string, unknown>> {
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  const body = (await response.json()) as Record<string, unknown>;
  expect(body['status']).toBe(response.status);
  expect(body['correlationId']).toBe(response.headers.get('x-correlation-id'));
  return body;
}

describe('a request that is refused before any route', () => {
  it('gets a precise answer for text that cannot be kept, bodies other than JSON, and other methods', async () => {
    const nul = await problem(await post('/api/v1/things', '{"name":"a\\u0000b"}'));
    expect(nul).toMatchObject({ status: 400, code: 'VALIDATION', errors: [{ field: 'name' }] });
    const form = await problem(
      await post('/api/v1/things', 'name=a', { 'content-type': 'application/x-www-form-urlencoded' }),
    );
    expect(form).toMatchObject({ status: 415, code: 'UNSUPPORTED_MEDIA_TYPE' });
    const latin = await problem(
      await post('/api/v1/things', '{}', { 'content-type': 'application/json; charset=latin1' }),
    );
    expect(latin).toMatchObject({ status: 415, code: 'UNSUPPORTED_MEDIA_TYPE' });
    const other = await call('/api/v1/things', { method: 'PATCH' });
    expect(other.headers.get('allow')).toBe('GET, HEAD, POST');
    expect(await problem(other)).toMatchObject({ status: 405, code: 'METHOD_NOT_ALLOWED' });
    expect(calls).not.toContain('a\u0000b');
  });
});

describe('problem details', () => {
  it('carry the code, its facts and where it happened', async () => {
    expect(await problem(await call('/api/v1/things/refused?dryRun=false'))).toEqual({
      type: 'urn:allotree:problem:limit-exceeded',
      title: 'Limit exceeded',
      status: 409,
      detail: 'Building A has 30 left',
      instance: '/api/v1/things/refused',
      code: 'LIMIT_EXCEEDED',
      correlationId: expect.any(String),
      resource: 'sip_number',
      requested: 50,
      available: 30,
    });
  });

  it('reveal nothing of an unexpected error, which is logged under the correlation id', async () => {
    const response = await call('/api/v1/things/broken');
    const body = await problem(response);
    expect(response.status).toBe(500);
    expect(JSON.stringify(body)).not.toMatch(/hunter2|stack|Error:/);
    const logged = lines.find(
      (line) => line['msg'] === 'request failed' && line['correlationId'] === body['correlationId'],
    );
    expect(JSON.stringify(logged?.['err'])).toContain('http.int.spec');
  });

  it('include when to retry', async () => {
    const response = await call('/api/v1/things/busy');
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '2']);
  });

  const bad: [string, unknown, number, string, string][] = [
    ['malformed JSON', '{"name":', 400, 'VALIDATION', ''],
    ['an empty body', '', 400, 'VALIDATION', ''],
    ['null', 'null', 400, 'VALIDATION', ''],
    ['an array', '[]', 400, 'VALIDATION', ''],
    ['a missing field', {}, 400, 'VALIDATION', 'name'],
    ['a wrong type', { name: 7 }, 400, 'VALIDATION', 'name'],
    ['an unknown field', { name: 'x', color: 'red' }, 400, 'VALIDATION', 'color'],
    [
      'a negative number deep inside',
      { name: 'x', allotments: [{ units: { sip_number: -1 } }] },
      400,
      'VALIDATION',
      'allotments[0].units.sip_number',
    ],
    [
      'a fraction',
      { name: 'x', allotments: [{ units: { sip_number: 1.5 } }] },
      400,
      'VALIDATION',
      'allotments[0].units.sip_number',
    ],
    [
      'more than 2^31',
      { name: 'x', allotments: [{ units: { sip_number: 2 ** 31 } }] },
      400,
      'VALIDATION',
      'allotments[0].units.sip_number',
    ],
    [
      'an unknown field deep inside',
      { name: 'x', allotments: [{ units: { sip_number: 1, fax: 1 } }] },
      400,
      'VALIDATION',
      'allotments[0].units.fax',
    ],
    ['prototype poisoning', '{"name":"x","__proto__":{"a":1}}', 400, 'VALIDATION', ''],
  ];
  it.each(bad)('answer %s with its code and field', async (_what, body, status, code, field) => {
    calls = [];
    const details = await problem(await post('/api/v1/things', body));
    expect([details['status'], details['code']]).toEqual([status, code]);
    expect(details['errors']).toEqual([{ field, message: expect.any(String) }]);
    expect(calls).toEqual([]);
  });

  it('answer bodies that are too large, of another type, and unknown addresses', async () => {
    expect((await problem(await post('/api/v1/things', { name: 'x'.repeat(5_000) })))['code']).toBe(
      'PAYLOAD_TOO_LARGE',
    );
    expect((await problem(await post('/api/v1/things', 'name=x', { 'content-type': 'text/csv' })))['code']).toBe(
      'UNSUPPORTED_MEDIA_TYPE',
    );
    expect((await problem(await post('/api/v1/things', '<x/>', { 'content-type': 'application/xml' })))['code']).toBe(
      'UNSUPPORTED_MEDIA_TYPE',
    );
    expect((await problem(await call('/api/v1/nothing')))['code']).toBe('NOT_FOUND');
    expect((await problem(await call('/nothing')))['code']).toBe('NOT_FOUND');
    expect((await problem(await call('/api/v1/things/%zz', { method: 'PUT' })))['status']).toBe(400);
  });

  it('answer invalid queries and path parameters', async () => {
    expect(await (await call('/api/v1/things')).json()).toEqual({ limit: 50 });
    expect((await problem(await call('/api/v1/things?limit=0')))['errors']).toEqual([
      { field: 'limit', message: expect.any(String) },
    ]);
    expect((await problem(await call('/api/v1/things?limit=ten')))['errors']).toEqual([
      { field: 'limit', message: expect.any(String) },
    ]);
    expect((await problem(await call('/api/v1/things/-x', { method: 'PUT' })))['errors']).toEqual([
      { field: 'id', message: expect.any(String) },
    ]);
  });
});

describe('identity', () => {
  it('refuses requests without a valid token', async () => {
    for (const authorization of ['', 'Bearer', 'Bearer x', `Basic ${token}`, `Bearer ${token}x`]) {
      const response = await call('/api/v1/things', { headers: { authorization } });
      expect((await problem(response))['code']).toBe('UNAUTHENTICATED');
      expect(response.headers.get('www-authenticate')).toBe('Bearer');
    }
  });

  it('no longer accepts a token that expired in the cache', async () => {
    const short = await signToken(ownService('u2'), {
      secret: configuration.TOKEN_SECRET,
      lifetimeSeconds: 1,
    });
    const ask = async () => (await call('/api/v1/things', { headers: { authorization: `Bearer ${short}` } })).status;
    expect(await ask()).toBe(200);
    let status = 200;
    while (status === 200) status = await ask();
    expect(status).toBe(401);
  });

  it('does not start with a route that declares no access rule', async () => {
    @Module({ imports: [serviceModule('unguarded')], controllers: [UnguardedController] })
    class UnguardedModule {}
    const unguarded = await createHttpApplication(UnguardedModule, configuration);
    await expect(unguarded.init()).rejects.toThrow(
      'routes without @Permit(), @SignedIn() or @Public(): UnguardedController.forgotten',
    );
    await unguarded.close();
  });

  it('writes no secrets into its log', () => {
    const text = JSON.stringify(lines);
    expect(text).not.toContain('correct horse');
    expect(text).not.toContain(token);
  });
});

describe('the caller', () => {
  it('gets conditions, and ids derived from the command', async () => {
    const put = async (ifMatch: string) =>
      (await call('/api/v1/things/t1', { method: 'PUT', headers: { 'if-match': ifMatch } })).json();
    expect(await put('"12"')).toEqual({ id: 't1', expectedRevision: 12 });
    expect(await put('"1", "2"')).toEqual({ id: 't1', expectedRevision: [1, 2] });
    expect(await put('"7,x" ,W/"3",  "2"')).toEqual({ id: 't1', expectedRevision: [2] });
    // Weak tags match nothing, and neither do foreign ones.
    expect(await put('W/"0"')).toEqual({ id: 't1', expectedRevision: [] });
    expect(await put('*')).toEqual({ id: 't1', expectedRevision: null });
    for (const malformed of ['12', '"1", 2', ',', '"1" "2"'])
      expect(await put(malformed)).toMatchObject({ code: 'VALIDATION', errors: [{ field: 'If-Match' }] });
    const key = { headers: { 'idempotency-key': 'k-1' } };
    const [one, two, other] = await Promise.all(
      [key, key, {}].map(
        async (init) => (await call('/api/v1/things/me?dryRun=true', init)).json() as Promise<Record<string, unknown>>,
      ),
    );
    expect(one).toMatchObject({ dryRun: true, actor: 'user:u1' });
    // A key is for requests that record something: not for reads or dry runs.
    expect(new Set([one, two, other].map((caller) => caller?.['commandId'])).size).toBe(3);
    expect(new Set([one, two, other].map((caller) => caller?.['id'])).size).toBe(3);
    expect(one).not.toHaveProperty('repeatable');
  });

  it('is known by a correlation id', async () => {
    const correlationOf = async (headers: Record<string, string>) => {
      const response = await call('/api/v1/things/me', { headers });
      const body = (await response.json()) as { correlationId: string };
      expect(body.correlationId).toBe(response.headers.get('x-correlation-id'));
      return body.correlationId;
    };
    expect(await correlationOf({ 'x-correlation-id': 'order-77' })).toBe('order-77');
    expect(await correlationOf({ traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01' })).toBe(
      '4bf92f3577b34da6a3ce929d0e0e4736',
    );
    expect(await correlationOf({ 'x-correlation-id': 'no spaces, please' })).toMatch(/^[0-9a-f]{32}$/);
    const line = lines.find((entry) => entry['correlationId'] === 'order-77' && entry['msg'] === 'request');
    expect(line).toMatchObject({
      method: 'GET',
      path: '/api/v1/things/me',
      status: 200,
      user: 'u1',
      service: 'spec',
      level: 'info',
    });
  });
});

describe('Idempotency-Key', () => {
  const keyed = (key: string, body: unknown) => post('/api/v1/things', body, { 'idempotency-key': key });

  it('gives the first answer again: status, ETag and body', async () => {
    calls = [];
    const first = await keyed('again', { name: 'x' });
    const second = await keyed('again', { name: 'x' });
    expect([first.status, second.status]).toEqual([201, 201]);
    expect([first.headers.get('etag'), second.headers.get('etag')]).toEqual(['"7"', '"7"']);
    expect(await second.json()).toEqual(await first.json());
    expect([first.headers.get('idempotency-replayed'), second.headers.get('idempotency-replayed')]).toEqual([
      null,
      'true',
    ]);
    expect(calls).toEqual(['x']);
  });

  it('keeps nothing of a refusal: the same key can be used again, with another body too', async () => {
    calls = [];
    expect((await problem(await keyed('refusal', { name: 'taken' })))['code']).toBe('NAME_TAKEN');
    expect((await problem(await keyed('refusal', { name: 'taken' })))['code']).toBe('NAME_TAKEN');
    expect((await keyed('refusal', { name: 'free' })).status).toBe(201);
    expect(calls).toEqual(['taken', 'taken', 'free']);
  });

  it('recognizes a body whose members come in another order', async () => {
    calls = [];
    const raw = (body: string) =>
      call('/api/v1/things', {
        method: 'POST',
        headers: { 'idempotency-key': 'order', 'content-type': 'application/json' },
        body,
      });
    const [one, two] = [
      await raw('{"name":"x","meta":{"a":1,"b":2}}'),
      await raw('{ "meta":{"b":2,"a":1},"name":"x"}'),
    ];
    expect([one.status, two.status]).toEqual([201, 201]);
    expect(two.headers.get('idempotency-replayed')).toBe('true');
    expect((await problem(await raw('{"name":"x","meta":{"a":1,"b":3}}')))['code']).toBe('IDEMPOTENCY_KEY_REUSED');
  });

  it('counts as a new key after 24 hours, and as another command', async () => {
    calls = [];
    const send = async () => (await (await keyed('old', { name: 'x' })).json()) as { commandId: string; call: number };
    const first = await send();
    const client = new pg.Client({ connectionString: database.connectionString });
    await client.connect();
    await client.query(
      "UPDATE http.idempotent_request SET created_at = created_at - interval '25 hours' WHERE key = 'old'",
    );
    await client.end();
    const second = await send();
    expect(second.commandId).not.toBe(first.commandId);
    expect(calls).toEqual(['x', 'x']);
    expect(await send()).toEqual(second);
  });

  it('lets an answer without a body be repeated', async () => {
    calls = [];
    const remove = () => call('/api/v1/things/t1', { method: 'DELETE', headers: { 'idempotency-key': 'remove' } });
    expect([(await remove()).status, (await remove()).status]).toEqual([204, 204]);
    expect(calls).toEqual(['removed']);
  });

  it('refuses a second request while the first runs, and another request under the same key', async () => {
    calls = [];
    let open: () => void = () => undefined;
    gate = new Promise((resolve) => {
      open = resolve;
    });
    const racing = Array.from({ length: 12 }, () => keyed('race', { name: 'x' }));
    // All but the first are answered while the gate is closed.
    const statuses: number[] = [];
    await new Promise<void>((resolve) => {
      for (const request of racing) {
        void request.then((response) => {
          statuses.push(response.status);
          if (statuses.length === 11) resolve();
        });
      }
    });
    expect(statuses).toEqual(Array(11).fill(409));
    expect((await problem(await keyed('race', { name: 'y' })))['code']).toBe('IDEMPOTENCY_KEY_REUSED');
    open();
    gate = Promise.resolve();
    const all = await Promise.all(racing);
    expect(all.map((response) => response.status).sort()).toEqual([201, ...Array<number>(11).fill(409)]);
    expect(calls).toEqual(['x']);
    expect((await keyed('race', { name: 'x' })).status).toBe(201);
  });

  it('keeps nothing of an internal error: the retry runs', async () => {
    calls = [];
    expect((await keyed('failure', { name: 'broken' })).status).toBe(500);
    expect((await keyed('failure', { name: 'broken' })).status).toBe(201);
    expect(calls).toEqual(['broken', 'broken']);
  });

  it('is released once the database answers again, if the outage that failed the command failed its release too', async () => {
    const client = new pg.Client({ connectionString: database.connectionString });
    await client.connect();
    duringCall = async () => {
      await client.query('ALTER TABLE http.idempotent_request RENAME TO away');
      throw new Error('the database is away');
    };
    expect((await keyed('outage', { name: 'outage' })).status).toBe(500);
    duringCall = () => Promise.resolve();
    await client.query('ALTER TABLE http.away RENAME TO idempotent_request');
    const isReleased = async (): Promise<boolean> => {
      const { rowCount } = await client.query(
        "SELECT FROM http.idempotent_request WHERE key = 'outage' AND lease_until = '-infinity'",
      );
      return rowCount === 1;
    };
    await until(isReleased);
    await client.end();
    expect((await keyed('outage', { name: 'outage' })).status).toBe(201);
  });

  it('continues after a run that died, as the same command', async () => {
    calls = [];
    const first = (await (await keyed('died', { name: 'x' })).json()) as { commandId: string };
    // The state left by a process that is killed before it answers.
    const client = new pg.Client({ connectionString: database.connectionString });
    await client.connect();
    await client.query(
      "UPDATE http.idempotent_request SET answer = NULL, lease_until = now() + interval '1 hour' WHERE key = 'died'",
    );
    expect((await keyed('died', { name: 'x' })).status).toBe(409);
    await client.query(
      "UPDATE http.idempotent_request SET lease_until = now() - interval '1 second' WHERE key = 'died'",
    );
    await client.end();
    const second = (await (await keyed('died', { name: 'x' })).json()) as { commandId: string; call: number };
    expect(second).toMatchObject({ commandId: first.commandId, call: 2 });
  });

  it('refuses a malformed key', async () => {
    expect((await problem(await keyed('with spaces', { name: 'x' })))['errors']).toEqual([
      { field: 'Idempotency-Key', message: expect.any(String) },
    ]);
  });
});

describe('for operators', () => {
  it('reports its health without authentication', async () => {
    const live = await fetch(`${base}/health/live`);
    expect([live.status, await live.json()]).toEqual([200, { status: 'up' }]);
    const ready = await fetch(`${base}/health/ready`);
    expect([ready.status, await ready.json()]).toEqual([
      200,
      { status: 'up', checks: { database: 'up', clock: 'up' } },
    ]);
    const metrics = await (await fetch(`${base}/metrics`)).text();
    expect(
      metrics
        .split('\n')
        .find((line) => line.startsWith('http_request_duration_seconds_count') && line.includes('/refused')),
    ).toBe(
      'http_request_duration_seconds_count{service="spec",method="GET",route="/api/v1/things/refused",status="409"} 1',
    );
    expect(lines.some((line) => String(line['path']).startsWith('/health'))).toBe(false);
  });

  it('describes its routes', async () => {
    const document = (await (await fetch(`${base}/api/v1/openapi.json`)).json()) as OpenAPIObject;
    expect(Object.keys(document.paths)).toEqual(expect.arrayContaining(['/api/v1/things', '/api/v1/things/{id}']));
    expect(Object.keys(document.paths)).not.toContain('/health/live');
    const make = document.paths['/api/v1/things']?.post;
    expect(make).toMatchObject({
      summary: 'Make',
      requestBody: {
        content: {
          'application/json': {
            schema: { type: 'object', required: ['name'], properties: { name: { type: 'string', minLength: 1 } } },
            examples: { example: { value: { name: 'Hafenblick' } } },
          },
        },
      },
      responses: {
        201: { content: { 'application/json': { example: { name: 'Hafenblick' } } } },
        400: {
          content: { 'application/problem+json': { examples: { VALIDATION: { value: { code: 'VALIDATION' } } } } },
        },
        409: { content: { 'application/problem+json': { examples: { NAME_TAKEN: {}, LIMIT_EXCEEDED: {} } } } },
      },
    });
    expect(
      document.paths['/api/v1/things']?.get?.parameters?.map((parameter) => (parameter as { name: string }).name),
    ).toEqual(['limit', 'cursor']);
  });
});
