import type { AddressInfo } from 'node:net';
import { randomUUID } from 'node:crypto';
import { Module, type DynamicModule } from '@nestjs/common';
import { getDataSourceToken } from '@nestjs/typeorm';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import {
  GROUPS_TOPIC,
  dataSchemaOf,
  LICENSE_EXPIRY_QUEUE,
  LICENSING_TOPIC,
  type CloudEvent,
  type DeliveryItem,
  type EndedJob,
  type GroupsEventData,
  type GroupsEventType,
  type LicenseExpiryJob,
  type OutboxMail,
  type ReminderJob,
} from '@allotree/contracts';
import { FixedClock, loadConfiguration } from '@allotree/basics';
import { JobQueues } from '@allotree/jobs';
import { Bus, BusPublisher } from '@allotree/bus';
import { createHttpApplication, openApiDocument, ownService, type Principal } from '@allotree/http';
import { signToken } from '@allotree/identity';
import { connectBusConsumers, ServiceModule } from '@allotree/service';
import { createTestDatabase, documentedFetch, type TestDatabase } from '@allotree/testing';
import type { DataSource } from 'typeorm';
import {
  NOTIFICATION_CONFIGURATION,
  NOTIFICATION_ACCESS_GROUP,
  NOTIFICATION_CONSUMER_GROUP,
  NOTIFICATION_WEBHOOKS_GROUP,
  Notifications,
  NotificationServiceModule,
  type NotificationConfiguration,
} from './index.js';
import { NOTIFICATIONS } from './tokens.js';

@Module({})
class ServiceUnderTest {
  static forRoot(configuration: NotificationConfiguration, clock: FixedClock): DynamicModule {
    const base = ServiceModule.forRoot({ service: 'notification-service', configuration, clock });
    return { module: ServiceUnderTest, imports: [base, NotificationServiceModule.forRoot(configuration)] };
  }
}

export interface Answer {
  readonly status: number;
  // Bodies are looked at field by field.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly body: any;
  readonly headers: Headers;
}

export interface ServiceOptions {
  readonly settings?: Record<string, string>;
  /** One that another service left; it is not dropped by this one then. */
  readonly database?: TestDatabase;
  readonly at?: string;
}

export const ADMINISTRATOR = 'admin@allotree.example';
const SECRET = 'a secret of the specs, 32 characters and more';

const DEADLOCK_DETECTED = '40P01';

/** The notification service on a database of its own, over HTTP, its bus and its queue. */
export class Service {
  private readonly fetch = documentedFetch('notification-service', () => openApiDocument(this.app));

  private constructor(
    readonly app: NestFastifyApplication,
    readonly clock: FixedClock,
    readonly database: TestDatabase,
    private readonly url: string,
    private readonly token: string,
  ) {}

  static async start({ settings = {}, database, at = '2026-11-01T07:00:00Z' }: ServiceOptions = {}): Promise<Service> {
    const own = database ?? (await createTestDatabase());
    const configuration = loadConfiguration(NOTIFICATION_CONFIGURATION, {
      PORT: '0',
      DATABASE_URL: own.connectionString,
      TOKEN_SECRET: SECRET,
      ADMIN_PASSWORD_HASH: '$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$AAAA',
      LOG_LEVEL: 'fatal',
      PUBLIC_URL: 'https://licenses.example',
      MAIL_FROM: 'Allotree <mail@allotree.example>',
      ...settings,
    });
    const clock = new FixedClock(at);
    const app = await createHttpApplication(ServiceUnderTest.forRoot(configuration, clock), configuration);
    connectBusConsumers(app, NOTIFICATION_CONSUMER_GROUP, NOTIFICATION_ACCESS_GROUP, NOTIFICATION_WEBHOOKS_GROUP);
    await app.startAllMicroservices();
    await app.listen(0, '127.0.0.1');
    const { port } = app.getHttpServer().address() as AddressInfo;
    const token = await signToken(ownService('admin', ADMINISTRATOR), { secret: SECRET, lifetimeSeconds: 3_600 });
    return new Service(app, clock, own, `http://127.0.0.1:${port}/api/v1`, token);
  }

  /** @param keep the database, for another service to go on with */
  async stop({ keep = false } = {}): Promise<void> {
    await this.app.close();
    if (!keep) await this.database.drop();
  }

