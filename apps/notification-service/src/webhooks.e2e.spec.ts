import { createPublicKey, verify } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { until } from '@allotree/testing/until';
import type { CloudEvent } from '@allotree/contracts';
import { Service, type Answer } from './service-under-test.harness.js';
import { licensing } from './webhooks/webhook-events.fixture.js';
import { DEFAULT_TEMPLATES } from './templates/defaults.js';
import { DisabledMails } from './webhooks/disabled-mails.js';
import { WebhookSender } from './webhooks/webhook-sender.js';
import { isAccepted, WebhookSink } from './webhooks/webhook-sink.harness.js';

let service: Service;
let sink: WebhookSink;
let nord: Record<string, string>;
let sued: Record<string, string>;

beforeAll(async () => {
  service = await Service.start({ settings: { WEBHOOKS_ALLOW_INSECURE: 'true', WEBHOOK_TIMEOUT_SECONDS: '2' } });
  sink = await WebhookSink.start();
  nord = await service.manager('nordlicht');
  sued = await service.manager('sued');
});
afterAll(async () => {
  await sink.stop();
  await service.stop();
});
afterEach(async () => {
  await service.empty('webhook_endpoint', 'webhook_key', 'webhook_event', 'webhook_delivery', 'webhook_lane');
  sink.reset();
});

/** The bus takes an id once. */
let run = 0;
beforeEach(() => {
  run += 1;
});
const eventOf = (id: string, change: Partial<CloudEvent> = {}): CloudEvent => licensing(`${id}-${run}`, change);
const named = (id: string): string => id.replace(/-\d+$/, '');

const get = (path: string, headers = nord): Promise<Answer> => service.request('GET', path, undefined, headers);
const patch = (path: string, body: object, headers = nord): Promise<Answer> =>
  service.request('PATCH', path, body, headers);
const post = (path: string, body?: object, headers = nord): Promise<Answer> => service.post(path, body, headers);

interface Created {
  readonly endpointId: string;
  readonly secret: string;
  readonly publicKey: string;
}

const create = async (path = '/hook', more: object = {}, headers = nord): Promise<Created> => {
  const { status, body } = await post('/webhook-endpoints', { url: sink.url(path), ...more }, headers);
  expect([status, body]).toEqual([201, expect.anything()]);
  return body;
};
const deliveriesOf = async ({ endpointId }: Created): Promise<{ [field: string]: unknown }[]> => {
  const { body } = await get(`/webhook-endpoints/${endpointId}/deliveries?orderBy=createdAt`);
  return body.items.map((one: { eventId: string }) => ({ ...one, eventId: named(one.eventId) }));
};
const idsAt = (path?: string): string[] => sink.ids(path).map(named);
type Deliveries = Awaited<ReturnType<typeof deliveriesOf>>;
const untilDelivery = (endpoint: Created, isThere: (deliveries: Deliveries) => boolean): Promise<Deliveries> =>
  until(() => deliveriesOf(endpoint), isThere);
const WEST = { kind: 'distributor', name: 'West', parentPartnerId: null };

/** Everything that waits for its next attempt can go now. */
const timePasses = async (): Promise<void> => {
  await service.rows(
    'UPDATE notifications.webhook_lane SET not_before = now() WHERE claim IS NULL AND not_before IS NOT NULL',
  );
  service.app.get(WebhookSender, { strict: false }).wake();
};

