import { LicensingAnswer, RehearsalAnswer, type RehearsalRequest } from '@allotree/contracts';
import { ownService, parseAnswer, Problem, type Principal } from '@allotree/http';
import { signToken } from '@allotree/identity';

/** An answer of a service that is a refusal, with the facts of its code. */
export interface Refused {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly facts: Readonly<Record<string, unknown>>;
}

interface Call {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** After `/api/v1`. */
  readonly path: string;
  readonly body?: unknown;
  /** The caller whose permissions the service checks. */
  readonly principal: Principal;
  /** For a call that is done once, however often it is sent. */
  readonly key?: string;
}

export interface Addresses {
  readonly license: () => string;
  readonly own: () => string;
  readonly tokenSecret: string;
}

const ANSWER_WITHIN_MS = 120_000;
const TOKEN_LIFETIME_SECONDS = 300;

const silent = (cause: string): Problem =>
  new Problem('OVERLOADED', `A service did not answer in time (${cause}). Send the request again: it goes on.`, {
    retryAfterSeconds: 2,
    cause,
  });

/** The routes that a plan is carried out with: those that a caller would use, as that caller. */
export class PlanServices {
  constructor(private readonly addresses: Addresses) {}

  /** Every section and assignment of a project. @throws Problem */
  async licensing(projectId: string): Promise<LicensingAnswer> {
    const path = `/projects/${projectId}/licensing`;
    const call = { method: 'GET', path, principal: ITSELF } as const;
    return parseAnswer(LicensingAnswer, await this.must(this.addresses.license(), call));
  }

  /** The refusals and effects of changes of a project. @throws Problem */
  async rehearse(projectId: string, body: RehearsalRequest): Promise<RehearsalAnswer> {
    const call = { method: 'POST', path: `/projects/${projectId}/rehearsals`, body, principal: ITSELF } as const;
    return parseAnswer(RehearsalAnswer, await this.must(this.addresses.license(), call));
  }

  /** `null`: done. @throws Problem `OVERLOADED` where nobody answers */
  toLicenses(call: Call): Promise<Refused | null> {
    return this.ask(this.addresses.license(), call);
  }

  toGroups(call: Call): Promise<Refused | null> {
    return this.ask(this.addresses.own(), call);
  }

  private async ask(url: string, call: Call): Promise<Refused | null> {
    const response = await this.send(url, call);
    if (response.ok) {
      await response.arrayBuffer();
      return null;
    }
    const refused = await refusedOf(response);
    if (refused.status >= 500 || refused.status === 429 || refused.code === 'IDEMPOTENCY_KEY_IN_USE')
      throw silent(`${refused.status} ${refused.code}`);
    return refused;
  }

  private async must(url: string, call: Call): Promise<unknown> {
    const response = await this.send(url, call);
    if (response.ok) return response.json();
    const { status, code } = await refusedOf(response);
    throw silent(`${status} ${code}`);
  }

  private async send(url: string, { method, path, body, principal, key }: Call): Promise<Response> {
    const token = await signToken(principal, {
      secret: this.addresses.tokenSecret,
      lifetimeSeconds: TOKEN_LIFETIME_SECONDS,
    });
    const headers = {
      authorization: `Bearer ${token}`,
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...(key !== undefined && { 'idempotency-key': key }),
    };
    try {
      return await fetch(new URL(`/api/v1${path}`, url), {
        method,
        headers,
        body: body === undefined ? null : JSON.stringify(body),
        signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
      });
    } catch (error) {
      const isLate = error instanceof Error && error.name === 'TimeoutError';
      throw silent(isLate ? 'no response in time' : 'it cannot be reached');
    }
  }
}

const ITSELF = ownService('group-service');

async function refusedOf(response: Response): Promise<Refused> {
  const body = (await response.json().catch(() => ({}))) as Record<string, unknown>;
  const { code, detail, title, type: _t, status: _s, instance: _i, correlationId: _c, ...facts } = body;
  return {
    status: response.status,
    code: typeof code === 'string' ? code : 'UNKNOWN',
    detail: [detail, title].find((text) => typeof text === 'string') ?? '',
    facts,
  };
}