  async request(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    const response = await this.fetch(`${this.url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${this.token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    const json = response.headers.get('content-type')?.includes('json') === true;
    return { status: response.status, body: json && text !== '' ? JSON.parse(text) : text, headers: response.headers };
  }

  /** The headers of somebody else. */
  async as(principal: Partial<Principal>): Promise<Record<string, string>> {
    const somebody = { ...ownService('somebody'), serverAdministrator: false, ...principal };
    const token = await signToken(somebody, { secret: SECRET, lifetimeSeconds: 3_600 });
    return { authorization: `Bearer ${token}` };
  }

  /** The headers of a machine that manages the webhooks of a whole tenant. */
  manager(tenantId: string): Promise<Record<string, string>> {
    const keyId = `manager-of-${tenantId}`;
    return this.as({ userId: keyId, tenantId, apiKey: { keyId, permissions: ['webhooks:manage', 'events:read'] } });
  }

  get = (path: string) => this.request('GET', path);
  post = (path: string, body?: unknown, headers?: Record<string, string>) => this.request('POST', path, body, headers);
  put = (path: string, body: unknown, headers?: Record<string, string>) => this.request('PUT', path, body, headers);
  delete = (path: string, headers?: Record<string, string>) => this.request('DELETE', path, undefined, headers);

  async rows<Row = Record<string, unknown>>(sql: string, parameters: unknown[] = []): Promise<Row[]> {
    return this.app.get<DataSource>(getDataSourceToken(NOTIFICATIONS), { strict: false }).query(sql, parameters);
  }

  /** Empties tables; tried again where that and the loops of the service wait for each other. */
  async empty(...tables: readonly string[]): Promise<void> {
    const truncate = `TRUNCATE ${tables.map((table) => `notifications.${table}`).join(', ')}`;
    for (;;) {
      try {
        await this.rows(truncate);
        return;
      } catch (error) {
        if ((error as { code?: string }).code !== DEADLOCK_DETECTED) throw error;
      }
    }
  }

  /** What the service asks its database meanwhile. */
  async statementsWhile(work: () => Promise<unknown>): Promise<string[]> {
    const { driver } = this.app.get<DataSource>(getDataSourceToken(NOTIFICATIONS), { strict: false });
    const statements: string[] = [];
    const { createQueryRunner } = driver;
    driver.createQueryRunner = (mode) => {
      const runner = createQueryRunner.call(driver, mode);
      const { query } = runner;
      runner.query = ((sql: string, ...others: []) => {
        statements.push(sql);
        return query.call(runner, sql, ...others);
      }) as typeof runner.query;
      return runner;
    };
    await work();
    driver.createQueryRunner = createQueryRunner;
    return statements;
  }

  get notifications(): Notifications {
    return this.app.get(Notifications, { strict: false });
  }

  /** Puts jobs into the queue and waits until what follows from them is out. */
  async enqueue(jobs: Readonly<Record<string, LicenseExpiryJob>>): Promise<void> {
    const entries = Object.entries(jobs).map(([id, data]) => ({ id, data }));
    await this.app.get(JobQueues, { strict: false }).queue<LicenseExpiryJob>(LICENSE_EXPIRY_QUEUE).add(entries);
  }

  async deliver(jobs: Readonly<Record<string, LicenseExpiryJob>>): Promise<void> {
    await this.enqueue(jobs);
    await this.notifications.whenIdle();
  }

  /** Publishes as the group service does, and waits until the events are processed. */
  async publish<Type extends GroupsEventType>(key: string, type: Type, data: GroupsEventData<Type>): Promise<void> {
    await this.publishAll(key, [{ type, data }]);
  }

  async publishAll(key: string, events: readonly { type: GroupsEventType; data: unknown }[]): Promise<void> {
    const messages = events.map(({ type, data }) => {
      const id = randomUUID();
      return {
        specversion: '1.0' as const,
        id,
        source: '/group-service',
        type,
        subject: key,
        time: '2026-06-01T08:00:00.000Z',
        datacontenttype: 'application/json' as const,
        dataschema: dataSchemaOf(type),
        tenantid: 'nordlicht',
        correlationid: id,
        causationid: null,
        actor: 'user:ada',
        data,
      };
    });
    await this.app.get(BusPublisher, { strict: false }).publish(GROUPS_TOPIC, messages);
    await this.caughtUp();
  }

  /** Publishes events of any topic, and waits until they are queued as webhooks. */
  async publishEvents(...events: readonly CloudEvent[]): Promise<void> {
    const bus = this.app.get(Bus, { strict: false });
    for (const topic of [GROUPS_TOPIC, LICENSING_TOPIC]) {
      const source = topic === GROUPS_TOPIC ? '/group-service' : '/license-service';
      await bus.publish(
        topic,
        events.filter((event) => event.source === source),
      );
      await this.webhooksQueued(topic);
    }
  }

  /** Delivers every event on the bus again. */
  async deliverWebhookEventsAgain(): Promise<void> {
    for (const topic of [GROUPS_TOPIC, LICENSING_TOPIC]) {
      await this.app.get(Bus, { strict: false }).rewind(NOTIFICATION_WEBHOOKS_GROUP, topic);
      await this.webhooksQueued(topic);
    }
  }

  private async webhooksQueued(topic: string): Promise<void> {
    const bus = this.app.get(Bus, { strict: false });
    while ((await bus.lag(NOTIFICATION_WEBHOOKS_GROUP, topic)).some(({ lag }) => lag > 0))
      await new Promise((resolve) => setTimeout(resolve, 10));
  }

  async caughtUp(): Promise<void> {
    const behind = `
      SELECT 1 FROM bus.message WHERE topic = $1 AND position >
        coalesce((SELECT position FROM bus.consumer_offset WHERE topic = $1 AND group_id = $2), 0) LIMIT 1`;
    while ((await this.rows(behind, [GROUPS_TOPIC, NOTIFICATION_CONSUMER_GROUP])).length > 0) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  /** The worked example's tree: Hafenblick > building A > unit 1; Ada administers Hafenblick, Kim building A. */
  async hafenblick(projectId = 'hafenblick'): Promise<void> {
    await this.publishAll(projectId, [
      {
        type: 'allotree.project-created.v1',
        data: {
          projectId,
          name: 'Hafenblick',
          partnerId: 'hansen',
          tenantId: 'nordlicht',
          timeZone: 'Europe/Berlin',
          billingMode: 'prepaid',
          trial: false,
        },
      },
      {
        type: 'allotree.groups-placed.v1',
        data: {
          projectId,
          groups: [
            { groupId: 'a', parentId: projectId, type: 'building', name: 'Building A' },
            { groupId: 'b', parentId: projectId, type: 'building', name: 'Building B' },
            { groupId: 'unit-1', parentId: 'a', type: 'unit', name: 'Unit 1' },
          ],
        },
      },
      { type: 'allotree.member-added.v1', data: member(projectId, projectId, 'ada', 'company_administrator') },
      { type: 'allotree.member-added.v1', data: member(projectId, 'a', 'kim', 'site_administrator') },
      { type: 'allotree.member-added.v1', data: member(projectId, 'unit-1', 'rolf', 'user') },
    ]);
  }

  async deliveries(query = ''): Promise<DeliveryItem[]> {
    return (await this.get(`/deliveries?limit=200${query}`)).body.items;
  }

  /** Oldest first. */
  async outbox(query = ''): Promise<OutboxMail[]> {
    const { items } = (await this.get(`/outbox?limit=200${query}`)).body;
    const mails: OutboxMail[] = [];
    for (const { outboxId } of items) mails.unshift((await this.get(`/outbox/${outboxId}`)).body);
    return mails;
  }
}

export const member = (projectId: string, groupId: string, who: string, role: string) => ({
  projectId,
  groupId,
  memberId: `m-${groupId}-${who}`,
  userId: who,
  email: `${who}@nordlicht.example`,
  name: who.charAt(0).toUpperCase() + who.slice(1),
  role: role as 'user',
});

const about = (groupId: string, groupName: string) => ({
  tenantId: 'nordlicht',
  projectId: 'hafenblick',
  projectName: 'Hafenblick',
  timeZone: 'Europe/Berlin',
  groupId,
  groupName,
  dueAt: '2026-11-01T07:00:00.000Z',
  date: '2026-11-01',
});

export const reminder = (groupId: string, change: Partial<ReminderJob> = {}): ReminderJob => ({
  kind: 'reminder',
  ...about(groupId, groupId),
  validUntil: '2026-12-01T23:00:00.000Z',
  daysLeft: 30,
  allotmentIds: ['al-1'],
  recipients: 'administrators',
  fallback: 'basic',
  ...change,
});

export const ended = (groupId: string, change: Partial<EndedJob> = {}): EndedJob => ({
  kind: 'ended',
  ...about(groupId, groupId),
  endedAt: '2026-11-01T07:00:00.000Z',
  stopped: { sip_number: 80, mobile_app: 60, ukey2: 5 },
  featuresOff: ['guest_access'],
  fallback: null,
  recipients: 'administrators',
  ...change,
});