describe('a webhook', () => {
  it('is the event of the bus in the structured mode, signed for its endpoint by HMAC and Ed25519', async () => {
    const { secret, publicKey, endpointId } = await create();
    const event = eventOf('e1');
    await service.publishEvents(event);
    await sink.until(({ arrived }) => arrived.length === 1);
    const [one] = sink.arrived;
    const { causationid: _, ...expected } = event;
    expect(one!.event).toEqual(expected);
    expect(one!.headers).toMatchObject({
      'webhook-id': event.id,
      'content-type': 'application/cloudevents+json; charset=utf-8',
    });
    expect(isAccepted(one!, secret)).toBe(true);
    expect(isAccepted({ ...one!, body: `${one!.body} ` }, secret)).toBe(false);
    const signature = String(one!.headers['webhook-signature']).split(' ')[1]!;
    const raw = Buffer.from(publicKey.slice('whpk_'.length), 'base64').toString('base64url');
    const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: raw }, format: 'jwk' });
    const content = `${event.id}.${String(one!.headers['webhook-timestamp'])}.${one!.body}`;
    expect(verify(null, Buffer.from(content), key, Buffer.from(signature.slice('v1a,'.length), 'base64'))).toBe(true);
    // Anybody who knows the endpoint can have its public keys.
    const { body } = await service.request('GET', `/webhook-keys?endpointId=${endpointId}`, undefined, {
      authorization: '',
    });
    expect(body.keys).toEqual([expect.objectContaining({ publicKey, expiresAt: null })]);
  });

  it('goes to every endpoint of the tenant that asks for its type and subject, and to those of all tenants', async () => {
    await create('/all');
    await create('/types', { types: ['allotree.license-reinstated.v1'] });
    await create('/subjects', { subjects: ['seeblick'] });
    await create('/sued', {}, sued);
    await create('/everybody', {}, {});
    await service.publishEvents(
      eventOf('e1'),
      eventOf('e2', { type: 'allotree.license-reinstated.v1' }),
      eventOf('e3', { subject: 'seeblick' }),
      eventOf('e4', { tenantid: 'sued', subject: 'quay' }),
      eventOf('e5', { tenantid: null, subject: 'ada' }),
    );
    await sink.until(({ arrived }) => arrived.length === 11);
    const at = (path: string): string[] => idsAt(path).sort();
    expect(at('/all')).toEqual(['e1', 'e2', 'e3']);
    expect(at('/types')).toEqual(['e2']);
    expect(at('/subjects')).toEqual(['e3']);
    expect(at('/sued')).toEqual(['e4']);
    expect(at('/everybody')).toEqual(['e1', 'e2', 'e3', 'e4', 'e5']);
  });

  it('is sent once, however often the bus delivers its event', async () => {
    const subject = 'bought-once';
    const endpoint = await create('/hook', { subjects: [subject] });
    await service.publishEvents(eventOf('e1', { subject }), eventOf('e2', { subject }));
    await service.deliverWebhookEventsAgain();
    await service.publishEvents(eventOf('e3', { subject }));
    await untilDelivery(endpoint, (all) => all.length === 3 && all.every(({ status }) => status === 'delivered'));
    expect(idsAt()).toEqual(['e1', 'e2', 'e3']);
  });
});

