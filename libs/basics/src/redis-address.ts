import { Cluster, Redis, type RedisOptions } from 'ioredis';

interface Node {
  readonly host: string;
  readonly port: number;
}

/** Where a Redis is: one server, the master that sentinels name, or a cluster. */
export interface RedisAddress {
  readonly kind: 'server' | 'sentinel' | 'cluster';
  readonly nodes: readonly Node[];
  readonly tls: boolean;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly database: number;
  /** The name of the master at the sentinels. */
  readonly master: string;
  /** The password of the sentinels themselves. */
  readonly sentinelPassword: string | undefined;
}

const FORM =
  /^(?<scheme>rediss?)(?:\+(?<kind>sentinel|cluster))?:\/\/(?:(?<user>[^:@/]*)(?::(?<password>[^@/]*))?@)?(?<hosts>[^/?@]+)(?<path>(?:\/[^?]*)?)(?:\?(?<query>.*))?$/;
const HOST = /^(?<host>\[[0-9a-fA-F:]+\]|[A-Za-z0-9._-]+)(?::(?<port>\d{1,5}))?$/;
const DEFAULT_PORT = { server: 6379, sentinel: 26_379, cluster: 6379 };

/**
 * `redis://user:password@host:6379/0`, `redis+sentinel://:password@host:26379,host:26379/master/0?sentinelPassword=...`,
 * `redis+cluster://user:password@host:6379,host:6379`; over TLS with `rediss`.
 *
 * @returns `null` when the URL is none of them
 */
export function redisAddress(url: string): RedisAddress | null {
  const parts = FORM.exec(url)?.groups as UrlParts | undefined;
  if (parts === undefined) return null;
  const { scheme, kind = 'server', user, password, hosts, path, query } = parts;
  const nodes = nodesOf(hosts, DEFAULT_PORT[kind]);
  const place = PLACES[kind].exec(path)?.groups;
  if (place === undefined || nodes === null || (kind === 'server' && nodes.length > 1)) return null;
  return {
    kind,
    nodes,
    tls: scheme === 'rediss',
    username: textOf(user),
    password: textOf(password),
    ...placeOf(place),
    sentinelPassword: textOf(query && new URLSearchParams(query).get('sentinelPassword')),
  };
}

interface UrlParts {
  readonly scheme: string;
  readonly kind: RedisAddress['kind'] | undefined;
  readonly user: string | undefined;
  readonly password: string | undefined;
  readonly hosts: string;
  readonly path: string;
  readonly query: string | undefined;
}

/** The path after the hosts. A cluster has no databases. */
const PLACES: Readonly<Record<RedisAddress['kind'], RegExp>> = {
  server: /^(?:\/(?<database>\d{0,5}))?$/,
  sentinel: /^\/(?<master>[^/]+)(?:\/(?<database>\d{0,5}))?$/,
  cluster: /^(?<database>)\/?$/,
};

/** Percent signs that encode nothing are taken literally. */
function textOf(text: string | null | undefined): string | undefined {
  if (text === undefined || text === null || text === '') return undefined;
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

const placeOf = ({ master, database }: Readonly<Record<string, string>>) => ({
  master: textOf(master) ?? '',
  database: Number(database ?? 0),
});

function nodesOf(hosts: string, usualPort: number): readonly Node[] | null {
  const nodes = hosts.split(',').flatMap((host) => nodeOf(host, usualPort) ?? []);
  return nodes.length === hosts.split(',').length ? nodes : null;
}

function nodeOf(text: string, usualPort: number): Node | null {
  const parts = HOST.exec(text)?.groups;
  if (parts === undefined) return null;
  return { host: (parts['host'] ?? '').replace(/^\[|\]$/g, ''), port: Number(parts['port'] ?? usualPort) };
}

/**
 * Connects at once, and reconnects whenever the connection is lost; the caller must listen to its `error` events.
 *
 * @param retries how many connection attempts a command waits for before it fails; `null`: without a limit
 * @param more further options of the client
 */
export function connectRedis(
  address: RedisAddress,
  retries: number | null,
  more: Pick<RedisOptions, 'enableOfflineQueue' | 'connectTimeout' | 'retryStrategy'> = {},
): Redis | Cluster {
  const { kind, nodes, username, password, database, tls } = address;
  const options: RedisOptions = {
    maxRetriesPerRequest: retries,
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(tls && { tls: {} }),
    ...more,
  };
  switch (kind) {
    case 'server':
      return new Redis({ ...options, ...nodes[0], db: database });
    case 'cluster':
      return new Cluster([...nodes], { enableOfflineQueue: more.enableOfflineQueue ?? true, redisOptions: options });
    case 'sentinel':
      return new Redis({
        ...options,
        db: database,
        name: address.master,
        sentinels: [...nodes],
        ...(address.sentinelPassword !== undefined && { sentinelPassword: address.sentinelPassword }),
        ...(tls && { enableTLSForSentinelMode: true, sentinelTLS: {} }),
      });
  }
}
