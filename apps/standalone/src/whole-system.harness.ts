import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createLogger } from '@allotree/basics';
import { ownService, type Principal } from '@allotree/http';
import { signToken } from '@allotree/identity';
import { createTestDatabase, documentedFetch, publishedDocument } from '@allotree/testing';
import { readConfiguration } from './configuration.js';
import { DataFolder } from './data-folder.js';
import { startStandalone } from './standalone.js';

export interface Answer {
  readonly status: number;
  // Specs look into answers of every shape.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly body: any;
  readonly etag?: string | null;
}

export interface Asked {
  readonly token?: string | undefined;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

const SECRET = 'a secret of the specs, 32 characters and more';

/** The whole system in this process, on a database of its own, with tokens for any principal. */
export class WholeSystem {
  static readonly SECRET = SECRET;

  private readonly fetch = documentedFetch('standalone', () => publishedDocument(this.url)());

  private constructor(
    readonly url: string,
    readonly administrator: string,
    readonly databaseUrl: string,
    private readonly end: () => Promise<void>,
  ) {}

  /** @param fill puts into the new database what the system is to find there */
  static async start(
    settings: Readonly<Record<string, string>> = {},
    fill: (databaseUrl: string) => Promise<void> = () => Promise.resolve(),
  ): Promise<WholeSystem> {
    const database = await createTestDatabase();
    await fill(database.connectionString);
    const path = await mkdtemp(join(tmpdir(), 'allotree-spec-'));
    const configuration = readConfiguration({
      DATABASE_URL: database.connectionString,
      DATA_DIR: path,
      PORT: '0',
      // Specs poll until an event has arrived.
      RATE_LIMIT_PER_CALLER: '0',
      RATE_LIMIT_PER_ADDRESS: '0',
      TOKEN_SECRET: SECRET,
      ADMIN_PASSWORD_HASH: '$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$AAAA',
      ...settings,
    });
    const logger = createLogger({ service: 'standalone', level: 'error' });
    const system = await startStandalone({ configuration, folder: await DataFolder.open(path), logger });
    const end = async (): Promise<void> => {
      await system.stop();
      await database.drop();
      await rm(path, { recursive: true, force: true });
    };
    return new WholeSystem(system.url, await WholeSystem.token(ownService('spec')), database.connectionString, end);
  }

  /** An access token as the system signs them, unless something else is wanted of it. */
  static token(principal: Principal, lifetimeSeconds = 3_600, secret = SECRET): Promise<string> {
    return signToken(principal, { secret, lifetimeSeconds });
  }

  async ask(method: string, path: string, { token = this.administrator, body, headers }: Asked = {}): Promise<Answer> {
    const response = await this.fetch(`${this.url}/api/v1${path}`, {
      method,
      redirect: 'manual',
      headers: {
        ...(token === '' ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      body: body === undefined ? null : JSON.stringify(body),
    });
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.includes('json') === true;
    const etag = response.headers.get('etag');
    return { status: response.status, body: isJson ? (JSON.parse(text) as unknown) : text, etag };
  }

  /** What must be granted. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  async must(method: string, path: string, body?: unknown): Promise<any> {
    const answer = await this.ask(method, path, { body });
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  /** Asks until the answer is the wanted one, because events need a moment between services. */
  async until(wanted: (answer: Answer) => boolean, ask: () => Promise<Answer>): Promise<Answer> {
    const deadline = Date.now() + 30_000;
    for (;;) {
      const answer = await ask();
      if (wanted(answer)) return answer;
      if (Date.now() > deadline) throw new Error(`still ${answer.status} ${JSON.stringify(answer.body)}`);
      // Asking without a pause takes the processor from what it waits for.
      await sleep(10);
    }
  }

  stop(): Promise<void> {
    return this.end();
  }
}
