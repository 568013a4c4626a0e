import { createHash, randomUUID } from 'node:crypto';
import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { Permission } from '@allotree/contracts';
import type { RequestContext } from '@allotree/basics';
import { activeTraceparent, type OpenSpan } from '@allotree/tracing';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Principal } from './principal.js';
import { etagOf, expectedRevision } from './etag.js';
import { Problem } from './problem.js';

/** The user, the command id and the expected revision of a request, for the command runtime. */
export interface CommandContext {
  readonly commandId: string;
  readonly correlationId: string;
  readonly causationId: string | null;
  readonly actor: string;
  readonly tenantId: string | null;
  readonly traceparent?: string;
  readonly expectedRevision?: number | readonly number[];
  readonly repeatable?: boolean;
}

/** A signed-in caller and what the headers of the request ask for. */
export interface Caller {
  readonly principal: Principal;
  /** The caller's permissions at the target of the route. */
  readonly permissions: ReadonlySet<Permission>;
  /** For the command runtime. */
  readonly context: CommandContext;
  /** `?dryRun=true` (R7): decide, record nothing. */
  readonly dryRun: boolean;
  /** An id for something this request creates: the same for the same command and label, so that a retry creates nothing twice. */
  newId(label: string): string;
  /** Sets the revision as the `ETag` of the answer. */
  answerRevision(revision: number): void;
  /** Sets a status other than the route's own. */
  answerStatus(status: number): void;
}

/** The state that this library keeps on a request. */
export interface ApiRequest extends FastifyRequest {
  correlationId?: string;
  /** The asynchronous context that the request is handled in. */
  logContext?: RequestContext;
  /** `null` while tracing is off. */
  span?: OpenSpan | null;
  principal?: Principal;
  /** The one tenant the request concerns. `null`: several, or none in particular. */
  tenantId?: string | null;
  permissions?: ReadonlySet<Permission>;
  caller?: Caller;
  /** The key under which this request is carried out once, and when the key was first seen. */
  idempotencyKey?: { readonly key: string; readonly firstSeen: string };
}

/** The caller of a guarded route. */
export const Caller = createParamDecorator((_data: unknown, execution: ExecutionContext): Caller => {
  const http = execution.switchToHttp();
  return callerOf(http.getRequest<ApiRequest>(), http.getResponse<FastifyReply>());
});

export function callerOf(request: ApiRequest, reply: FastifyReply): Caller {
  return (request.caller ??= makeCaller(request, reply));
}

function makeCaller(request: ApiRequest, reply: FastifyReply): Caller {
  const { principal } = request;
  if (principal === undefined) throw new Problem('UNAUTHENTICATED');
  // A malformed key is refused even where the route does not use it.
  idempotencyKeyOf(request);
  const key = request.idempotencyKey;
  const revision = expectedRevision(request.headers['if-match']);
  const traceparent = activeTraceparent();
  const commandId = key === undefined ? randomUUID() : keyedCommandId(principal, request, key);
  return {
    principal,
    permissions: request.permissions ?? new Set(),
    context: {
      commandId,
      correlationId: request.correlationId ?? commandId,
      causationId: null,
      actor: `user:${principal.userId}`,
      tenantId: request.tenantId ?? null,
      ...(traceparent === undefined ? {} : { traceparent }),
      ...(revision === undefined ? {} : { expectedRevision: revision }),
      ...(key === undefined ? {} : { repeatable: true }),
    },
    dryRun: isDryRun(request),
    newId: (label) => namedId(`${commandId}\n${label}`),
    answerRevision: (at) => void reply.header('etag', etagOf(at)),
    answerStatus: (status) => void reply.status(status),
  };
}

/** The `Idempotency-Key` of a request: 1 to 255 visible ASCII characters. */
export function idempotencyKeyOf(request: FastifyRequest): string | undefined {
  const key = request.headers['idempotency-key'];
  if (key === undefined) return undefined;
  if (typeof key !== 'string' || !/^[\x21-\x7e]{1,255}$/.test(key)) {
    throw Problem.validation('Idempotency-Key', 'must be 1 to 255 visible ASCII characters');
  }
  return key;
}

/** Whether `?dryRun=true` is set (R7). */
export const isDryRun = (request: FastifyRequest): boolean =>
  (request.query as { dryRun?: unknown } | undefined)?.dryRun === 'true';

/**
 * The same for every request of this caller with this key on this route, so that the event store recognizes the command, for as long as the
 * key is kept; later it is another command.
 */
const keyedCommandId = (
  principal: Principal,
  request: FastifyRequest,
  { key, firstSeen }: NonNullable<ApiRequest['idempotencyKey']>,
): string => namedId(['idempotency-key', principal.userId, request.method, pathOf(request), key, firstSeen].join('\n'));

export const pathOf = (request: FastifyRequest): string => request.url.split('?', 1)[0] ?? request.url;

/** A UUID (version 8) derived from the hash of a name. */
function namedId(name: string): string {
  const hash = createHash('sha256').update(name).digest().subarray(0, 16);
  hash[6] = ((hash[6] ?? 0) & 0x0f) | 0x80;
  hash[8] = ((hash[8] ?? 0) & 0x3f) | 0x80;
  const hex = hash.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
