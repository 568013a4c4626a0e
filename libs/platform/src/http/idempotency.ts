import { createHash, randomUUID } from 'node:crypto';
import {
  Inject,
  Injectable,
  SetMetadata,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
  type OnModuleInit,
} from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import type pg from 'pg';
import type { Logger } from 'pino';
import { from, lastValueFrom, type Observable } from 'rxjs';
import type { PlatformConfiguration } from '../configuration/configuration.js';
import type { Principal } from '../identity/principal.js';
import { prepareSchema } from '../postgres/pool.js';
import { CONFIGURATION, LOGGER, PG_POOL } from '../tokens.js';
import { idempotencyKeyOf, type PlatformRequest } from './caller.js';
import { Problem } from './problem.js';
import { PROBLEM_CONTENT_TYPE, problemBody, problemDetails, problemOf } from './problem.filter.js';

const SCHEMA = `
  CREATE SCHEMA IF NOT EXISTS http;
  CREATE TABLE IF NOT EXISTS http.idempotent_request (
    caller      text        NOT NULL,
    key         text        NOT NULL,
    fingerprint text        NOT NULL,
    run_id      text        NOT NULL,
    lease_until timestamptz NOT NULL,
    answer      json,
    created_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (caller, key)
  );
  CREATE INDEX IF NOT EXISTS idempotent_request_created_at ON http.idempotent_request (created_at);
`;

/** Takes the key: as a new one, or over from a run whose lease ran out. No row: somebody else has it. */
const TAKE = `
  INSERT INTO http.idempotent_request AS taken (caller, key, fingerprint, run_id, lease_until)
  VALUES ($1, $2, $3, $4, now() + make_interval(secs => $5))
  ON CONFLICT (caller, key) DO UPDATE
    SET fingerprint = excluded.fingerprint, run_id = excluded.run_id, lease_until = excluded.lease_until,
        answer = NULL, created_at = now()
    WHERE (taken.answer IS NULL AND taken.lease_until < now() AND taken.fingerprint = excluded.fingerprint)
       OR taken.created_at < now() - interval '24 hours'
  RETURNING run_id`;

const RENEW = `
  UPDATE http.idempotent_request SET lease_until = now() + make_interval(secs => $4)
  WHERE caller = $1 AND key = $2 AND run_id = $3 AND answer IS NULL`;

const KEPT_MS = 60 * 60 * 1_000;

const NOT_KEPT_METADATA = 'allotree:not-kept';

/** For a route whose request or answer has a secret: nothing of it is kept, so it takes no idempotency key. */
export const NotKept = (): MethodDecorator => SetMetadata(NOT_KEPT_METADATA, true);

interface Answer {
  readonly status: number;
  readonly etag: string | null;
  readonly problem: boolean;
  readonly body: unknown;
}

/**
 * A request with an `Idempotency-Key` is answered once: whoever repeats it within 24 hours gets the first answer again.
 * While the first is still running a repetition is refused (409), with another route or body it is refused (422). A
 * run that died gives the key free when its lease ends; its commands are recognised by the event store, because their
 * ids derive from the key. Requests without the header pass untouched, and so do those of `NotKept` routes.
 */
@Injectable()
export class IdempotencyInterceptor implements NestInterceptor, OnModuleInit {
  private lastSweep = 0;

