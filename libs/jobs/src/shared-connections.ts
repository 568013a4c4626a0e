import { IDLE_CONNECTION_MS } from '@allotree/basics';
import { PostgresConnection, PostgresQueueBackend, runMigrations, type BackendFactory } from 'bullmq';
import pg from 'pg';

/** The schema of the queues in PostgreSQL. */
export const JOBS_SCHEMA = 'jobs';

/** Its statements are short, and none of them waits for another. */
const MAX_CONNECTIONS = 6;
const KEEP_ALIVE_MS = 10_000;
/** An unresponsive connection is closed and replaced after this time. */
const TIMEOUTS = { connectionTimeoutMillis: 10_000, query_timeout: 60_000 };

type ListenClient = Awaited<ReturnType<PostgresConnection['getListenClient']>>;

/**
 * The connections to PostgreSQL that the queues and workers of a process share, and the migration of their schema, once for all of them.
 * BullMQ would open one for each queue and one or more for each worker, and migrate on each.
 */
export class SharedConnections {
  readonly pool: pg.Pool;
  private readonly settings: pg.ClientConfig;
  private readonly users: SharedConnection[] = [];
  private migrating: Promise<void> | undefined;
  private listening: Promise<ListenClient & pg.Client> | undefined;
  private isClosed = false;

  constructor(connectionString: string) {
    this.settings = {
      connectionString,
      application_name: 'allotree jobs',
      keepAlive: true,
      keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
      // Jobs that must not be lost are recorded elsewhere until they are done, so no commit here waits for the disk.
      options: `-c synchronous_commit=off -c search_path=${JOBS_SCHEMA}`,
      ...TIMEOUTS,
    };
    this.pool = new pg.Pool({ ...this.settings, max: MAX_CONNECTIONS, idleTimeoutMillis: IDLE_CONNECTION_MS });
    // Each queue and each worker listens for errors.
    this.pool.setMaxListeners(0);
    this.pool.on('connect', (client) => client.on('error', () => undefined));
  }

  /** For the constructors of BullMQ, whose types assume Redis. */
  readonly backend: BackendFactory<PostgresQueueBackend> = (name, options) => {
    const connection = new SharedConnection(this);
    this.users.push(connection);
    return new PostgresQueueBackend(connection, name, options as never);
  };

  /** Resolves once the schema is that of this version; a failed attempt is repeated by the next call. */
  migrated(): Promise<void> {
    return (this.migrating ??= this.migrate().catch((error: unknown) => {
      this.migrating = undefined;
      throw error;
    }));
  }

  /** The connection on which every worker learns of new jobs; a lost one is replaced by the next call. */
  listener(): Promise<ListenClient> {
    return (this.listening ??= this.listen().catch((error: unknown) => {
      this.listening = undefined;
      throw error;
    }));
  }

  async close(): Promise<void> {
    this.isClosed = true;
    const client = await this.listening?.catch(() => undefined);
    await client?.end().catch(() => undefined);
    await this.pool.end();
  }

  private async migrate(): Promise<void> {
    const client = await this.pool.connect();
    try {
      await runMigrations(client, JOBS_SCHEMA);
    } finally {
      client.release();
    }
  }

  /** @throws after `close()`: a worker that was about to wait for jobs does not know that it was closed */
  private async listen(): Promise<ListenClient & pg.Client> {
    if (this.isClosed) throw new Error('the job queues are closed');
    const client = new pg.Client(this.settings);
    client.setMaxListeners(0);
    let isLost = false;
    client.on('error', (error) => {
      if (isLost) return;
      isLost = true;
      this.listening = undefined;
      for (const user of this.users) user.loseListener(error);
    });
    await client.connect();
    return withQueriesInTurn(client);
  }
}

/** Every worker sends its LISTEN when it likes, and a client takes one query at a time. */
function withQueriesInTurn(client: pg.Client): ListenClient & pg.Client {
  const send = client.query.bind(client) as unknown as ListenClient['query'];
  let last: Promise<unknown> = Promise.resolve();
  const query: ListenClient['query'] = (text, values) => {
    const result = last.then(() => send<never>(text, values));
    last = result.catch(() => undefined);
    return result;
  };
  return Object.assign(client, { query }) as unknown as ListenClient & pg.Client;
}

/** What a queue or a worker takes for a connection of its own. */
class SharedConnection extends PostgresConnection {
  constructor(private readonly shared: SharedConnections) {
    super(shared.pool as never);
  }

  override waitUntilReady(): Promise<void> {
    return this.shared.migrated();
  }

  override getListenClient(): Promise<ListenClient> {
    return this.shared.listener();
  }

  override get hasListenClientKeepAlive(): boolean {
    return true;
  }

  /** Ends the waits on it; they begin anew on its successor. */
  loseListener(error: Error): void {
    this.emit('listenerinvalidated');
    if (this.listenerCount('error') > 0) this.emit('error', error);
  }
}
