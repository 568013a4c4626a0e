import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { until } from '@allotree/testing/until';
import { Service } from '../service-under-test.harness.js';
import { licensing } from './webhook-events.fixture.js';
import { isAccepted, WebhookSink } from './webhook-sink.harness.js';

const SETTINGS = { WEBHOOKS_ALLOW_INSECURE: 'true', WEBHOOK_TIMEOUT_SECONDS: '5' };

let service: Service;
let sink: WebhookSink;
let nord: Record<string, string>;

beforeAll(async () => {
  service = await Service.start({ settings: SETTINGS });
  sink = await WebhookSink.start();
  nord = await service.manager('nordlicht');
});
afterAll(async () => {
  await sink.stop();
  await service.stop();
});
afterEach(async () => {
  await service.empty('webhook_endpoint', 'webhook_key', 'webhook_event', 'webhook_delivery', 'webhook_lane');
  sink.reset();
});

const create = async (body: object = {}): Promise<string> =>
  (await service.post('/webhook-endpoints', { url: sink.url(), ...body }, nord)).body.endpointId;
const untilDelivered = (number: number): Promise<unknown> =>
  until(
    () => service.rows("SELECT FROM notifications.webhook_delivery WHERE status = 'delivered'"),
    ({ length }) => length === number,
  );
const leasesPass = () =>
  service.rows('UPDATE notifications.webhook_lane SET not_before = now() WHERE claim IS NOT NULL');

describe('several processes', () => {
  it('deliver each event once, in the order of its subject, and no more at a time than the endpoint has', async () => {
    const other = await Service.start({ settings: SETTINGS, database: service.database });
    await create();
    let underWay = 0;
    let most = 0;
    const subjectsUnderWay = new Set<string>();
    const overlaps: string[] = [];
    sink.answer = ({ event: { subject } }, response) => {
      most = Math.max(most, (underWay += 1));
      if (subjectsUnderWay.has(subject)) overlaps.push(subject);
      subjectsUnderWay.add(subject);
      setTimeout(() => {
        underWay -= 1;
        subjectsUnderWay.delete(subject);
        response.writeHead(204).end();
      }, 2);
    };
    const subjects = Array.from({ length: 8 }, (_, index) => `project-${index}`);
    const events = Array.from({ length: 10 }, (_, index) =>
      subjects.map((subject) => licensing(`many-${subject}-${index}`, { subject })),
    ).flat();
    await service.publishEvents(...events);
    await untilDelivered(events.length);
    expect(overlaps).toEqual([]);
    expect(most).toBeLessThanOrEqual(4);
    for (const subject of subjects)
      expect(sink.arrived.filter((one) => one.event.subject === subject).map(({ id }) => id)).toEqual(
        events.filter((event) => event.subject === subject).map(({ id }) => id),
      );
    await other.stop({ keep: true });
  });

  it('send what follows in a subject under one claim, and let others take their turn after twenty', async () => {
    await create();
    const claims: string[] = [];
    sink.answer = (_one, response) => {
      const held = 'SELECT claim FROM notifications.webhook_lane WHERE not_before > now()';
      void service.rows<{ claim: string }>(held).then(([lane]) => {
        claims.push(lane!.claim);
        response.writeHead(204).end();
      });
    };
    const events = Array.from({ length: 45 }, (_, index) => licensing(`row-${index}`));
    await service.publishEvents(...events);
    await untilDelivered(events.length);
    expect(sink.ids()).toEqual(events.map(({ id }) => id));
    const rows = [...new Set(claims)].map((claim) => claims.filter((one) => one === claim).length);
    expect(rows).toEqual([20, 20, 5]);
    const attempts = 'SELECT DISTINCT attempts, status FROM notifications.webhook_delivery';
    expect(await service.rows(attempts)).toEqual([{ attempts: 1, status: 'delivered' }]);
    expect(await service.rows('SELECT claim, not_before FROM notifications.webhook_lane')).toEqual([
      { claim: null, not_before: null },
    ]);
  });

  it('send nothing more to an endpoint that was paused meanwhile', async () => {
    const endpointId = await create();
    sink.answer = (_one, response) => {
      void service
        .request('PATCH', `/webhook-endpoints/${endpointId}`, { status: 'paused' }, nord)
        .then(() => response.writeHead(204).end());
    };
    await service.publishEvents(licensing('last'), licensing('waits'));
    await untilDelivered(1);
    expect(await service.rows('SELECT claim FROM notifications.webhook_lane')).toEqual([{ claim: null }]);
    expect(sink.ids()).toEqual(['last']);
  });

  it('stop without counting an attempt that is under way, and the next one makes it again', async () => {
    await create();
    sink.answer = () => undefined;
    await service.publishEvents(licensing('held'));
    await sink.until(({ arrived }) => arrived.length === 1);
    const { database } = service;
    await service.stop({ keep: true });
    sink.reset();
    service = await Service.start({ settings: SETTINGS, database });
    await untilDelivered(1);
    expect(await service.rows('SELECT attempts FROM notifications.webhook_delivery')).toEqual([{ attempts: 1 }]);
    expect(sink.ids()).toEqual(['held']);
  });
});

