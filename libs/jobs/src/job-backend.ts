import { once } from 'node:events';
import { Queue, Worker, type QueueOptions, type WorkerOptions } from 'bullmq';
import type { Cluster, Redis } from 'ioredis';
import { connectRedis, redisAddress } from '@allotree/basics';
import { SharedConnections } from './shared-connections.js';

type Handler = ConstructorParameters<typeof Worker>[1];
type Settings<Options> = Omit<Options, 'connection'>;

/** Where BullMQ keeps its queues. */
export interface JobBackend {
  /** Rejects when the backend cannot be reached. */
  check(): Promise<void>;
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

function postgresBackend(connectionString: string): JobBackend {
  const connections = new SharedConnections(connectionString);
  const connection = connections.pool;
  return {
    // The queues share the main database, which has a check of its own.
    check: () => Promise.resolve(),
    // Without a named backend BullMQ's types assume Redis; the parts used here are the same for both.
    queue: (name, options) => new Queue(name, { ...options, connection }, connections.backend) as unknown as Queue,
    worker: (name, handler, options) =>
      new Worker(name, handler, { ...options, connection }, connections.backend) as unknown as Worker,
    close: () => connections.close(),
  };
}

/** In a cluster all keys of the queues have to be in one slot, which the braces determine. */
const CLUSTER_PREFIX = '{allotree}';

/** A connection that is not established within this time counts as unavailable. */
const CONNECT_MS = 1_000;
/** Jobs are recorded elsewhere and added again after a failure, so failing within a second is better than a long wait. */
const QUEUE_RETRIES = 5;

/** All queues share a connection; a worker has two of its own. */
function redisBackend(url: string): JobBackend {
  const address = redisAddress(url);
  if (address === null) throw new Error('REDIS_URL is not the address of a Redis');
  const prefix = address.kind === 'cluster' ? { prefix: CLUSTER_PREFIX } : {};
  const clients: (Redis | Cluster)[] = [];
  const connect = (retries: number | null): Redis | Cluster => {
    const client = connectRedis(address, retries);
    // Logged by the queue or worker that uses the client.
    client.on('error', () => undefined);
    clients.push(client);
    return client;
  };
  const shared = connect(QUEUE_RETRIES);
  return {
    check: () => answers(shared),
    queue: (name, options) => new Queue(name, { ...options, ...prefix, connection: shared }),
    worker: (name, handler, options) => new Worker(name, handler, { ...options, ...prefix, connection: connect(null) }),
    close: async () => {
      await Promise.all(clients.map(leave));
    },
  };
}

/** Without this, a command would wait until the connection is back. */
async function answers(client: Redis | Cluster): Promise<void> {
  if (client.status !== 'ready') await once(client, 'ready', { signal: AbortSignal.timeout(CONNECT_MS) });
  await client.ping();
}

async function leave(client: Redis | Cluster): Promise<void> {
  if (client.status === 'ready') await client.quit().catch(() => undefined);
  client.disconnect();
}
