/** Redis (or Valkey) of the system, persistent within a second, with a password. */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { findProgram, MissingProgram, startServer } from './server.mjs';

const program = () => findProgram('redis-server') ?? findProgram('valkey-server');
const passwordOf = (folder) => /^requirepass (.+)$/m.exec(readFileSync(join(folder, 'redis.conf'), 'utf8'))?.[1];

function keptPassword(folder) {
  try {
    return passwordOf(folder);
  } catch {
    return undefined;
  }
}

const settings = (folder, port, password) => `bind 127.0.0.1
port ${port}
dir ${JSON.stringify(folder)}
requirepass ${password}
appendonly yes
appendfsync everysec
save ""
maxmemory-policy noeviction
`;

export const REDIS = {
  name: 'redis',
  variable: 'REDIS_URL',
  portNames: ['redis'],
  stopSignal: 'SIGTERM',
  requirePrograms() {
    if (program() === null) {
      throw new MissingProgram('redis-server', 'Or set REDIS_URL to use a running Redis.', ['redis-server']);
    }
  },
  async prepare({ folder, ports }) {
    const password = keptPassword(folder) ?? randomBytes(18).toString('base64url');
    await writeFile(join(folder, 'redis.conf'), settings(folder, ports.redis, password), { mode: 0o600 });
  },
  launch: ({ folder }) => ({ program: program(), args: [join(folder, 'redis.conf')] }),
  async isReady(site) {
    const client = new Redis(REDIS.address(site), { lazyConnect: true, retryStrategy: () => null });
    client.on('error', () => undefined);
    try {
      await client.connect();
      return (await client.ping()) === 'PONG';
    } finally {
      client.disconnect();
    }
  },
  address: ({ folder, ports }) => `redis://:${passwordOf(folder)}@127.0.0.1:${ports.redis}/0`,
};

/** A running Redis; its `address` is a `redis://` URL. Options: see `startServer`. */
export const startRedis = (options) => startServer(REDIS, options);