  constructor(
    @Inject(PG_POOL) private readonly pool: pg.Pool,
    @Inject(CONFIGURATION) private readonly configuration: PlatformConfiguration,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async onModuleInit(): Promise<void> {
    await prepareSchema(this.pool, 'http', SCHEMA);
  }

  intercept(execution: ExecutionContext, next: CallHandler): Observable<unknown> {
    if (execution.getType() !== 'http') return next.handle();
    const http = execution.switchToHttp();
    const request = http.getRequest<PlatformRequest>();
    if (
      request.headers['idempotency-key'] === undefined ||
      request.method === 'GET' ||
      Reflect.hasMetadata(NOT_KEPT_METADATA, execution.getHandler()) ||
      request.principal === undefined
    ) {
      return next.handle();
    }
    return from(this.answerOnce(request, http.getResponse<FastifyReply>(), next));
  }

  private async answerOnce(request: PlatformRequest, reply: FastifyReply, next: CallHandler): Promise<unknown> {
    const run: Run = {
      caller: callerKey(request.principal),
      key: idempotencyKeyOf(request) ?? '',
      fingerprint: fingerprintOf(request),
      runId: randomUUID(),
    };
    const earlier = await this.take(run);
    if (earlier !== null) return replay(earlier, reply);
    const renewal = this.keepLease(run);
    try {
      return await this.firstAnswer(run, request, reply, next);
    } finally {
      clearInterval(renewal);
    }
  }

  /** `null`: this run has the key now. */
  private async take(run: Run): Promise<Answer | null> {
    await this.sweep();
    const lease = this.configuration.IDEMPOTENCY_LEASE_SECONDS;
    const taken = await this.pool.query(TAKE, [run.caller, run.key, run.fingerprint, run.runId, lease]);
    if (taken.rowCount === 1) return null;
    const { rows } = await this.pool.query<{ fingerprint: string; answer: Answer | null }>(
      'SELECT fingerprint, answer FROM http.idempotent_request WHERE caller = $1 AND key = $2',
      [run.caller, run.key],
    );
    const [row] = rows;
    if (row !== undefined && row.fingerprint !== run.fingerprint) throw new Problem('IDEMPOTENCY_KEY_REUSED');
    // No row: the first run failed and gave the key free in this moment.
    if (row === undefined || row.answer === null) {
      throw new Problem('IDEMPOTENCY_KEY_IN_USE', undefined, { retryAfterSeconds: 1 });
    }
    return row.answer;
  }

  private async firstAnswer(
    run: Run,
    request: PlatformRequest,
    reply: FastifyReply,
    next: CallHandler,
  ): Promise<unknown> {
    try {
      const body: unknown = await lastValueFrom(next.handle(), { defaultValue: undefined });
      await this.keep(run, { status: reply.statusCode, etag: etagHeader(reply), problem: false, body: body ?? null });
      return body;
    } catch (error) {
      const problem = problemOf(error);
      const details = problemDetails(problem, request);
      if (isFinal(details.status))
        await this.keep(run, { status: details.status, etag: null, problem: true, body: details });
      else await this.giveFree(run);
      throw error;
    }
  }

  /** The command is done and must be answered as such: an answer that cannot be kept is logged, not thrown. */
  private async keep(run: Run, answer: Answer): Promise<void> {
    await this.bestEffort(
      'UPDATE http.idempotent_request SET answer = $4 WHERE caller = $1 AND key = $2 AND run_id = $3',
      [run.caller, run.key, run.runId, JSON.stringify(answer)],
    );
  }

  private async giveFree(run: Run): Promise<void> {
    await this.bestEffort('DELETE FROM http.idempotent_request WHERE caller = $1 AND key = $2 AND run_id = $3', [
      run.caller,
      run.key,
      run.runId,
    ]);
  }

  private keepLease(run: Run): NodeJS.Timeout {
    const lease = this.configuration.IDEMPOTENCY_LEASE_SECONDS;
    const renew = (): void => {
      this.bestEffort(RENEW, [run.caller, run.key, run.runId, lease]).catch(() => undefined);
    };
    return setInterval(renew, (lease * 1_000) / 3).unref();
  }

  /** Now and then, keys of the day before are forgotten. */
  private async sweep(): Promise<void> {
    if (Date.now() - this.lastSweep < KEPT_MS) return;
    this.lastSweep = Date.now();
    await this.bestEffort("DELETE FROM http.idempotent_request WHERE created_at < now() - interval '24 hours'", []);
  }

  private async bestEffort(sql: string, parameters: unknown[]): Promise<void> {
    try {
      await this.pool.query(sql, parameters);
    } catch (error) {
      this.logger.warn({ err: error }, 'the record of an idempotency key could not be written');
    }
  }
}

/** Whose key it is: somebody is somebody else in another tenant. */
const callerKey = (principal: Principal | undefined): string =>
  `${principal?.tenantId ?? ''}/${principal?.userId ?? ''}`;

interface Run {
  readonly caller: string;
  readonly key: string;
  readonly fingerprint: string;
  readonly runId: string;
}

const fingerprintOf = (request: PlatformRequest): string =>
  createHash('sha256')
    .update(JSON.stringify([request.method, request.url, request.headers['if-match'] ?? null, request.body ?? null]))
    .digest('base64url');

/** Whether the same request would be answered the same again: not when it was turned away or went wrong here. */
const isFinal = (status: number): boolean => status < 500 && status !== 429;

function replay(answer: Answer, reply: FastifyReply): unknown {
  void reply.status(answer.status).header('idempotency-replayed', 'true');
  if (answer.etag !== null) void reply.header('etag', answer.etag);
  if (!answer.problem) return answer.body ?? undefined;
  void reply.header('content-type', PROBLEM_CONTENT_TYPE);
  return problemBody(answer.body);
}

function etagHeader(reply: FastifyReply): string | null {
  const etag = reply.getHeader('etag');
  return typeof etag === 'string' ? etag : null;
}
