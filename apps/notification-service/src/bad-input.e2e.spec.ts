import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { ADMINISTRATOR, reminder, Service, type Answer } from './service-under-test.harness.js';

// Real backends, started and stopped, on whatever machine this is.
jest.setTimeout(60_000);

let service: Service;
let mail = '';
beforeAll(async () => {
  service = await Service.start();
  await service.hafenblick();
  await service.deliver({ bad_input: reminder('a') });
  mail = (await service.deliveries())[0]?.deliveryId ?? '';
});
afterAll(() => service.stop());

const TEMPLATE = '/mail-templates/license_expiry_reminder';
const NOBODY = '00000000-0000-4000-8000-000000000000';
const html = ':group_list :valid_until :days_left';
const template = { subject: 'x', html };

const BODIES: readonly [method: string, path: string, why: string, body: unknown, field: string][] = [
  ['PUT', TEMPLATE, 'no subject', { html }, 'subject'],
  ['PUT', TEMPLATE, 'no html', { subject: 'x' }, 'html'],
  ['PUT', TEMPLATE, 'an empty subject', { subject: '  ', html }, 'subject'],
  ['PUT', TEMPLATE, 'a subject of two lines', { subject: 'a\nBcc: b@x.example', html }, 'subject'],
  ['PUT', TEMPLATE, 'a subject with NUL', { subject: 'a\u0000b', html }, 'subject'],
  ['PUT', TEMPLATE, 'a long subject', { subject: 'x'.repeat(201), html }, 'subject'],
  ['PUT', TEMPLATE, 'a subject that is a number', { subject: 5, html }, 'subject'],
  ['PUT', TEMPLATE, 'html with control characters', { subject: 'x', html: `${html}\u0001` }, 'html'],
  ['PUT', TEMPLATE, 'half a character', { subject: 'x', html: `${html}\ud800` }, 'html'],
  ['PUT', TEMPLATE, 'much html', { subject: 'x', html: html + 'x'.repeat(100_000) }, 'html'],
  ['PUT', TEMPLATE, 'html that is a list', { subject: 'x', html: [] }, 'html'],
  ['PUT', TEMPLATE, 'an unknown field', { ...template, text: 'x' }, 'text'],
  ['PUT', TEMPLATE, 'no object', [], ''],
  ['PUT', TEMPLATE, 'null', 'null', ''],
  ['PUT', TEMPLATE, 'a marker of another mail', { subject: 'x', html: `${html} :inviter` }, 'html'],
  ['PUT', TEMPLATE, 'a missing marker', { subject: 'x', html: ':group_list' }, 'html'],
  ['PUT', '/mail-templates/invitation', 'a missing marker', { subject: 'x', html: 'y' }, 'html'],
  ['PUT', '/mail-templates/nothing', 'a mail that is not sent', template, 'mailType'],
  ['PUT', `${TEMPLATE}?tenantId=a%20b`, 'a malformed tenant', template, 'tenantId'],
  ['PUT', `${TEMPLATE}?tenant=x`, 'an unknown parameter', template, 'tenant'],
  ['DELETE', '/mail-templates/nothing', 'a mail that is not sent', undefined, 'mailType'],
  ['DELETE', `${TEMPLATE}?tenantId=`, 'an empty tenant', undefined, 'tenantId'],
  ['POST', `${TEMPLATE}/preview`, 'a number', { subject: 5 }, 'subject'],
  ['POST', `${TEMPLATE}/preview`, 'null', { html: null }, 'html'],
  ['POST', `${TEMPLATE}/preview`, 'an unknown field', { to: 'a@x.example' }, 'to'],
  ['POST', '/mail-templates/nothing/preview', 'a mail that is not sent', {}, 'mailType'],
  ['POST', `${TEMPLATE}/test`, 'somebody else', { to: 'ada@x.example' }, 'to'],
  ['POST', `${TEMPLATE}/test`, 'no address', { to: 'ada' }, 'to'],
  ['POST', `${TEMPLATE}/test`, 'two addresses', { to: 'a@x.example, b@x.example' }, 'to'],
  ['POST', `${TEMPLATE}/test`, 'another header', { to: 'a@x.example\r\nBcc: b@x.example' }, 'to'],
  ['POST', `${TEMPLATE}/test`, 'a list', { to: ['a@x.example'] }, 'to'],
  ['POST', `${TEMPLATE}/test`, 'a missing marker', { to: ADMINISTRATOR, html: 'x' }, 'html'],
  ['POST', '/deliveries/x/retry', 'a malformed id', undefined, 'id'],
  ['POST', '/deliveries/1;DROP/retry', 'a malformed id', undefined, 'id'],
];

const QUERIES: readonly [path: string, field: string][] = [
  ['/deliveries?status=gone', 'status'],
  ['/deliveries?limit=0', 'limit'],
  ['/deliveries?limit=201', 'limit'],
  ['/deliveries?limit=1.5', 'limit'],
  ['/deliveries?cursor=!', 'cursor'],
  ['/deliveries?cursor=OTk5OTk5OTk5OTk5OTk5OTk5OQ', 'cursor'],
  ['/deliveries?projectId=a%20b', 'projectId'],
  ['/deliveries?to=', 'to'],
  ['/deliveries?sort=x', 'sort'],
  ['/deliveries/a%00b', 'id'],
  ['/deliveries/5', 'id'],
  ['/outbox?limit=-1', 'limit'],
  ['/outbox?cursor=', 'cursor'],
  ['/outbox?projectId=%27', 'projectId'],
  ['/outbox?from=x', 'from'],
  ['/outbox/x', 'id'],
  ['/outbox/x/html', 'id'],
  ['/mail-templates?tenantId=-', 'tenantId'],
  ['/mail-templates/Invitation', 'mailType'],
  ['/mail-templates/license_ended?page=2', 'page'],
];