describe('the order', () => {
  it('is that of the events of a subject, one at a time; other subjects overtake one that fails', async () => {
    const endpoint = await create();
    let underWay = 0;
    let most = 0;
    sink.answer = ({ event }, response) => {
      if (event.subject === 'stuck' && idsAt().filter((id) => id === 's1').length < 3) {
        response.writeHead(500).end();
        return;
      }
      if (event.subject === 'stuck') most = Math.max(most, (underWay += 1));
      setImmediate(() => {
        if (event.subject === 'stuck') underWay -= 1;
        response.writeHead(204).end();
      });
    };
    await service.publishEvents(
      ...['s1', 's2', 's3'].map((id) => eventOf(id, { subject: 'stuck' })),
      ...['o1', 'o2', 'o3'].map((id) => eventOf(id, { subject: 'other' })),
    );
    const failedOnce = (all: { [field: string]: unknown }[]): boolean =>
      all.some(({ eventId, responseStatus }) => eventId === 's1' && responseStatus === 500);
    const waiting = await untilDelivery(
      endpoint,
      (all) => failedOnce(all) && all.filter(({ status }) => status === 'delivered').length === 3,
    );
    expect(waiting.filter(({ subject }) => subject === 'stuck')).toMatchObject([
      { eventId: 's1', status: 'pending', attempts: 1, error: 'answered with status 500' },
      { eventId: 's2', status: 'pending', attempts: 0, nextAttemptAt: null },
      { eventId: 's3', status: 'pending', attempts: 0 },
    ]);
    await timePasses();
    await untilDelivery(endpoint, (all) => all.some(({ eventId, attempts }) => eventId === 's1' && attempts === 2));
    await sink.until((one) => one.ids().filter((id) => named(id) === 's1').length === 2);
    await untilDelivery(endpoint, (all) => all.some(({ nextAttemptAt }) => nextAttemptAt !== null));
    await timePasses();
    await untilDelivery(endpoint, (all) => all.every(({ status }) => status === 'delivered'));
    const ofStuck = sink.arrived.filter(({ event }) => event.subject === 'stuck').map(({ id }) => named(id));
    expect(ofStuck).toEqual(['s1', 's1', 's1', 's2', 's3']);
    expect(most).toBe(1);
    expect(sink.arrived.filter(({ event }) => event.subject === 'other').map(({ id }) => named(id))).toEqual([
      'o1',
      'o2',
      'o3',
    ]);
  });

  it('goes on after a delivery whose attempts are used up', async () => {
    const endpoint = await create();
    sink.answer = ({ id }, response) => response.writeHead(named(id) === 'e1' ? 400 : 204).end();
    await service.publishEvents(eventOf('e0', { subject: 'other' }));
    await untilDelivery(endpoint, (all) => all.length === 1 && all[0]!['status'] === 'delivered');
    await service.publishEvents(eventOf('e1'), eventOf('e2'));
    for (let attempts = 1; attempts <= 10; attempts += 1) {
      await untilDelivery(endpoint, (all) =>
        all.some(
          (one) =>
            one['eventId'] === 'e1' &&
            one['attempts'] === attempts &&
            (one['status'] === 'failed' || one['nextAttemptAt'] !== null),
        ),
      );
      await timePasses();
    }
    const all = await untilDelivery(endpoint, (one) => one.every(({ status }) => status !== 'pending'));
    expect(all.map(({ eventId, status, attempts }) => [eventId, status, attempts])).toEqual([
      ['e0', 'delivered', 1],
      ['e1', 'failed', 10],
      ['e2', 'delivered', 1],
    ]);
  });
});

describe('a slow receiver', () => {
  it('has a few connections and delays nobody else', async () => {
    await create('/slow');
    await create('/fast');
    let held = 0;
    sink.answer = ({ path }, response) => {
      if (path === '/slow') held += 1;
      else response.writeHead(204).end();
    };
    const ids = Array.from({ length: 30 }, (_, index) => `e${index}`);
    await service.publishEvents(...ids.map((id) => eventOf(id, { subject: `project-${id}` })));
    await sink.until((one) => one.ids('/fast').length === 30);
    expect(held).toBeLessThanOrEqual(4);
    expect(idsAt('/slow').length).toBeLessThanOrEqual(4);
  });
});

