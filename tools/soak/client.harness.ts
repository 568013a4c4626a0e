import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { readLocalSignIn, type LocalSignIn } from '@allotree/api-client';

export interface Answer<Body = Record<string, unknown>> {
  readonly status: number;
  readonly body: Body;
}

export interface Call {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly body?: unknown;
}

const RENEW_MS = 600_000;
const TIMEOUT_MS = 30_000;
const PAUSE_MS = 250;

/** The outcome is unknown or the moment was wrong, so that the caller retries under the same key. */
const isToRetry = (status: number, code: unknown): boolean =>
  status === 429 || status >= 500 || code === 'IDEMPOTENCY_KEY_IN_USE' || code === 'CLOCK_BEHIND';

/** The administrator, through nginx. Counts every answer. */
export class Client {
  /** Answers by `status code` (`201`, `503 UNAVAILABLE`), and `no answer`. */
  readonly answers = new Map<string, number>();
  /** The requests that were answered with 500, and their correlation ids. */
  readonly internalErrors: string[] = [];
  /** Milliseconds of the requests answered since they were last taken. */
  private durations: number[] = [];
  private readAt = 0;
  private signIn: LocalSignIn | null = null;

  constructor(private readonly dataDir: string) {}

  /** Sends it once. */
  async once<Body = Record<string, unknown>>(call: Call, key: string = randomUUID()): Promise<Answer<Body> | null> {
    const { url, accessToken } = await this.session();
    const began = performance.now();
    try {
      const response = await fetch(`${url}/api/v1${call.path}`, {
        method: call.method,
        signal: AbortSignal.timeout(TIMEOUT_MS),
        headers: {
          authorization: `Bearer ${accessToken}`,
          ...(call.method !== 'GET' && { 'idempotency-key': key }),
          ...(call.body !== undefined && { 'content-type': 'application/json' }),
        },
        body: call.body === undefined ? null : JSON.stringify(call.body),
      });
      const text = await response.text();
      const body = (text === '' ? {} : JSON.parse(text)) as Body;
      this.count(response.status, (body as { readonly code?: string }).code);
      if (response.status === 500)
        this.internalErrors.push(`${call.method} ${call.path}, ${response.headers.get('x-correlation-id')}`);
      this.durations.push(performance.now() - began);
      return { status: response.status, body };
    } catch {
      this.count('no answer', undefined);
      return null;
    }
  }

  /** Sends it under one key until its outcome is known. */
  async insist<Body = Record<string, unknown>>(call: Call): Promise<Answer<Body>> {
    const key = randomUUID();
    for (;;) {
      const answer = await this.once<Body>(call, key);
      if (answer !== null && !isToRetry(answer.status, (answer.body as { readonly code?: string }).code)) return answer;
      await delay(PAUSE_MS);
    }
  }

  /** @throws where it is refused */
  async must<Body = Record<string, string>>(call: Call): Promise<Body> {
    const { status, body } = await this.insist<Body>(call);
    if (status >= 300) throw new Error(`${call.method} ${call.path}: ${status} ${JSON.stringify(body)}`);
    return body;
  }

  /** The same, where another service may not have received something yet, because the machine is busy. */
  async mustSoon(call: Call): Promise<Record<string, string>> {
    for (;;) {
      const { status, body } = await this.insist<Record<string, string>>(call);
      if (status < 300) return body;
      if (status !== 404) throw new Error(`${call.method} ${call.path}: ${status} ${JSON.stringify(body)}`);
      await delay(PAUSE_MS);
    }
  }

  /** All items of a list. */
  async list<Item>(path: string): Promise<Item[]> {
    const items: Item[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const after: string = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
      const page: { items: Item[]; nextCursor: string | null } = await this.must({
        method: 'GET',
        path: `${path}${path.includes('?') ? '&' : '?'}limit=200${after}`,
      });
      items.push(...page.items);
      cursor = page.nextCursor;
    }
    return items;
  }

  takeDurations(): readonly number[] {
    const taken = this.durations;
    this.durations = [];
    return taken;
  }

  private count(status: number | string, code: string | undefined): void {
    const name = code === undefined ? String(status) : `${status} ${code}`;
    this.answers.set(name, (this.answers.get(name) ?? 0) + 1);
  }

  /** The cluster renews the session in its data folder. */
  private async session(): Promise<LocalSignIn> {
    if (this.signIn === null || performance.now() - this.readAt > RENEW_MS) {
      this.signIn = (await readLocalSignIn(this.dataDir, Date.now())) ?? this.signIn;
      this.readAt = performance.now();
    }
    if (this.signIn === null) throw new Error('the cluster wrote no session file');
    return this.signIn;
  }
}
