import { until } from '@allotree/testing/until';
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { Webhook } from 'standardwebhooks';

/** A webhook as it arrived. */
export interface Arrived {
  readonly path: string;
  readonly id: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly event: { readonly id: string; readonly subject: string; readonly type: string; readonly data: unknown };
}

/** A receiver of webhooks whose answers a spec sets. */
export class WebhookSink {
  readonly arrived: Arrived[] = [];
  /** 204 unless it says otherwise. */
  answer: (one: Arrived, response: ServerResponse) => void = (_one, response) => response.writeHead(204).end();
  /** That were ever made. */
  connections = 0;
  private readonly sockets = new Set<Socket>();

  private constructor(private readonly server: Server) {
    server.on('connection', (socket) => {
      this.connections += 1;
      this.sockets.add(socket);
      socket.on('close', () => this.sockets.delete(socket));
    });
    server.on('request', (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const body = Buffer.concat(chunks).toString();
        const { headers, url = '' } = request;
        const one = { path: url, id: String(headers['webhook-id']), headers, body, event: JSON.parse(body) as never };
        this.arrived.push(one);
        this.answer(one, response);
      });
    });
  }

  static async start(): Promise<WebhookSink> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new WebhookSink(server);
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  url(path = '/'): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}${path}`;
  }

  /** The ids that arrived at a path, in their order. */
  ids(path?: string): string[] {
    return this.arrived.filter((one) => path === undefined || one.path === path).map(({ id }) => id);
  }

  async until(isThere: (sink: WebhookSink) => boolean): Promise<void> {
    await until(() => isThere(this));
  }

  reset(): void {
    this.arrived.length = 0;
    this.answer = (_one, response) => response.writeHead(204).end();
  }
}

/** Whether the library of Standard Webhooks accepts it. */
export const isAccepted = ({ body, headers }: Arrived, secret: string): boolean => {
  try {
    new Webhook(secret).verify(body, headers as Record<string, string>);
    return true;
  } catch {
    return false;
  }
};
