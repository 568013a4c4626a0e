import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { LocalSignIn } from '@allotree/api-client';

interface Answer {
  readonly status: number;
  readonly body: { readonly code?: string; readonly assignmentId?: string } | null;
}

const CALLERS = 8;
/** Between two commands of a caller at full speed (ms): several commands are then in progress at any time. */
const PAUSE_MS = 40;
/** The same while nothing is being tested, or a process starts, which needs the processor. */
const CALM_PAUSE_MS = 1_000;
/** Units that each project may use. The callers soon reach it, and are then refused every third command. */
export const LIMIT = 12;
const UNITS = { sip_number: 1_000, mobile_app: 0, ukey2: 0 };

/** The outcome is unknown, so the caller retries with the same idempotency key. */
const isUnknown = ({ status, body }: Answer): boolean =>
  status === 429 || status >= 500 || body?.code === 'IDEMPOTENCY_KEY_IN_USE';

/** Callers that assign and release units in several projects and always retry. */
export class Load {
  /** Acknowledged assignments that were not released, by project. */
  readonly assigned: ReadonlyMap<string, Set<string>>;
  readonly everAssigned = new Set<string>();
  refused = 0;
  /** Requests retried after an unknown outcome, with the final response. */
  readonly repeated: string[] = [];
  /** Start time of the last acknowledged command, by project. */
  private readonly begun = new Map<string, number>();
  private readonly ending = new AbortController();
  /** Works during which the callers are at full speed. */
  private hurries = 0;
  /** Ends the long pauses. */
  private waking = new AbortController();
  private asked = 0;
  private isStopping = false;
  private readonly callers: Promise<void>[];

  private constructor(
    private readonly signIn: LocalSignIn,
    readonly projects: readonly string[],
    /** URLs of the commands, in rotation. */
    private readonly urls: readonly string[],
  ) {
    this.assigned = new Map(projects.map((project) => [project, new Set()]));
    this.callers = Array.from({ length: CALLERS }, (_, caller) => this.call(caller));
  }

  /**
   * Creates `count` projects, each with a company that may use `LIMIT` units.
   *
   * @param urls URLs for assigning and releasing: replicas instead of nginx
   */
  static async start(signIn: LocalSignIn, count: number, urls: readonly string[] = [signIn.url]): Promise<Load> {
    const send = async (method: string, path: string, body: unknown): Promise<Record<string, string>> => {
      const answer = await insist(signIn, { method, path, body });
      if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
      return answer.body as Record<string, string>;
    };
    const { partnerId } = await send('POST', '/partners', {
      name: `Nordlicht ${randomUUID()}`,
      kind: 'distributor',
      administrator: { name: 'Nora Nord', email: 'nora@nordlicht.example' },
    });
    const content = { units: UNITS, features: [], validFrom: null, validUntil: null };
    const stock = { ...content, units: { ...UNITS, sip_number: UNITS.sip_number * count } };
    const { packageId } = await send('POST', `/partners/${partnerId}/packages`, { name: 'All', ...stock });
    const projects: string[] = [];
    for (let index = 0; index < count; index += 1) {
      const { projectId = '' } = await send('POST', '/projects', { name: `Project ${index}`, partnerId });
      await send('POST', `/projects/${projectId}/licenses`, { type: 'plus', partnerId, packageId, ...content });
      await send('PUT', `/projects/${projectId}/groups/${projectId}/restriction`, {
        enabled: true,
        poolMode: 'shared',
        allotments: [{ type: 'plus', units: { sip_number: LIMIT }, features: [] }],
        reminder: null,
      });
      projects.push(projectId);
    }
    return new Load(signIn, projects, urls);
  }

  /** Waits at full speed until every project has an acknowledged command that started after this call. */
  goesOn(since = performance.now()): Promise<void> {
    return this.atFullSpeed(async () => {
      while (!this.projects.every((project) => (this.begun.get(project) ?? 0) > since)) {
        await Promise.race([delay(20), Promise.all(this.callers)]);
      }
    });
  }

  /** Few commands are sent otherwise. Every caller is at full speed at once. */
  async atFullSpeed<Result>(work: () => Promise<Result>): Promise<Result> {
    this.hurries += 1;
    this.wake();
    try {
      return await work();
    } finally {
      this.hurries -= 1;
    }
  }