describe('an endpoint that fails', () => {
  const state = async ({ endpointId }: Created): Promise<object> =>
    (await get(`/webhook-endpoints/${endpointId}`)).body;

  it('waits as long as it asks for', async () => {
    const endpoint = await create();
    sink.answer = (_one, response) => response.writeHead(503, { 'retry-after': '3600' }).end();
    await service.publishEvents(eventOf('e1'));
    const [one] = await untilDelivery(endpoint, ([first]) => typeof first?.['nextAttemptAt'] === 'string');
    const [row] = await service.rows<{ seconds: number }>(
      `SELECT extract(epoch FROM next_attempt_at - last_attempt_at)::integer AS seconds FROM notifications.webhook_delivery`,
    );
    expect(one).toMatchObject({ status: 'pending', responseStatus: 503 });
    expect(row!.seconds).toBeGreaterThanOrEqual(3_600);
    expect(row!.seconds).toBeLessThanOrEqual(4_400);
  });

  it('is disabled when it is gone; its events wait until it goes on', async () => {
    const endpoint = await create();
    sink.answer = (_one, response) => response.writeHead(410).end();
    await service.publishEvents(eventOf('e1'));
    await untilDelivery(endpoint, ([one]) => one?.['responseStatus'] === 410);
    expect(await state(endpoint)).toMatchObject({ status: 'disabled', disabledReason: 'gone' });
    sink.reset();
    await service.publishEvents(eventOf('e2'));
    await timePasses();
    expect((await deliveriesOf(endpoint)).map(({ eventId, status }) => [eventId, status])).toEqual([
      ['e1', 'pending'],
      ['e2', 'pending'],
    ]);
    const { body } = await patch(`/webhook-endpoints/${endpoint.endpointId}`, { status: 'active' });
    expect(body).toMatchObject({ status: 'active', disabledReason: null, disabledAt: null, failingSince: null });
    await untilDelivery(endpoint, (all) => all.every(({ status }) => status === 'delivered'));
    expect(idsAt()).toEqual(['e1', 'e2']);
  });

  it('is disabled after five days, and not before; a success starts them anew', async () => {
    const endpoint = await create();
    const failedFor = (interval: string) =>
      service.rows(`UPDATE notifications.webhook_endpoint SET failing_since = now() - interval '${interval}'`);
    sink.answer = (_one, response) => response.writeHead(500).end();
    await service.publishEvents(eventOf('e1'));
    await untilDelivery(endpoint, ([one]) => typeof one?.['nextAttemptAt'] === 'string');
    await failedFor('4 days 23 hours');
    await timePasses();
    await untilDelivery(endpoint, ([one]) => one?.['attempts'] === 2 && typeof one['nextAttemptAt'] === 'string');
    expect(await state(endpoint)).toMatchObject({ status: 'active' });
    await failedFor('5 days 1 hour');
    sink.reset();
    await timePasses();
    await untilDelivery(endpoint, ([one]) => one?.['status'] === 'delivered');
    expect(await state(endpoint)).toMatchObject({ status: 'active', failingSince: null });
    sink.answer = (_one, response) => response.writeHead(500).end();
    await service.publishEvents(eventOf('e2'));
    await untilDelivery(endpoint, (all) => typeof all.at(-1)?.['nextAttemptAt'] === 'string');
    await failedFor('5 days 1 hour');
    await timePasses();
    await untilDelivery(
      endpoint,
      (all) => all.at(-1)?.['attempts'] === 2 && typeof all.at(-1)?.['nextAttemptAt'] === 'string',
    );
    expect(await state(endpoint)).toMatchObject({ status: 'disabled', disabledReason: 'failing' });
  });

  it('with a redirect to this machine fails, and nothing is fetched there', async () => {
    const endpoint = await create();
    sink.answer = (_one, response) => response.writeHead(307, { location: sink.url('/secret') }).end();
    await service.publishEvents(eventOf('e1'));
    const [one] = await untilDelivery(endpoint, ([first]) => first?.['responseStatus'] === 307);
    expect(one).toMatchObject({ status: 'pending', error: 'redirects are not followed' });
    expect(sink.arrived.map(({ path }) => path)).toEqual(['/hook']);
  });
});

