import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Receives webhooks, and remembers the first arrival of each. */
export class Sink {
  /** Ids in the order of their first arrival, by subject. */
  readonly arrived = new Map<string, string[]>();
  private readonly seen = new Set<string>();
  repeated = 0;

  private constructor(private readonly server: Server) {}

  static async open(): Promise<Sink> {
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        sink.receive(JSON.parse(Buffer.concat(chunks).toString()) as { id: string; subject: string });
        response.writeHead(204).end();
      });
    });
    const sink = new Sink(server);
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    return sink;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/`;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((done) => this.server.close(done));
  }

  private receive({ id, subject }: { id: string; subject: string }): void {
    if (this.seen.has(id)) {
      this.repeated += 1;
      return;
    }
    this.seen.add(id);
    const ids = this.arrived.get(subject);
    if (ids === undefined) this.arrived.set(subject, [id]);
    else ids.push(id);
  }
}
