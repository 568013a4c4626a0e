import { until } from '@allotree/testing/until';
import type { AddressInfo } from 'node:net';
import { Module, type DynamicModule } from '@nestjs/common';
import { getDataSourceToken } from '@nestjs/typeorm';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { GROUPS_TOPIC, LICENSING_TOPIC, type CloudEvent, type Permission, type PulledEvent } from '@allotree/contracts';
import { Clock, loadConfiguration } from '@allotree/basics';
import { Bus } from '@allotree/bus';
import { createHttpApplication, openApiDocument, ownService, type Principal } from '@allotree/http';
import { signToken } from '@allotree/identity';
import { connectBusConsumers, ServiceModule } from '@allotree/service';
import { createTestDatabase, documentedFetch, type TestDatabase } from '@allotree/testing';
import type { DataSource } from 'typeorm';
import {
  REPORTING_ACCESS_GROUP,
  REPORTING_CONFIGURATION,
  REPORTING_CONSUMER_GROUP,
  ReportingServiceModule,
  type ReportingConfiguration,
} from './index.js';
import { TablesProjection } from './tables/tables-projection.js';
import { REPORTING } from './tokens.js';

@Module({})
class ServiceUnderTest {
  static forRoot(configuration: ReportingConfiguration): DynamicModule {
    const base = ServiceModule.forRoot({ service: 'reporting-service', configuration });
    return { module: ServiceUnderTest, imports: [base, ReportingServiceModule.forRoot(configuration)] };
  }
}

export interface Answer {
  readonly status: number;
  // Bodies are looked at field by field.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly body: any;
  readonly headers: Headers;
}

const handled = (bus: Bus, group: string, topic: string): Promise<unknown> =>
  until(
    () => bus.lag(group, topic),
    (lags) => lags.every(({ lag }) => lag === 0),
  );

const SECRET = 'a secret of the specs, 32 characters and more';

/** The reporting service over HTTP and its bus, with a database of its own for its tables. */
export class Service {
  private readonly fetch = documentedFetch('reporting-service', () => openApiDocument(this.app));

  private constructor(
    readonly app: NestFastifyApplication,
    private readonly databases: readonly TestDatabase[],
    private readonly url: string,
    private readonly token: string,
  ) {}

  static async start(settings: Readonly<Record<string, string>> = {}): Promise<Service> {
    const [platform, reporting] = [await createTestDatabase(), await createTestDatabase()];
    const configuration = loadConfiguration(REPORTING_CONFIGURATION, {
      PORT: '0',
      DATABASE_URL: platform.connectionString,
      REPORTING_DATABASE_URL: reporting.connectionString,
      TOKEN_SECRET: SECRET,
      ADMIN_PASSWORD_HASH: '$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$AAAA',
      LOG_LEVEL: 'fatal',
      RATE_LIMIT_PER_CALLER: '0',
      RATE_LIMIT_PER_TENANT: '0',
      ...settings,
    });
    const app = await createHttpApplication(ServiceUnderTest.forRoot(configuration), configuration);
    connectBusConsumers(app, REPORTING_CONSUMER_GROUP, REPORTING_ACCESS_GROUP);
    await app.startAllMicroservices();
    await app.listen(0, '127.0.0.1');
    const { port } = app.getHttpServer().address() as AddressInfo;
    const token = await signToken(ownService('admin'), { secret: SECRET, lifetimeSeconds: 3_600 });
    return new Service(app, [platform, reporting], `http://127.0.0.1:${port}/api/v1`, token);
  }

  async stop(): Promise<void> {
    await this.app.close();
    for (const database of this.databases) await database.drop();
  }

  async get(path: string, headers: Record<string, string> = {}, signal?: AbortSignal): Promise<Answer> {
    const response = await this.fetch(`${this.url}${path}`, {
      headers: { authorization: `Bearer ${this.token}`, ...headers },
      ...(signal && { signal }),
    });
    return { status: response.status, body: await response.json(), headers: response.headers };
  }

