import { createPostgresBackend, Queue, Worker, type QueueOptions, type WorkerOptions } from 'bullmq';
import { Redis } from 'ioredis';

/** The schema of the queues in PostgreSQL. */
export const JOBS_SCHEMA = 'jobs';

type Handler = ConstructorParameters<typeof Worker>[1];
type Settings<Options> = Omit<Options, 'connection'>;

/** Where BullMQ keeps its queues. */
export interface JobBackend {
  queue(name: string, options: Settings<QueueOptions>): Queue;
  worker(name: string, handler: Handler, options: Settings<WorkerOptions>): Worker;
  close(): Promise<void>;
}

export interface JobStore {
  readonly databaseUrl: string;
  /** Redis where it is set, else PostgreSQL. */
  readonly redisUrl?: string | undefined;
}

export const openJobBackend = ({ databaseUrl, redisUrl }: JobStore): JobBackend =>
  redisUrl === undefined ? postgresBackend(databaseUrl) : redisBackend(redisUrl);

/** Each queue and each worker has a few connections of its own, and a worker one more that listens. */
function postgresBackend(connectionString: string): JobBackend {
  const connection = (max: number) => ({
    connectionString,
    schema: JOBS_SCHEMA,
    migrate: true,
    max,
    keepAlive: true,
    application_name: 'allotree jobs',
    // What must not be lost is recorded elsewhere until its job is done: no commit here waits for the disk.
    options: '-c synchronous_commit=off',
  });
  return {
    // Without a backend named, the types speak of Redis; what is used here is the same for both.
    queue: (name, options) =>
      new Queue(name, { ...options, connection: connection(2) }, createPostgresBackend) as unknown as Queue,
    worker: (name, handler, options) =>
      new Worker(
        name,
        handler,
        { ...options, connection: connection(connectionsOf(options)) },
        createPostgresBackend,
      ) as unknown as Worker,
    close: () => Promise.resolve(),
  };
}

/** One for each job under way, as far as that helps. */
const connectionsOf = ({ concurrency = 1 }: Settings<WorkerOptions>): number => Math.min(concurrency + 1, 10);

/** All queues share a connection; a worker has two of its own. */
function redisBackend(url: string): JobBackend {
  const clients: Redis[] = [];
  const connect = (): Redis => {
    // BullMQ wants commands to wait for a connection that was lost instead of failing.
    const client = new Redis(url, { maxRetriesPerRequest: null, lazyConnect: true });
    // Told by the queue or worker that uses it.
    client.on('error', () => undefined);
    clients.push(client);
    return client;
  };
  const shared = connect();
  return {
    queue: (name, options) => new Queue(name, { ...options, connection: shared }),
    worker: (name, handler, options) => new Worker(name, handler, { ...options, connection: connect() }),
    close: async () => {
      await Promise.all(clients.map(leave));
    },
  };
}

async function leave(client: Redis): Promise<void> {
  if (client.status === 'ready') await client.quit().catch(() => undefined);
  client.disconnect();
}
