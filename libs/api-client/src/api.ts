import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

/** RFC 9457 problem details as the system answers them: the facts of the code are further members. */
export interface ProblemAnswer {
  readonly status: number;
  readonly code: string;
  readonly title?: string;
  readonly detail?: string;
  readonly [fact: string]: unknown;
}

export type Answer<Body> =
  { readonly ok: true; readonly body: Body } | { readonly ok: false; readonly problem: ProblemAnswer };

/** The system said no where the demo needs a yes. */
export class UnexpectedRefusal extends Error {
  constructor(
    request: string,
    readonly problem: ProblemAnswer,
  ) {
    super(`${request} was answered ${problem.status} ${problem.code}: ${problem.detail ?? problem.title ?? ''}`);
    this.name = 'UnexpectedRefusal';
  }
}

/** Nobody answers at the URL. */
export class Unreachable extends Error {
  constructor(url: string, cause: unknown) {
    super(`nothing answers at ${url}`, { cause });
    this.name = 'Unreachable';
  }
}

const ATTEMPTS = 5;
const PAUSE_MS = 200;
const MAX_PAUSE_MS = 5_000;
const isWorthAnotherTry = async (response: Response): Promise<boolean> => {
  if (response.status === 503 || response.status === 429) return true;
  if (response.status !== 409) return false;
  const { code } = (await response.clone().json()) as Partial<ProblemAnswer>;
  return code === 'IDEMPOTENCY_KEY_IN_USE';
};
/** Milliseconds until the next try: what the answer asks for, or a little longer each time. */
const pauseMs = (response: Response | null, attempt: number): number =>
  Math.min(Math.max(Number(response?.headers.get('retry-after') ?? 0) * 1_000, PAUSE_MS * attempt), MAX_PAUSE_MS);

interface Call {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
}

/** The HTTP interface of a running system, as one who has signed in sees it. */
export class Api {
  constructor(
    /** Without a slash at its end: `http://127.0.0.1:8080`. */
    readonly url: string,
    private readonly token: string,
    private readonly fetch: typeof globalThis.fetch = globalThis.fetch,
  ) {}

  /**
   * Signs in with e-mail and password.
   *
   * @throws Unreachable, UnexpectedRefusal
   */
  static async signIn(url: string, email: string, password: string): Promise<Api> {
    const anonymous = new Api(url, '');
    const { access_token: token } = await anonymous.post<{ access_token: string }>('/auth/token', { email, password });
    return new Api(url, token);
  }

  async get<Body>(path: string): Promise<Body> {
    return this.must({ method: 'GET', path });
  }

  /** All items of a list, page by page. */
  async list<Item>(path: string): Promise<Item[]> {
    const items: Item[] = [];
    const separator = path.includes('?') ? '&' : '?';
    let cursor: string | null = null;
    do {
      const after: string = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`;
      const page: { items: Item[]; nextCursor: string | null } = await this.get(`${path}${separator}limit=200${after}`);
      items.push(...page.items);
      cursor = page.nextCursor;
    } while (cursor !== null);
    return items;
  }

  async post<Body>(path: string, body: unknown): Promise<Body> {
    return this.must({ method: 'POST', path, body });
  }

  async put<Body>(path: string, body: unknown): Promise<Body> {
    return this.must({ method: 'PUT', path, body });
  }

  async patch<Body>(path: string, body: unknown): Promise<Body> {
    return this.must({ method: 'PATCH', path, body });
  }

  /** For a request that may well be refused. */
  async ask<Body>(call: Call): Promise<Answer<Body>> {
    // One key for all tries of one POST: a try whose answer got lost is not done twice. A PUT may well be.
    const key = randomUUID();
    for (let attempt = 1; ; attempt += 1) {
      const response = await this.send(call, key).catch((error: unknown) => {
        if (attempt === ATTEMPTS) throw new Unreachable(this.url, error);
        return null;
      });
      if (response !== null && (attempt === ATTEMPTS || !(await isWorthAnotherTry(response)))) {
        return answerOf<Body>(response);
      }
      await sleep(pauseMs(response, attempt));
    }
  }

  private async must<Body>(call: Call): Promise<Body> {
    const answer = await this.ask<Body>(call);
    if (!answer.ok) throw new UnexpectedRefusal(`${call.method} ${call.path}`, answer.problem);
    return answer.body;
  }

  private send({ method, path, body }: Call, key: string): Promise<Response> {
    const headers: Record<string, string> = {};
    if (this.token !== '') headers['authorization'] = `Bearer ${this.token}`;
    if (body !== undefined) headers['content-type'] = 'application/json';
    if (method === 'POST' && this.token !== '') headers['idempotency-key'] = key;
    return this.fetch(`${this.url}/api/v1${path}`, {
      method,
      headers,
      body: body === undefined ? null : JSON.stringify(body),
    });
  }
}

const answerOf = async <Body>(response: Response): Promise<Answer<Body>> => {
  const text = await response.text();
  if (response.ok) return { ok: true, body: (text === '' ? null : JSON.parse(text)) as Body };
  const isProblem = response.headers.get('content-type')?.includes('problem+json') === true;
  if (isProblem) return { ok: false, problem: JSON.parse(text) as ProblemAnswer };
  return { ok: false, problem: { status: response.status, code: 'UNKNOWN', detail: text.slice(0, 200) } };
};