  /** An answer whose body is read as it comes. */
  stream(path: string, headers: Record<string, string>, signal: AbortSignal): Promise<Response> {
    return fetch(`${this.url}${path}`, { headers: { authorization: `Bearer ${this.token}`, ...headers }, signal });
  }

  async post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    const response = await this.fetch(`${this.url}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${this.token}`, 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
    return { status: response.status, body: await response.json(), headers: response.headers };
  }

  async put(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    const response = await this.fetch(`${this.url}${path}`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${this.token}`, 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
    return { status: response.status, body: await response.json(), headers: response.headers };
  }

  async delete(path: string, headers: Record<string, string> = {}): Promise<Pick<Answer, 'status'>> {
    const response = await this.fetch(`${this.url}${path}`, {
      method: 'DELETE',
      headers: { authorization: `Bearer ${this.token}`, ...headers },
    });
    return { status: response.status };
  }

  /** The bytes of a file. */
  async download(path: string, headers: Record<string, string> = {}): Promise<Buffer> {
    const response = await fetch(`${this.url}${path}`, {
      headers: { authorization: `Bearer ${this.token}`, ...headers },
    });
    if (response.status !== 200) throw new Error(await response.text());
    return Buffer.from(await response.arrayBuffer());
  }

  /** Stops the clock of the service at an instant. */
  setClock(at: Date): void {
    this.app.get(Clock, { strict: false }).now = () => at.getTime();
  }

  /** Waits until the tables of the past have every event. */
  async untilProjected(): Promise<void> {
    const tables = this.app.get(TablesProjection, { strict: false });
    await until(
      () => tables.lag(),
      (lags) => lags.every(({ behind }) => behind === 0),
    );
  }

  /** The headers of somebody else. */
  async as(principal: Partial<Principal>): Promise<Record<string, string>> {
    const somebody = { ...ownService('somebody'), serverAdministrator: false, ...principal };
    return { authorization: `Bearer ${await signToken(somebody, { secret: SECRET, lifetimeSeconds: 3_600 })}` };
  }

  /** The headers of a machine of a tenant. */
  key(tenantId: string, keyId = 'key', permissions: readonly Permission[] = ['events:read']) {
    return this.as({ userId: keyId, tenantId, apiKey: { keyId, permissions } });
  }

  /** Publishes as the other services do, and waits until the events are stored. */
  async publish(...events: readonly CloudEvent[]): Promise<void> {
    const bus = this.app.get(Bus, { strict: false });
    for (const topic of [GROUPS_TOPIC, LICENSING_TOPIC]) {
      const source = topic === GROUPS_TOPIC ? '/group-service' : '/license-service';
      await bus.publish(
        topic,
        events.filter((event) => event.source === source),
      );
      for (const group of [REPORTING_CONSUMER_GROUP, ...(topic === GROUPS_TOPIC ? [REPORTING_ACCESS_GROUP] : [])])
        await handled(bus, group, topic);
    }
  }

  /** Lets a consumer group read a topic again from its first message. */
  async rewind(topic: string): Promise<void> {
    const bus = this.app.get(Bus, { strict: false });
    await bus.rewind(REPORTING_CONSUMER_GROUP, topic);
    await handled(bus, REPORTING_CONSUMER_GROUP, topic);
  }

  rows<Row = Record<string, unknown>>(sql: string, parameters: unknown[] = []): Promise<Row[]> {
    return this.app.get<DataSource>(getDataSourceToken(REPORTING), { strict: false }).query(sql, parameters);
  }

  /** Every event from a cursor on. */
  async pull(query: string, headers: Record<string, string> = {}): Promise<PulledEvent[]> {
    const events: PulledEvent[] = [];
    for (let after = ''; ;) {
      const { status, body } = await this.get(`/events?${query}${after}`, headers);
      if (status !== 200) throw new Error(JSON.stringify(body));
      events.push(...(body.items as PulledEvent[]));
      after = `&after=${encodeURIComponent(String(body.next))}`;
      if (!(body.hasMore as boolean)) return events;
    }
  }
}