describe('an endpoint', () => {
  it('is shown without its secret, is changed at its revision, paused, and removed with what waits for it', async () => {
    const created = await create('/hook', { description: 'Billing' });
    const path = `/webhook-endpoints/${created.endpointId}`;
    const shown = await get(path);
    expect(shown.body).toMatchObject({ tenantId: 'nordlicht', description: 'Billing', status: 'active', types: null });
    expect(JSON.stringify(shown.body)).not.toMatch(/whsec|whpk/);
    expect((await get('/webhook-endpoints')).body.items).toEqual([shown.body]);
    const paused = await service.request('PATCH', path, { status: 'paused' }, { ...nord, 'if-match': '"1"' });
    expect([paused.status, paused.headers.get('etag'), paused.body.status]).toEqual([200, '"2"', 'paused']);
    const stale = await service.request('PATCH', path, { description: 'x' }, { ...nord, 'if-match': '"1"' });
    expect([stale.status, stale.body.code]).toEqual([412, 'STALE_REVISION']);
    await service.publishEvents(eventOf('e1'));
    expect(await deliveriesOf(created)).toMatchObject([{ eventId: 'e1', status: 'pending', attempts: 0 }]);
    expect((await service.delete(path, nord)).status).toBe(204);
    expect((await get(path)).status).toBe(404);
    expect(await service.rows('SELECT FROM notifications.webhook_delivery')).toEqual([]);
    expect(sink.arrived).toEqual([]);
  });

  it('gets a new key; the old one signs beside it for the hours of overlap', async () => {
    const created = await create();
    const rotate = (body: object) => post(`/webhook-endpoints/${created.endpointId}/rotate`, body);
    const { status, body: second } = await rotate({ overlapHours: 1 });
    expect([status, Date.parse(second.olderKeysUntil) > Date.now()]).toEqual([201, true]);
    await service.publishEvents(eventOf('e1'));
    await sink.until(({ arrived }) => arrived.length === 1);
    expect([created, second].map(({ secret }) => isAccepted(sink.arrived[0]!, secret))).toEqual([true, true]);
    const { body: third } = await rotate({ overlapHours: 0 });
    expect(third.olderKeysUntil).toBeNull();
    await service.publishEvents(eventOf('e2'));
    await sink.until(({ arrived }) => arrived.length === 2);
    expect([created, second, third].map(({ secret }) => isAccepted(sink.arrived[1]!, secret))).toEqual([
      false,
      false,
      true,
    ]);
    const { body } = await get(`/webhook-keys?endpointId=${created.endpointId}`);
    expect(body.keys.map(({ keyId }: { keyId: string }) => keyId)).toEqual([third.keyId]);
    const stored = JSON.stringify(await service.rows('SELECT * FROM notifications.webhook_key'));
    expect(stored).not.toContain('PRIVATE KEY');
    for (const { secret } of [created, second, third]) expect(stored).not.toContain(secret);
  });

  it('gets a test, whose failure counts for nothing', async () => {
    const created = await create();
    const test = () => post(`/webhook-endpoints/${created.endpointId}/test`);
    const { status, body } = await test();
    expect(status).toBe(202);
    await untilDelivery(created, ([one]) => one?.['status'] === 'delivered');
    expect(sink.arrived[0]).toMatchObject({
      id: body.eventId,
      event: { type: 'allotree.webhook-test.v1', subject: created.endpointId },
    });
    expect(isAccepted(sink.arrived[0]!, created.secret)).toBe(true);
    sink.answer = (_one, response) => response.writeHead(410).end();
    await test();
    const [, failed] = await untilDelivery(created, (all) => all[1]?.['status'] === 'failed');
    expect(failed).toMatchObject({ kind: 'test', attempts: 1, responseStatus: 410 });
    expect((await get(`/webhook-endpoints/${created.endpointId}`)).body).toMatchObject({
      status: 'active',
      failingSince: null,
    });
  });

  it('gets the events of a range again, with their ids, each once', async () => {
    const created = await create('/hook', { subjects: ['hafenblick'] });
    await create('/sued', {}, sued);
    await service.publishEvents(
      eventOf('e1', { time: '2026-06-01T08:00:00.000Z' }),
      eventOf('e2', { time: '2026-06-01T09:00:00.000Z' }),
      eventOf('e3', { time: '2026-06-01T10:00:00.000Z' }),
      eventOf('o1', { time: '2026-06-01T09:00:00.000Z', subject: 'other' }),
      eventOf('f1', { time: '2026-06-01T09:00:00.000Z', tenantid: 'sued' }),
    );
    await untilDelivery(created, (all) => all.length === 3 && all.every(({ status }) => status === 'delivered'));
    await post(`/webhook-endpoints/${created.endpointId}/test`);
    await untilDelivery(created, (all) => all.length === 4 && all.every(({ status }) => status === 'delivered'));
    await sink.until((one) => one.ids('/sued').length === 1);
    sink.reset();
    const range = { from: '2026-06-01T08:00:00.001Z', until: '2026-06-01T10:00:00.001Z' };
    const { status, body } = await post(`/webhook-endpoints/${created.endpointId}/replay`, range);
    expect([status, body]).toEqual([202, { queued: 2 }]);
    await untilDelivery(created, (all) => all.length === 6 && all.every((one) => one['status'] === 'delivered'));
    expect(idsAt()).toEqual(['e2', 'e3']);
  });

  it('has events that wait already not queued twice by a replay, which lets them go at once', async () => {
    const created = await create();
    sink.answer = (_one, response) => response.writeHead(500).end();
    await service.publishEvents(eventOf('e1'), eventOf('e2'));
    await untilDelivery(created, ([one]) => typeof one?.['nextAttemptAt'] === 'string');
    sink.reset();
    const range = { from: '2026-06-01T00:00:00Z', until: '2026-06-02T00:00:00Z' };
    const { body } = await post(`/webhook-endpoints/${created.endpointId}/replay`, range);
    expect(body).toEqual({ queued: 0 });
    await untilDelivery(created, (all) => all.every(({ status }) => status === 'delivered'));
    expect(idsAt()).toEqual(['e1', 'e2']);
  });
});

