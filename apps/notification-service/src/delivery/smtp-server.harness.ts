import type { AddressInfo, Socket } from 'node:net';
import PostalMime, { type Email } from 'postal-mime';
import { SMTPServer, type SMTPServerOptions, type SMTPServerSession } from 'smtp-server';

/** The reaction of the server to a mail whose data it has received. */
export type AfterData = 'accept' | 'drop' | { readonly code: number };

export interface Received {
  readonly mail: Email;
  readonly raw: string;
  /** Of the envelope. */
  readonly to: readonly string[];
  readonly session: SMTPServerSession;
}

const answerError = (code: number): Error => Object.assign(new Error(`${code} of the spec`), { responseCode: code });

/** A real SMTP server on this machine that keeps what it receives, and can be configured to behave badly. */
export class MailServer {
  readonly received: Received[] = [];
  /** What clients sent without TLS, as it came over the wire. */
  readonly bytesReceived: Buffer[] = [];
  afterData: AfterData = 'accept';
  recipientCode: number | null = null;
  /** Called when it has a mail's data, before it says so; then it says nothing. */
  onReceived: (() => void) | null = null;
  /** How long it takes over a recipient. */
  slowMs = 0;
  private readonly server: SMTPServer;
  private port = 0;

  constructor(options: SMTPServerOptions = {}) {
    this.server = new SMTPServer({
      authOptional: true,
      // Its own certificate is not one to trust: TLS only where a spec wants it.
      disabledCommands: options.onAuth === undefined ? ['AUTH', 'STARTTLS'] : [],
      disableReverseLookup: true,
      logger: false,
      closeTimeout: 100,
      onRcptTo: (_address, _session, done) => {
        const { recipientCode } = this;
        setTimeout(() => done(recipientCode === null ? null : answerError(recipientCode)), this.slowMs).unref();
      },
      onData: (stream, session, done) => {
        const to = session.envelope.rcptTo.map(({ address }) => address);
        const chunks: Buffer[] = [];
        stream.on('data', (chunk: Buffer) => chunks.push(chunk));
        stream.on('end', () => {
          const raw = Buffer.concat(chunks).toString();
          PostalMime.parse(raw).then(
            (mail) => this.answer({ mail, raw, to, session }, done),
            (error: Error) => done(error),
          );
        });
      },
      ...options,
    });
    this.server.on('error', () => undefined);
    this.server.server.on('connection', (socket: Socket) =>
      socket.on('data', (chunk: Buffer) => this.bytesReceived.push(chunk)),
    );
  }

  async listen(port = 0): Promise<this> {
    await new Promise<void>((resolve) => this.server.listen(port, '127.0.0.1', resolve));
    this.port = (this.server.server.address() as AddressInfo).port;
    return this;
  }

  url({ scheme = 'smtp', user = '', query = '' } = {}): string {
    return `${scheme}://${user}127.0.0.1:${this.port}/${query}`;
  }

  async close(): Promise<void> {
    for (const connection of this.server.connections) (connection as Connection)._socket.destroy();
    await new Promise<void>((resolve) => this.server.close(resolve));
  }

  private answer(received: Received, done: (error?: Error | null) => void): void {
    if (typeof this.afterData === 'object') return done(answerError(this.afterData.code));
    // Kept, as by a server that dies before it can say so.
    this.received.push(received);
    if (this.onReceived !== null) return this.onReceived();
    if (this.afterData === 'accept') return done(null);
    for (const connection of this.server.connections) {
      const { _socket, session } = connection as Connection;
      if (session.id === received.session.id) _socket.destroy();
    }
  }
}

interface Connection {
  readonly session: SMTPServerSession;
  readonly _socket: { destroy(): void };
}
