import { afterAll, describe, expect, it } from '@jest/globals';
import { fastify, type InjectOptions } from 'fastify';
import { refuseOtherMethods } from './allowed-methods.js';
import { problemOf, sendProblem } from './problem.filter.js';
import { acceptCleanText, textFault } from './request-text.js';

const server = fastify({ routerOptions: { ignoreTrailingSlash: true } });
server.setErrorHandler((error, request, reply) => sendProblem(reply, problemOf(error), request));
refuseOtherMethods(server);
acceptCleanText(server);
server.post('/things/:id', (request) => ({ params: request.params, body: request.body }));
server.get('/things', (request) => request.query);
server.delete('/things/:id', () => ({}));
const FORM = 'application/x-www-form-urlencoded';
void server.register((scope, _options, done) => {
  scope.addContentTypeParser(FORM, { parseAs: 'string' }, (_request, body, parsed) =>
    parsed(null, Object.fromEntries(new URLSearchParams(String(body)))),
  );
  scope.post('/page', (request) => ({ body: request.body }));
  done();
});

afterAll(() => server.close());

const ask = async (options: InjectOptions) => {
  const response = await server.inject(options);
  return { status: response.statusCode, allow: response.headers.allow, body: response.json<Record<string, unknown>>() };
};

const post = (payload: string | Buffer, type = 'application/json') =>
  ask({ method: 'POST', url: '/things/a', payload, headers: { 'content-type': type } });

const refusedField = (field: string, message: string) => ({
  status: 400,
  allow: undefined,
  body: expect.objectContaining({ code: 'VALIDATION', errors: [{ field, message }] }),
});

const CONTROL = 'must not contain control characters';

describe('the text of requests', () => {
  it.each([
    ['NUL', '{"list":[{"name":"a\\u0000b"}]}', 'list[0].name', CONTROL],
    ['escape', '{"name":"\\u001b[31m"}', 'name', CONTROL],
    ['a control character of the C1 block', '{"name":"\\u0085"}', 'name', CONTROL],
    ['a lone surrogate', '{"name":"\\ud83d"}', 'name', 'must be well-formed Unicode'],
    ['NUL in the name of a member', '{"meta":{"a\\u0000":1}}', 'meta', `a member's name ${CONTROL}`],
  ])('refuses a body with %s and names the field', async (_, body, field, message) => {
    expect(await post(body)).toEqual(refusedField(field, message));
  });

  it('accepts line breaks, tabs and surrogate pairs', async () => {
    expect((await post('{"text":"a\\n\\tb \\ud83d\\ude00"}')).body['body']).toEqual({ text: 'a\n\tb 😀' });
  });

  it('takes forms only in a scope that reads them, and no control characters in them', async () => {
    const send = (url: string, payload: string) =>
      ask({ method: 'POST', url, payload, headers: { 'content-type': FORM } });
    expect(await send('/page', 'token=a+b')).toMatchObject({ status: 200, body: { body: { token: 'a b' } } });
    expect(await send('/page', 'token=a%00b')).toEqual(refusedField('token', CONTROL));
    expect(await send('/things/a', 'token=a')).toMatchObject({
      status: 415,
      body: { code: 'UNSUPPORTED_MEDIA_TYPE' },
    });
  });

  it('refuses NUL in the path and in the query', async () => {
    expect(await ask({ method: 'POST', url: '/things/a%00b' })).toEqual(refusedField('id', CONTROL));
    expect(await ask({ method: 'GET', url: '/things?to=a%00b' })).toEqual(refusedField('to', CONTROL));
  });

  it('refuses a query that is not percent-encoded UTF-8', async () => {
    const refused = refusedField('', 'the query must be percent-encoded UTF-8');
    expect(await ask({ method: 'GET', url: '/things?to=%ff' })).toEqual(refused);
    expect(await ask({ method: 'GET', url: '/things?to=%' })).toEqual(refused);
  });

  it.each(['idempotency-key', 'if-match'])('refuses control characters in %s', async (header) => {
    const options = { method: 'POST', url: '/things/a', headers: { [header]: 'a\u0085' } } as const;
    expect(await ask(options)).toEqual(refusedField(header, CONTROL));
  });

  it('survives a body nested as deep as it can be sent', () => {
    const depth = 100_000;
    expect(textFault(JSON.parse('['.repeat(depth) + ']'.repeat(depth)))).toBeNull();
  });

  it('refuses bytes that are not UTF-8', async () => {
    const body = Buffer.concat([Buffer.from('{"password":"'), Buffer.from([0xe4, 0xf6]), Buffer.from('"}')]);
    expect(await post(body)).toEqual(refusedField('', 'The body must be valid UTF-8'));
  });

  it.each(['application/json; charset=iso-8859-1', 'application/json;charset="utf-16"'])(
    'refuses %s with 415',
    async (type) => {
      expect(await post('{}', type)).toMatchObject({ status: 415, body: { code: 'UNSUPPORTED_MEDIA_TYPE' } });
    },
  );

  it.each(['application/json; charset=UTF-8', 'application/json;charset="utf-8"', 'application/json'])(
    'reads %s',
    async (type) => {
      expect((await post('{"name":"ä"}', type)).body['body']).toEqual({ name: 'ä' });
    },
  );

  it.each(['application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'text/plain', 'application/xml'])(
    'refuses %s with 415',
    async (type) => {
      expect(await post('name=a', type)).toMatchObject({ status: 415, body: { code: 'UNSUPPORTED_MEDIA_TYPE' } });
    },
  );

  it('refuses members that would change the prototype, and malformed JSON', async () => {
    expect((await post('{"__proto__":{"a":1}}')).status).toBe(400);
    expect((await post('{"name":')).status).toBe(400);
  });
});

describe('other methods of a path that exists', () => {
  it('are answered 405 with the allowed methods', async () => {
    const refused = { status: 405, allow: 'DELETE, POST', body: { code: 'METHOD_NOT_ALLOWED' } };
    expect(await ask({ method: 'PUT', url: '/things/a' })).toMatchObject(refused);
    expect(await ask({ method: 'GET', url: '/things/a/?x=1' })).toMatchObject(refused);
    expect(await ask({ method: 'POST', url: '/things' })).toMatchObject({ status: 405, allow: 'GET, HEAD' });
  });

  it('leave a path that does not exist a 404', async () => {
    expect((await server.inject({ method: 'GET', url: '/nothing' })).statusCode).toBe(404);
  });
});
