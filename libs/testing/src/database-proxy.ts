import { setTimeout as sleep } from 'node:timers/promises';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A proxy between a process and its database that can interrupt the connection. */
export interface DatabaseProxy {
  /** URL of the database through the proxy. */
  readonly connectionString: string;
  /** Closes all connections and refuses new ones, like a server that is down. */
  cut(): void;
  /** Silently drops all data, like a network that loses packets. */
  freeze(): void;
  /** Passes every answer of the database on this many milliseconds late, like a disk that is slow. */
  delay(milliseconds: number): void;
  /** Accepts new connections again; frozen ones stay frozen. */
  restore(): void;
  close(): Promise<void>;
}

export async function startDatabaseProxy(connectionString: string): Promise<DatabaseProxy> {
  const database = new URL(connectionString);
  const sockets = new Set<Socket>();
  const freezing = new Set<() => void>();
  let state: 'open' | 'cut' | 'frozen' = 'open';
  let delayMs = 0;
  const keep = (socket: Socket): void => {
    sockets.add(socket);
    socket.on('error', () => undefined).once('close', () => sockets.delete(socket));
  };
  const server = createServer((client) => {
    keep(client);
    if (state === 'cut') client.destroy();
    if (state !== 'open') return;
    let frozen = false;
    freezing.add(() => (frozen = true));
    const upstream = connect(Number(database.port || 5432), database.hostname);
    keep(upstream);
    client.on('data', (data) => frozen || upstream.write(data)).once('close', () => frozen || upstream.destroy());
    // One after the other, also when the delay gets shorter.
    let passed = Promise.resolve();
    upstream.on('data', (data) => {
      const arrived = performance.now();
      passed = passed.then(async () => {
        const wait = arrived + delayMs - performance.now();
        if (wait > 0) await sleep(wait);
        if (!frozen) client.write(data);
      });
    });
    upstream.once('close', () => void passed.then(() => frozen || client.destroy()));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = new URL(connectionString);
  url.hostname = '127.0.0.1';
  url.port = String((server.address() as AddressInfo).port);
  const breakAll = (): void => sockets.forEach((socket) => socket.destroy());
  return {
    connectionString: url.href,
    cut: () => {
      state = 'cut';
      breakAll();
    },
    freeze: () => {
      state = 'frozen';
      for (const freeze of freezing) freeze();
      freezing.clear();
    },
    delay: (milliseconds) => void (delayMs = milliseconds),
    restore: () => void (state = 'open'),
    close: async () => {
      breakAll();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
