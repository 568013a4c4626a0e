import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** Stands between a process and its database, to cut them off from each other. */
export interface DatabaseProxy {
  /** The database through the proxy. */
  readonly connectionString: string;
  /** Breaks every connection and takes no new one, as a server that went away. */
  cut(): void;
  /** Lets nothing through any more and says nothing, as a network that swallows packets. */
  freeze(): void;
  /** Lets everything through again. */
  restore(): void;
  close(): Promise<void>;
}

export async function startDatabaseProxy(connectionString: string): Promise<DatabaseProxy> {
  const database = new URL(connectionString);
  const sockets = new Set<Socket>();
  let state: 'open' | 'cut' | 'frozen' = 'open';
  const keep = (socket: Socket): void => {
    sockets.add(socket);
    socket.on('error', () => undefined).once('close', () => sockets.delete(socket));
  };
  const server = createServer((client) => {
    keep(client);
    if (state === 'cut') client.destroy();
    if (state !== 'open') return;
    const upstream = connect(Number(database.port || 5432), database.hostname);
    keep(upstream);
    const pass = (from: Socket, to: Socket): void => {
      from.on('data', (data) => state === 'open' && to.write(data)).once('close', () => to.destroy());
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
    freeze: () => void (state = 'frozen'),
    restore: () => {
      // What was swallowed is missing from the connections of before.
      if (state === 'frozen') breakAll();
      state = 'open';
    },
    close: async () => {
      breakAll();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
