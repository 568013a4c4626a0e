import type { AddressInfo } from 'node:net';
import { jest } from '@jest/globals';
import { Module, type DynamicModule } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import {
  dataSchemaOf,
  LICENSING_TOPIC,
  type CloudEvent,
  type GroupsEventData,
  type GroupsEventType,
} from '@allotree/contracts';
import { CommandRuntime, Subscriptions, type EventStore, type RecordedEvent } from '@allotree/event-sourcing';
import { Clock, FixedClock, loadConfiguration, PG_POOL } from '@allotree/basics';
import { createHttpApplication, openApiDocument, ownService, type Principal } from '@allotree/http';
import { signToken } from '@allotree/identity';
import { connectBusConsumers, ServiceModule } from '@allotree/service';
import { createTestDatabase, documentedFetch, type TestDatabase } from '@allotree/testing';
import type pg from 'pg';
import { FollowMembershipsController } from './access/follow-memberships/follow-memberships.controller.js';
import { FollowGroupsController } from './feed/follow-groups/follow-groups.controller.js';
import { ACCESS_GROUP, CONSUMER_GROUP } from './consumer-groups.js';
import { LICENSE_CONFIGURATION, LicenseServiceModule, type LicenseConfiguration } from './index.js';
import { EVENT_STORE, PROJECT_HANDLER, STOCK_HANDLER, type ProjectHandler, type StockHandler } from './tokens.js';

// Real backends, started and stopped, on whatever machine this is.
jest.setTimeout(60_000);

@Module({})
class ServiceUnderTest {
  static forRoot(configuration: LicenseConfiguration, clock: FixedClock): DynamicModule {
    const base = ServiceModule.forRoot({ service: 'license-service', configuration, clock });
    return { module: ServiceUnderTest, imports: [base, LicenseServiceModule.forRoot(configuration)] };
  }
}

export interface Answer {
  readonly status: number;
  // Bodies are looked at field by field.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly body: any;
  readonly etag: string | null;
}

const SECRET = 'a secret of the specs, 32 characters and more';
export const NOW = '2026-06-01T10:00:00.000Z';

interface StartOptions {
  readonly settings?: Record<string, string>;
  /** Of a service that was stopped before; its own, where none is given. */
  readonly database?: TestDatabase;
  /** Listens to the bus. Otherwise facts are handed over one by one (`fact`). */
  readonly onBus?: boolean;
}

/** The license service on a database of its own, over HTTP, on 2026-06-01. */
export class Service {
  private eventNumber = 0;

  private readonly fetch = documentedFetch('license-service', () => openApiDocument(this.app));

  private constructor(
    readonly app: NestFastifyApplication,
    readonly database: TestDatabase,
    private readonly url: string,
    private readonly token: string,
  ) {}

  static async start({ settings = {}, database, onBus = false }: StartOptions = {}): Promise<Service> {
    const own = database ?? (await createTestDatabase());
    const configuration = loadConfiguration(LICENSE_CONFIGURATION, {
      PORT: '0',
      DATABASE_URL: own.connectionString,
      TOKEN_SECRET: SECRET,
      ADMIN_PASSWORD_HASH: '$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$AAAA',
      LOG_LEVEL: 'error',
      // An unknown project is not on its way, unless a spec says so.
      GROUP_FEED_WAIT_MS: '0',
      // Due work runs only when a spec asks for it.
      DUE_TICK_MS: '600000',
      ...settings,
    });
    const app = await createHttpApplication(
      ServiceUnderTest.forRoot(configuration, new FixedClock(NOW)),
      configuration,
    );
    if (onBus) connectBusConsumers(app, CONSUMER_GROUP, ACCESS_GROUP);
    if (onBus) await app.startAllMicroservices();
    await app.listen(0, '127.0.0.1');
    const { port } = app.getHttpServer().address() as AddressInfo;
    const token = await signToken(ownService('admin'), { secret: SECRET, lifetimeSeconds: 3_600 });
    return new Service(app, own, `http://127.0.0.1:${port}/api/v1`, token);
  }

  /** Stops and leaves the data to a service that comes after. */
  async leave(): Promise<TestDatabase> {
    await this.app.close();
    return this.database;
  }

  async stop(): Promise<void> {
    await (await this.leave()).drop();
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
    return { status: response.status, body: text === '' ? null : JSON.parse(text), etag: response.headers.get('etag') };
  }

  get = (path: string) => this.request('GET', path);
  post = (path: string, body?: unknown, headers?: Record<string, string>) => this.request('POST', path, body, headers);
  put = (path: string, body: unknown, headers?: Record<string, string>) => this.request('PUT', path, body, headers);
  delete = (path: string, headers?: Record<string, string>) => this.request('DELETE', path, undefined, headers);

  /** The headers of somebody who may do what memberships say, or a key what it says. */
  async signedInAs(userId: string, key: Partial<Principal> = {}): Promise<Record<string, string>> {
    const principal = { ...ownService(userId), serverAdministrator: false, ...key };
    return { authorization: `Bearer ${await signToken(principal, { secret: SECRET, lifetimeSeconds: 3_600 })}` };
  }

  /** Hands facts about memberships over, to the view of who may do what. */
  async memberships(...messages: readonly CloudEvent[]): Promise<void> {
    await this.app.get(FollowMembershipsController, { strict: false }).follow(messages);
  }