describe('another TOKEN_SECRET', () => {
  const start = (settings: Record<string, string>) =>
    Service.start({ settings: { ...SETTINGS, ...settings }, database: service.database });
  const anotherSecret = { TOKEN_SECRET: 'another secret of the specs, 32 characters and more' };

  it('leaves keys usable that were read while both were set, and no others', async () => {
    const { body } = await service.post('/webhook-endpoints', { url: sink.url() }, nord);
    const previous = { ...anotherSecret, TOKEN_SECRET_PREVIOUS: 'a secret of the specs, 32 characters and more' };
    for (const [id, settings] of [
      ['both', previous],
      ['new', anotherSecret],
    ] as const) {
      await service.stop({ keep: true });
      service = await start(settings);
      await service.publishEvents(licensing(`with-${id}`));
      await sink.until((one) => one.ids().includes(`with-${id}`));
    }
    expect(sink.arrived.map((one) => isAccepted(one, body.secret))).toEqual([true, true]);
    await service.stop({ keep: true });
    service = await start({});
    await service.publishEvents(licensing('with-the-first'));
    const failures = () =>
      service.rows<{ error: string }>('SELECT error FROM notifications.webhook_delivery WHERE error IS NOT NULL');
    const [failure] = await until(failures, ({ length }) => length > 0);
    expect(failure!.error).toContain('rotate the keys');
    expect(sink.ids()).toEqual(['with-both', 'with-new']);
  });
});

describe('a process that is killed (kill -9)', () => {
  const root = resolve(import.meta.dirname, '../../../..');
  const CHILD = `
    import { loadConfiguration } from '@allotree/basics';
    import { createHttpApplication } from '@allotree/http';
    import { ServiceModule } from '@allotree/service';
    import { NOTIFICATION_CONFIGURATION, NotificationServiceModule } from '@allotree/notification-service';
    const configuration = loadConfiguration(NOTIFICATION_CONFIGURATION, process.env);
    const base = ServiceModule.forRoot({ service: 'notification-service', configuration });
    const module = { module: class Child {}, imports: [base, NotificationServiceModule.forRoot(configuration)] };
    const app = await createHttpApplication(module, configuration);
    await app.init();
  `;

  it('between sending and recording: the next one sends the same webhook again, then those after it', async () => {
    if (!existsSync(resolve(root, 'apps/notification-service/dist/index.js')))
      throw new Error('not built: npm run build');
    // Only the child delivers: here the endpoint is paused until it is dead.
    const endpointId = await create();
    await service.request('PATCH', `/webhook-endpoints/${endpointId}`, { status: 'paused' }, nord);
    await service.publishEvents(licensing('killed-1'), licensing('killed-2'));
    const { database } = service;
    await service.stop({ keep: true });
    const child = spawn(process.execPath, ['--input-type=module', '-e', CHILD], {
      cwd: root,
      stdio: 'inherit',
      env: {
        PATH: process.env['PATH'] ?? '',
        HOME: process.env['HOME'] ?? '',
        PORT: '0',
        DATABASE_URL: database.connectionString,
        TOKEN_SECRET: 'a secret of the specs, 32 characters and more',
        ADMIN_PASSWORD_HASH: '$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$AAAA',
        LOG_LEVEL: 'error',
        ...SETTINGS,
      },
    });
    const ended = new Promise((done) => child.once('close', done));
    sink.answer = () => child.kill('SIGKILL');
    const activate = await openPaused(database.connectionString);
    await ended;
    await activate.end();
    expect(child.signalCode).toBe('SIGKILL');
    expect(sink.ids()).toEqual(['killed-1']);
    sink.answer = (_one, response) => response.writeHead(204).end();
    service = await Service.start({ settings: SETTINGS, database });
    expect(await service.rows('SELECT attempts, status FROM notifications.webhook_delivery ORDER BY ordinal')).toEqual([
      { attempts: 1, status: 'pending' },
      { attempts: 0, status: 'pending' },
    ]);
    await leasesPass();
    await untilDelivered(2);
    expect(sink.ids()).toEqual(['killed-1', 'killed-1', 'killed-2']);
    const [first, second] = sink.arrived;
    expect(second!.body).toBe(first!.body);
  });
});

async function openPaused(url: string) {
  const { default: pg } = await import('pg');
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query("SET allotree.tenant = '*'");
  await client.query("UPDATE notifications.webhook_endpoint SET status = 'active'");
  return client;
}
