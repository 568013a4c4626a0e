import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** Stands between a process and its database, to cut them off from each other. */
export interface DatabaseProxy {
  /** The database through the proxy. */
  readonly connectionString: string;
  /** Breaks every connection and takes no new one, as a server that went away. */
  cut(): void;
  /** Lets nothing through any more and says nothing, as a network that swallows packets. */
  freeze(): void;
  /** New connections are let through again; what was frozen stays so. */
  restore(): void;
  close(): Promise<void>;
}

export async function startDatabaseProxy(connectionString: string): Promise<DatabaseProxy> {
  const database = new URL(connectionString);
  const sockets = new Set<Socket>();
  const freezing = new Set<() => void>();
  let state: 'open' | 'cut' | 'frozen' = 'open';
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
    const pass = (from: Socket, to: Socket): void => {
      from.on('data', (data) => frozen || to.write(data)).once('close', () => frozen || to.destroy());
    };
    pass(client, upstream);
    pass(upstream, client);
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
    restore: () => void (state = 'open'),
    close: async () => {
      breakAll();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