  /** A post that must succeed. */
  async posted(path: string, body: unknown): Promise<Answer['body']> {
    const answer = await this.post(path, body);
    if (answer.status >= 300) throw new Error(`${path}: ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  get clock(): FixedClock {
    return this.app.get<FixedClock>(Clock, { strict: false });
  }
  get store(): EventStore {
    return this.app.get<EventStore>(EVENT_STORE, { strict: false });
  }
  get projects(): ProjectHandler {
    return this.app.get<ProjectHandler>(PROJECT_HANDLER, { strict: false });
  }
  get stocks(): StockHandler {
    return this.app.get<StockHandler>(STOCK_HANDLER, { strict: false });
  }
  get subscriptions(): Subscriptions {
    return this.app.get(Subscriptions, { strict: false });
  }

  /** Every event recorded while something was done, oldest first. */
  async recordedWhile(work: () => Promise<unknown>): Promise<RecordedEvent[]> {
    const before = await this.store.head();
    await work();
    return [...(await this.store.readAll(['project', 'partner_stock'], before, 1_000))];
  }

  /** Waits until everything behind the store has followed, also the events that its reactors recorded meanwhile. */
  async settled(): Promise<void> {
    const names = (await this.subscriptions.lag()).map(({ name }) => name);
    let settledAt: bigint;
    do {
      settledAt = await this.position();
      for (const name of names) {
        if (!(await this.subscriptions.waitUntil(name, settledAt, 30_000))) throw new Error(`${name} does not follow`);
      }
    } while ((await this.position()) > settledAt);
  }

  private async position(): Promise<bigint> {
    const { lastPosition } = this.app.get(CommandRuntime, { strict: false });
    const head = await this.store.head();
    return head > lastPosition ? head : lastPosition;
  }

  async rows<Row extends object>(sql: string, parameters: unknown[] = []): Promise<Row[]> {
    const { rows } = await this.app.get<pg.Pool>(PG_POOL, { strict: false }).query<Row>(sql, parameters);
    return rows;
  }

  /** What was published about a project or partner, oldest first. */
  async published(key: string): Promise<CloudEvent[]> {
    await this.settled();
    const rows = await this.rows<{ payload: CloudEvent }>(
      'SELECT payload FROM bus.message WHERE topic = $1 AND key = $2 ORDER BY position',
      [LICENSING_TOPIC, key],
    );
    return rows.map((row) => row.payload);
  }

  /** A fact of the group service as it comes from the bus. */
  message<Type extends GroupsEventType>(type: Type, data: GroupsEventData<Type>, id?: string): CloudEvent {
    const { projectId, partnerId, tenantId } = data as { projectId?: string; partnerId?: string; tenantId?: string };
    return {
      specversion: '1.0',
      id: id ?? `fact-${(this.eventNumber += 1)}`,
      source: '/group-service',
      type,
      subject: projectId ?? partnerId ?? tenantId ?? '',
      time: NOW,
      datacontenttype: 'application/json',
      dataschema: dataSchemaOf(type),
      tenantid: 'nordlicht',
      correlationid: 'correlation',
      causationid: null,
      actor: 'user:admin',
      data,
    };
  }

  /** Hands a fact of the group service over. */
  async fact<Type extends GroupsEventType>(type: Type, data: GroupsEventData<Type>, id?: string): Promise<void> {
    await this.app.get(FollowGroupsController, { strict: false }).follow(this.message(type, data, id));
  }

  async partner(partnerId: string, parentPartnerId: string | null = null, tenantId = 'nordlicht'): Promise<void> {
    const kind = parentPartnerId === null ? 'distributor' : 'dealer';
    await this.fact('allotree.partner-registered.v1', { partnerId, kind, name: partnerId, parentPartnerId, tenantId });
  }

  async project(projectId: string, more: Partial<GroupsEventData<'allotree.project-created.v1'>> = {}): Promise<void> {
    const data = { projectId, name: 'Hafenblick', partnerId: 'nordlicht', tenantId: 'nordlicht', timeZone: 'UTC' };
    await this.fact('allotree.project-created.v1', { ...data, billingMode: 'prepaid', trial: false, ...more });
  }

  /** Groups by id, each below the one that is named; a group's name is its id. */
  async groups(projectId: string, below: Readonly<Record<string, string>>): Promise<void> {
    const groups = Object.entries(below).map(([groupId, parentId]) => ({
      groupId,
      parentId,
      type: 'custom' as const,
      name: groupId,
    }));
    await this.fact('allotree.groups-placed.v1', { projectId, groups });
  }

  /** A distributor `nordlicht` with the package of the worked example. @returns the package's id */
  async nordlicht(): Promise<string> {
    await this.partner('nordlicht');
    const body = {
      name: 'Plus 1000',
      units: { sip_number: 1_000, mobile_app: 800, ukey2: 100 },
      features: ['siri', 'elevators'],
      validFrom: '2026-01-01',
      validUntil: '2026-12-31',
    };
    return (await this.posted('/partners/nordlicht/packages', body)).packageId;
  }

  /** The project of the worked example: 120/100/10 issued; building a with units u1 and u2; building b. */
  async hafenblick(projectId: string, packageId: string): Promise<void> {
    await this.project(projectId);
    await this.groups(projectId, { a: projectId, b: projectId, u1: 'a', u2: 'a' });
    const units = { sip_number: 120, mobile_app: 100, ukey2: 10 };
    await this.posted(`/projects/${projectId}/licenses`, { type: 'plus', partnerId: 'nordlicht', packageId, units });
  }
}

/** Limits in the order of the domain: virtual numbers, apps, UKEY2. */
export const units = (sip_number: number | null, mobile_app: number | null = 0, ukey2: number | null = 0) => ({
  sip_number,
  mobile_app,
  ukey2,
});

/** A restriction with one allotment. */
export const restriction = (limits: ReturnType<typeof units>, term: object = {}, more: object = {}) => ({
  enabled: true,
  allotments: [{ type: 'plus', units: limits, ...term }],
  ...more,
});