  /** Stops and waits for the outcome of every command. */
  async stop(): Promise<void> {
    this.isStopping = true;
    this.wake();
    await Promise.all(this.callers);
  }

  /** Aborts without waiting for outcomes, at the end of a failed spec. */
  async abandon(): Promise<void> {
    this.isStopping = true;
    this.wake();
    this.ending.abort();
    await Promise.allSettled(this.callers);
  }

  /** Assigns one more unit in each project after everything else. */
  async assignLast(): Promise<Set<string>> {
    const before = new Set(this.everAssigned);
    for (const project of this.projects) {
      const one = this.takeOne(project);
      if (one !== undefined) await this.release(project, one);
      await this.assign(project);
    }
    return new Set([...this.everAssigned].filter((id) => !before.has(id)));
  }

  private async call(caller: number): Promise<void> {
    for (let turn = caller; !this.isStopping; turn += 1) {
      const project = this.projects[turn % this.projects.length] as string;
      const began = performance.now();
      const round = Math.floor(turn / this.projects.length);
      const release = round % 3 === 0 ? this.takeOne(project) : undefined;
      await (release === undefined ? this.assign(project) : this.release(project, release));
      this.begun.set(project, Math.max(began, this.begun.get(project) ?? 0));
      await this.pause();
    }
  }

  private async pause(): Promise<void> {
    if (this.isStopping) return;
    if (this.hurries > 0) await delay(PAUSE_MS);
    else await delay(CALM_PAUSE_MS, undefined, { signal: this.waking.signal }).catch(() => undefined);
  }

  private wake(): void {
    this.waking.abort();
    this.waking = new AbortController();
  }

  private insist(command: Command): Promise<Answer> {
    const url = this.urls[this.asked % this.urls.length] as string;
    this.asked += 1;
    return insist({ ...this.signIn, url }, command, { repeated: this.repeated, signal: this.ending.signal });
  }

  /** An assignment that no other caller is releasing. */
  private takeOne(project: string): string | undefined {
    const [first] = this.assigned.get(project) ?? [];
    if (first !== undefined) this.assigned.get(project)?.delete(first);
    return first;
  }

  private async assign(project: string): Promise<void> {
    const path = `/projects/${project}/groups/${project}/assignments`;
    const { status, body } = await this.insist({ method: 'POST', path, body: { resource: 'sip_number' } });
    if (status === 201 && body?.assignmentId !== undefined) {
      this.assigned.get(project)?.add(body.assignmentId);
      this.everAssigned.add(body.assignmentId);
    } else if (body?.code === 'LIMIT_EXCEEDED') this.refused += 1;
    else throw new Error(`assigning was answered ${status} ${JSON.stringify(body)}`);
  }

  private async release(project: string, assignment: string): Promise<void> {
    const path = `/projects/${project}/groups/${project}/assignments/${assignment}`;
    const { status, body } = await this.insist({ method: 'DELETE', path });
    // A repeated release finds nothing.
    if (status >= 300 && status !== 404) throw new Error(`releasing was answered ${status} ${JSON.stringify(body)}`);
  }
}

interface Command {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
}

/** Retries a command with the same key until its outcome is known. */
async function insist(
  signIn: LocalSignIn,
  command: Command,
  { repeated, signal }: { repeated?: string[]; signal?: AbortSignal } = {},
): Promise<Answer> {
  const key = randomUUID();
  for (;;) {
    let said: string;
    try {
      const answer = await send(signIn, command, key);
      if (!isUnknown(answer)) return answer;
      said = `${answer.status} ${answer.body?.code}`;
    } catch (error) {
      said = (error as Error).message;
    }
    repeated?.push(`${command.method} ${command.path} (${key}): ${said}`);
    await delay(50, undefined, { signal });
  }
}

async function send({ url, accessToken }: LocalSignIn, { method, path, body }: Command, key: string): Promise<Answer> {
  const response = await fetch(`${url}/api/v1${path}`, {
    method,
    signal: AbortSignal.timeout(30_000),
    headers: {
      authorization: `Bearer ${accessToken}`,
      'idempotency-key': key,
      'x-correlation-id': key,
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    body: body === undefined ? null : JSON.stringify(body),
  });
  const text = await response.text();
  return { status: response.status, body: text === '' ? null : (JSON.parse(text) as Answer['body']) };
}
