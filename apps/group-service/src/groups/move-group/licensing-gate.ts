import type { ProblemCode } from '@allotree/contracts';
import { PROBLEMS } from '@allotree/contracts';
import { ownService, Problem } from '@allotree/http';
import { signToken } from '@allotree/identity';

/** Checks with the license service whether a group can move (G3). */
export abstract class LicensingGate {
  /** @throws Problem when the new place cannot hold what the subtree uses or was allotted, or nobody answers */
  abstract checkRelocation(projectId: string, groupId: string, parentId: string): Promise<void>;
  /** @throws Problem while anything is assigned or allotted in the subtree, or nobody answers */
  abstract checkDeparture(projectId: string, groupId: string): Promise<void>;
}

const ANSWER_WITHIN_MS = 10_000;
const TOKEN_LIFETIME_SECONDS = 60;

const silent = (cause: string): Problem =>
  new Problem(
    'OVERLOADED',
    `The license service could not check the move (${cause}), so the group was not moved. Try again shortly.`,
    {
      retryAfterSeconds: 5,
      cause,
    },
  );

/** The refusal of the license service as a problem of this service. */
const passedOn = async (response: Response): Promise<Problem> => {
  const body = (await response.json().catch(() => ({}))) as Record<string, unknown>;
  const { code, detail, type: _t, title: _h, status: _s, instance: _i, correlationId: _c, ...facts } = body;
  const known = typeof code === 'string' && Object.hasOwn(PROBLEMS, code);
  // The group exists in the tree, so the license service has not received it yet.
  if (!known || response.status >= 500 || response.status === 401 || response.status === 403 || code === 'NOT_FOUND') {
    return silent(`it answered ${response.status}${typeof code === 'string' ? ` ${code}` : ''}`);
  }
  return new Problem(code as ProblemCode, typeof detail === 'string' ? detail : undefined, facts);
};

/** Asks over HTTP, signed in as the service itself for a minute. */
export class HttpLicensingGate extends LicensingGate {
  constructor(
    private readonly baseUrl: () => string,
    private readonly tokenSecret: string,
  ) {
    super();
  }

  checkRelocation(projectId: string, groupId: string, parentId: string): Promise<void> {
    return this.ask(`/api/v1/projects/${projectId}/groups/${groupId}/relocation-check`, { parentId });
  }

  checkDeparture(projectId: string, groupId: string): Promise<void> {
    return this.ask(`/api/v1/projects/${projectId}/groups/${groupId}/departure-check`, {});
  }

  private async ask(path: string, body: unknown): Promise<void> {
    const response = await this.post(path, body);
    if (!response.ok) throw await passedOn(response);
  }

  private async post(path: string, body: unknown): Promise<Response> {
    const token = await signToken(ownService('group-service'), {
      secret: this.tokenSecret,
      lifetimeSeconds: TOKEN_LIFETIME_SECONDS,
    });
    try {
      return await fetch(new URL(path, this.baseUrl()), {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
      });
    } catch (error) {
      throw silent(
        error instanceof Error && error.name === 'TimeoutError' ? 'no response in time' : 'it cannot be reached',
      );
    }
  }
}