const UNKNOWN: readonly [method: string, path: string][] = [
  ['GET', `/deliveries/${NOBODY}`],
  ['POST', `/deliveries/${NOBODY}/retry`],
  ['GET', `/outbox/${NOBODY}`],
  ['GET', `/outbox/${NOBODY}/html`],
];

const ROUTES: readonly [method: string, path: string][] = [
  ['GET', '/deliveries'],
  ['GET', `/deliveries/${NOBODY}`],
  ['POST', `/deliveries/${NOBODY}/retry`],
  ['GET', '/outbox'],
  ['GET', `/outbox/${NOBODY}`],
  ['GET', `/outbox/${NOBODY}/html`],
  ['GET', '/mail-templates'],
  ['GET', TEMPLATE],
  ['PUT', TEMPLATE],
  ['DELETE', TEMPLATE],
  ['POST', `${TEMPLATE}/preview`],
  ['POST', `${TEMPLATE}/test`],
];

const state = () =>
  service.rows(
    `SELECT (SELECT json_agg(mail ORDER BY ordinal) FROM notifications.mail) AS mails,
       (SELECT count(*) FROM notifications.mail_template) AS templates`,
  );

/** Sends it and looks that nothing changed. */
const refused = async (
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> => {
  const before = await state();
  const answer = await service.request(method, path, body, headers);
  expect(await state()).toEqual(before);
  return answer;
};

describe('bad input', () => {
  it.each(BODIES)('%s %s: %s', async (method, path, _why, body, field) => {
    const answer = await refused(method, path, body);
    expect([answer.status, answer.body.code]).toEqual([400, 'VALIDATION']);
    expect(answer.body.errors).toContainEqual({ field, message: expect.any(String) });
  });

  it.each(QUERIES)('GET %s names %s', async (path, field) => {
    const answer = await refused('GET', path);
    expect([answer.status, answer.body.code]).toEqual([400, 'VALIDATION']);
    expect(answer.body.errors).toContainEqual({ field, message: expect.any(String) });
  });

  it.each(UNKNOWN)('%s %s finds nothing', async (method, path) => {
    expect(await refused(method, path)).toMatchObject({
      status: 404,
      body: { code: 'NOT_FOUND', what: expect.any(String) },
    });
  });

  it.each(['PUT', 'POST'])('%s with malformed JSON, another content type and a huge body', async (method) => {
    const path = method === 'PUT' ? TEMPLATE : `${TEMPLATE}/test`;
    expect(await refused(method, path, '{"html":')).toMatchObject({ status: 400, body: { errors: [{ field: '' }] } });
    expect((await refused(method, path, 'x', { 'content-type': 'text/html' })).status).toBe(415);
    expect(await refused(method, path, `"${'x'.repeat(1_100_000)}"`)).toMatchObject({
      status: 413,
      body: { code: 'PAYLOAD_TOO_LARGE' },
    });
  });

  it.each(ROUTES)('%s %s without or with a wrong token', async (method, path) => {
    for (const authorization of ['', 'Bearer x.y.z', 'Basic YTpi']) {
      const answer = await refused(method, path, undefined, { authorization });
      expect(answer).toMatchObject({ status: 401, body: { code: 'UNAUTHENTICATED' } });
    }
  });

  it('If-Match without quotes', async () => {
    const answer = await refused('PUT', TEMPLATE, template, { 'if-match': 'abc' });
    expect(answer).toMatchObject({ status: 400, body: { errors: [{ field: 'If-Match' }] } });
  });

  it.each(['"-1"', '"1.5"'])('If-Match %s, which is no tag of an earlier answer', async (etag) => {
    const answer = await refused('PUT', TEMPLATE, template, { 'if-match': etag });
    expect(answer).toMatchObject({ status: 412, body: { code: 'STALE_REVISION' } });
  });

  it('a mail that is out is not sent again', async () => {
    expect(await refused('POST', `/deliveries/${mail}/retry`)).toMatchObject({
      status: 409,
      body: { code: 'DELIVERY_NOT_FAILED' },
    });
  });
});

describe('the OpenAPI document', () => {
  it('has every route, with examples', async () => {
    const { paths } = (await service.get('/openapi.json')).body;
    for (const [method, path] of ROUTES) {
      const pattern = `/api/v1${path.replace(NOBODY, '{id}').replace('license_expiry_reminder', '{mailType}')}`;
      const route = paths[pattern]?.[method.toLowerCase()];
      expect([pattern, route?.summary]).toEqual([pattern, expect.any(String)]);
      const statuses = Object.keys(route.responses).filter((code) => code.startsWith('2'));
      // A command with `?dryRun=true` is answered with 200 and the changes it would make.
      const done = method === 'DELETE' ? ['200', '204'] : path.endsWith('/test') ? ['200', '202'] : ['200'];
      expect([pattern, statuses]).toEqual([pattern, done]);
    }
    expect(paths['/api/v1/outbox/{id}/html'].get.responses['200'].content).toHaveProperty(['text/html']);
  });
});

describe('with a mail server', () => {
  it('there is no outbox', async () => {
    const sending = await Service.start({ settings: { SMTP_URL: 'smtp://127.0.0.1:1' } });
    expect((await sending.get('/outbox')).status).toBe(404);
    expect((await sending.get('/deliveries')).status).toBe(200);
    await sending.stop();
  });
});