describe('the person who set up an endpoint', () => {
  it('loses it with the permission; the next person to activate it answers for it', async () => {
    const administrator = {
      partnerId: 'nordlicht',
      tenantId: 'nordlicht',
      userId: 'nora',
      role: 'company_administrator',
    };
    const registered = { partnerId: 'nordlicht', kind: 'distributor', name: 'Nordlicht', parentPartnerId: null };
    await service.publishAll('nordlicht', [
      { type: 'allotree.partner-registered.v1', data: { ...registered, tenantId: 'nordlicht' } },
      {
        type: 'allotree.partner-administrator-added.v1',
        data: { ...administrator, email: 'nora@nordlicht.example', name: 'Nora' },
      },
    ]);
    const nora = await service.as({ userId: 'nora' });
    const answerTo = (path: string, headers?: Readonly<Record<string, string>>) => () => get(path, headers);
    await until(answerTo('/webhook-endpoints', nora), ({ status }) => status === 200);
    const endpoint = await create('/hook', { subjects: ['hafenblick'] }, nora);
    await service.publishEvents(eventOf('e1'));
    await untilDelivery(endpoint, ([one]) => one?.['status'] === 'delivered');
    await service.publishAll('nordlicht', [
      { type: 'allotree.partner-administrator-removed.v1', data: { partnerId: 'nordlicht', userId: 'nora' } },
    ]);
    await until(answerTo('/webhook-endpoints', nora), ({ status }) => status === 403);
    await service.publishEvents(eventOf('e2'));
    const path = `/webhook-endpoints/${endpoint.endpointId}`;
    const changed = await until(answerTo(path), ({ body }) => body.status !== 'active');
    expect(changed.body).toMatchObject({ status: 'disabled', disabledReason: 'unauthorized' });
    expect(await deliveriesOf(endpoint)).toMatchObject([{}, { eventId: 'e2', status: 'pending', attempts: 0 }]);
    expect(idsAt()).toEqual(['e1']);
    await patch(path, { status: 'active' });
    await untilDelivery(endpoint, (all) => all.every(({ status }) => status === 'delivered'));
    expect(idsAt()).toEqual(['e1', 'e2']);
  });
});

