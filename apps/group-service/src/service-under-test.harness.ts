import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Module, type DynamicModule } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { GROUPS_TOPIC, type CloudEvent } from '@allotree/contracts';
import { Subscriptions, type EventStore, type RecordedEvent } from '@allotree/event-sourcing';
import { loadConfiguration, PG_POOL } from '@allotree/basics';
import { createHttpApplication, openApiDocument, ownService } from '@allotree/http';
import { signToken } from '@allotree/identity';
import { ProjectionChecks, ServiceModule } from '@allotree/service';
import { createTestDatabase, documentedFetch } from '@allotree/testing';
import type pg from 'pg';
import { GROUP_CONFIGURATION, GroupServiceModule, type GroupConfiguration } from './index.js';
import { EVENT_STORE } from './tokens.js';

@Module({})
class ServiceUnderTest {
  static forRoot(configuration: GroupConfiguration): DynamicModule {
    const base = ServiceModule.forRoot({ service: 'group-service', configuration });
    return { module: ServiceUnderTest, imports: [base, GroupServiceModule.forRoot(configuration)] };
  }
}

export interface Answer {
  readonly status: number;
  // Bodies are looked at field by field.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly body: any;
  readonly etag: string | null;
}

/** A stand-in for the license service: permits every move until a spec sets another answer. */
export class LicenseServiceDouble {
  answer: { status: number; body: object | null } = { status: 204, body: null };
  readonly asked: { path: string; body: unknown; authorization: string | undefined }[] = [];
  private readonly server: Server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = JSON.parse(Buffer.concat(chunks).toString() || 'null') as unknown;
      this.asked.push({ path: request.url ?? '', body, authorization: request.headers.authorization });
      response.writeHead(this.answer.status, { 'content-type': 'application/problem+json' });
      response.end(this.answer.body === null ? undefined : JSON.stringify(this.answer.body));
    });
  });

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

const SECRET = 'a secret of the specs, 32 characters and more';

/** The group service on a database of its own, over HTTP. */
export class Service {
  readonly fetch = documentedFetch('group-service', () => openApiDocument(this.app));

  private constructor(
    readonly app: NestFastifyApplication,
    readonly licenses: LicenseServiceDouble,
    readonly url: string,
    private readonly token: string,
    readonly databaseUrl: string,
    private readonly dropDatabase: () => Promise<void>,
  ) {}

  static async start(settings: Record<string, string> = {}): Promise<Service> {
    const database = await createTestDatabase();
    const licenses = new LicenseServiceDouble();
    const configuration = loadConfiguration(GROUP_CONFIGURATION, {
      PORT: '0',
      DATABASE_URL: database.connectionString,
      TOKEN_SECRET: SECRET,
      ADMIN_PASSWORD_HASH: '$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$AAAA',
      LOG_LEVEL: 'error',
      LICENSE_SERVICE_URL: await licenses.listen(),
      ...settings,
    });
    const app = await createHttpApplication(ServiceUnderTest.forRoot(configuration), configuration);
    await app.listen(0, '127.0.0.1');
    const { port } = app.getHttpServer().address() as AddressInfo;
    const token = await signToken(ownService('admin'), { secret: SECRET, lifetimeSeconds: 3_600 });
    return new Service(app, licenses, `http://127.0.0.1:${port}/api/v1`, token, configuration.DATABASE_URL, () =>
      database.drop(),
    );
  }

  /** Where a browser reaches it. */
  get origin(): string {
    return new URL(this.url).origin;
  }

  async stop(): Promise<void> {
    await this.app.close();
    await this.licenses.close();
    await this.dropDatabase();
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

  /** The headers of somebody who may do what memberships say. */
  async signedInAs(userId: string): Promise<Record<string, string>> {
    const principal = { ...ownService(userId), serverAdministrator: false };
    return { authorization: `Bearer ${await signToken(principal, { secret: SECRET, lifetimeSeconds: 3_600 })}` };
  }

  get = (path: string) => this.request('GET', path);
  post = (path: string, body: unknown, headers?: Record<string, string>) => this.request('POST', path, body, headers);
  patch = (path: string, body: unknown, headers?: Record<string, string>) => this.request('PATCH', path, body, headers);
  delete = (path: string, headers?: Record<string, string>) => this.request('DELETE', path, undefined, headers);

  get store(): EventStore {
    return this.app.get<EventStore>(EVENT_STORE, { strict: false });
  }

  /** Every event recorded while something was done, oldest first: `[type, stream]`. */
  async recordedWhile(work: () => Promise<unknown>): Promise<RecordedEvent[]> {
    const before = await this.store.head();
    await work();
    return [...(await this.store.readAll(['partner', 'group_tree', 'device'], before, 1_000))];
  }

  /** Another replica of the service on the same database. */
  replica(): Promise<Service> {
    return Service.start({ DATABASE_URL: this.databaseUrl });
  }

  /** Waits until all subscriptions have caught up, also with the events that their reactors recorded meanwhile. */
  async settled(): Promise<void> {
    const subscriptions = this.app.get(Subscriptions, { strict: false });
    const names = (await subscriptions.lag()).map(({ name }) => name);
    let settledAt: bigint;
    do {
      settledAt = await this.store.head();
      for (const name of names) {
        if (!(await subscriptions.waitUntil(name, settledAt, 30_000))) throw new Error(`${name} does not follow`);
      }
    } while ((await this.store.head()) > settledAt);
  }

  /** Rebuilds a projection. */
  async rebuild(projection: string): Promise<void> {
    await (
      await this.app.get(ProjectionChecks, { strict: false }).begin('rebuild', projection)
    )?.ended;
  }

  /** What was published about a project or partner, oldest first. */
  async published(key: string): Promise<CloudEvent[]> {
    await this.settled();
    const { rows } = await this.app
      .get<pg.Pool>(PG_POOL, { strict: false })
      .query<{ payload: CloudEvent }>(
        'SELECT payload FROM bus.message WHERE topic = $1 AND key = $2 ORDER BY position',
        [GROUPS_TOPIC, key],
      );
    return rows.map((row) => row.payload);
  }

  async distributor(name = 'Nordlicht'): Promise<string> {
    const { body } = await this.post('/partners', {
      name,
      kind: 'distributor',
      administrator: { name: 'Ada', email: 'ada@nordlicht.example' },
    });
    return body.partnerId as string;
  }

  async project(name = 'Hafenblick', partnerId?: string): Promise<string> {
    const { body } = await this.post('/projects', { name, partnerId: partnerId ?? (await this.distributor()) });
    return body.projectId as string;
  }

  async group(projectId: string, parentId: string, name: string, type = 'building'): Promise<string> {
    const { body } = await this.post(`/projects/${projectId}/groups`, { parentId, type, name });
    return body.groupId as string;
  }
}