describe('the administrators of a tenant', () => {
  it('get one mail when an endpoint is disabled, in their language; nobody else does', async () => {
    const add = (userId: string, role: string) => ({
      type: 'allotree.partner-administrator-added.v1' as const,
      data: { partnerId: 'west', tenantId: 'west', userId, email: `${userId}@west.example`, name: userId, role },
    });
    await service.publishAll('west', [
      { type: 'allotree.partner-registered.v1', data: { ...WEST, partnerId: 'west', tenantId: 'west' } },
      add('wanda', 'company_administrator'),
      add('wim', 'company_administrator'),
      add('gone', 'company_administrator'),
      add('clerk', 'concierge'),
      { type: 'allotree.partner-administrator-removed.v1', data: { partnerId: 'west', userId: 'gone' } },
      { type: 'allotree.user-changed.v1', data: { userId: 'wim', language: 'de' } },
    ]);
    const west = await service.manager('west');
    await create('/hook', { description: 'Billing', subjects: ['quay'] }, west);
    sink.answer = (_one, response) => response.writeHead(410).end();
    await service.publishEvents(eventOf('e1', { tenantid: 'west', subject: 'quay' }));
    const mails = async () => (await service.outbox()).filter(({ mailType }) => mailType === 'webhook_disabled');
    await until(mails, ({ length }) => length >= 2);
    await service.app.get(DisabledMails, { strict: false }).queueAll();
    await service.rows('UPDATE notifications.webhook_endpoint SET mail_due = true');
    await service.app.get(DisabledMails, { strict: false }).queueAll();
    await service.notifications.whenIdle();
    const all = await mails();
    expect(all.map(({ to, subject }) => [to, subject]).sort()).toEqual([
      ['wanda@west.example', 'Webhooks have stopped: Billing'],
      ['wim@west.example', DEFAULT_TEMPLATES.de.webhook_disabled.subject.replace(':endpoint', 'Billing')],
    ]);
    expect(all.find(({ to }) => to.startsWith('wanda'))?.text).toContain('answered that it is gone (status 410)');
  });
});

describe('other callers', () => {
  const routes = (id: string): readonly (readonly [method: string, path: string, body?: object])[] => [
    ['GET', `/webhook-endpoints/${id}`],
    ['PATCH', `/webhook-endpoints/${id}`, { url: 'http://127.0.0.1:1/' }],
    ['DELETE', `/webhook-endpoints/${id}`],
    ['GET', `/webhook-endpoints/${id}/deliveries`],
    ['POST', `/webhook-endpoints/${id}/replay`, { from: '2026-01-01T00:00:00Z', until: '2027-01-01T00:00:00Z' }],
    ['POST', `/webhook-endpoints/${id}/rotate`, {}],
    ['POST', `/webhook-endpoints/${id}/test`],
  ];
  const everything = () =>
    service.rows(`SELECT (SELECT json_agg(e) FROM notifications.webhook_endpoint e) AS endpoints,
      (SELECT json_agg(k) FROM notifications.webhook_key k) AS keys, (SELECT count(*) FROM notifications.webhook_delivery) AS number`);

  it('of another tenant, or with the permission in a part of it only, find and change nothing', async () => {
    await service.hafenblick();
    await service.publishEvents();
    const [own, ofAll] = [await create(), await create('/everybody', {}, {})];
    const before = await everything();
    for (const { endpointId } of [own, ofAll])
      for (const [method, path, body] of routes(endpointId)) {
        const answer = await service.request(method, path, body, sued);
        expect({ method, path, status: answer.status, code: answer.body.code }).toEqual({
          method,
          path,
          status: 404,
          code: 'NOT_FOUND',
        });
      }
    for (const [method, path, body] of routes(ofAll.endpointId))
      expect([path, (await service.request(method, path, body, nord)).status]).toEqual([path, 404]);
    expect((await get('/webhook-endpoints', sued)).body.items).toEqual([]);
    expect((await get('/webhook-endpoints')).body.items).toHaveLength(1);
    const ada = await service.as({ userId: 'ada' });
    for (const [method, path, body] of [...routes(own.endpointId), ['GET', '/webhook-endpoints'] as const])
      expect([path, (await service.request(method, path, body, ada)).body.code]).toEqual([path, 'FORBIDDEN']);
    expect(await everything()).toEqual(before);
  });

  it('name the tenant where they have several or none, and no other one', async () => {
    const url = sink.url();
    expect((await post('/webhook-endpoints', { url, tenantId: 'sued' })).body.code).toBe('NOT_FOUND');
    expect((await post('/webhook-endpoints', { url, tenantId: 'nothing' }, {})).body.code).toBe('NOT_FOUND');
    const reader = await service.as({
      userId: 'r',
      tenantId: 'nordlicht',
      apiKey: { keyId: 'r', permissions: ['events:read'] },
    });
    expect((await post('/webhook-endpoints', { url }, reader)).body.code).toBe('FORBIDDEN');
    expect((await get('/webhook-endpoints', {})).body.items).toEqual([]);
  });
});

describe('bad input', () => {
  it('changes nothing', async () => {
    const created = await create();
    const path = `/webhook-endpoints/${created.endpointId}`;
    const before = await service.rows('SELECT * FROM notifications.webhook_endpoint');
    const url = sink.url();
    const bad: readonly (readonly [method: string, path: string, body: object, field: string])[] = [
      ['POST', '/webhook-endpoints', {}, 'url'],
      ['POST', '/webhook-endpoints', { url: 'x' }, 'url'],
      ['POST', '/webhook-endpoints', { url: 'ftp://a.example/' }, 'url'],
      ['POST', '/webhook-endpoints', { url: 'file:///etc/passwd' }, 'url'],
      ['POST', '/webhook-endpoints', { url: `https://a.example/${'x'.repeat(2_000)}` }, 'url'],
      ['POST', '/webhook-endpoints', { url, types: [] }, 'types'],
      ['POST', '/webhook-endpoints', { url, types: ['allotree.nothing.v1'] }, 'types'],
      ['POST', '/webhook-endpoints', { url, subjects: ['a/b'] }, 'subjects[0]'],
      ['POST', '/webhook-endpoints', { url, subjects: ['a', 'a'] }, 'subjects'],
      ['POST', '/webhook-endpoints', { url, description: 'a\nb' }, 'description'],
      ['POST', '/webhook-endpoints', { url, secret: 'x' }, 'secret'],
      ['PATCH', path, {}, ''],
      ['PATCH', path, { status: 'disabled' }, 'status'],
      ['PATCH', path, { tenantId: 'sued' }, 'tenantId'],
      ['POST', `${path}/rotate`, { overlapHours: 169 }, 'overlapHours'],
      ['POST', `${path}/rotate`, { overlapHours: -1 }, 'overlapHours'],
      ['POST', `${path}/replay`, { from: '2026-06-01', until: '2026-06-02T00:00:00Z' }, 'from'],
      ['POST', `${path}/replay`, { from: '2026-06-02T00:00:00Z', until: '2026-06-01T00:00:00Z' }, 'until'],
      ['GET', '/webhook-endpoints/x', undefined as never, 'endpointId'],
      ['GET', '/webhook-keys', undefined as never, 'endpointId'],
    ];
    for (const [method, at, body, field] of bad) {
      const answer = await service.request(method, at, body, nord);
      expect({ method, at, body, status: answer.status, field: answer.body.errors?.[0]?.field }).toEqual({
        method,
        at,
        body,
        status: 400,
        field,
      });
    }
    expect(await service.rows('SELECT * FROM notifications.webhook_endpoint')).toEqual(before);
  });

  it('is more endpoints than a tenant can have', async () => {
    await create();
    await service.rows(
      `INSERT INTO notifications.webhook_endpoint (endpoint_id, tenant_id, url, description, status, created_by)
       SELECT gen_random_uuid(), tenant_id, url, '', 'active', 'x' FROM notifications.webhook_endpoint, generate_series(2, 50)`,
    );
    const { status, body } = await post('/webhook-endpoints', { url: sink.url() });
    expect([status, body.code, body.limit]).toEqual([409, 'TOO_MANY_WEBHOOK_ENDPOINTS', 50]);
    expect(await service.rows('SELECT count(*)::integer AS number FROM notifications.webhook_endpoint')).toEqual([
      { number: 50 },
    ]);
  });
});
