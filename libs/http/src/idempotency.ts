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
import { inSlices, prepareSchema, CONFIGURATION, LOGGER, PG_POOL } from '@allotree/basics';
import { PROBLEMS } from '@allotree/contracts';
import type { HttpConfiguration } from './configuration.js';
import type { Principal } from './principal.js';
import { idempotencyKeyOf, isDryRun, type ApiRequest } from './caller.js';
import { Problem } from './problem.js';
import { problemOf } from './problem.filter.js';
import { stableText } from './stable-text.js';

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

/**
 * Takes the key: as a new one, or over from a run whose lease expired; then the time when the key was first seen is kept. No row: another
 * run holds it.
 */
const TAKE = `
  INSERT INTO http.idempotent_request AS taken (caller, key, fingerprint, run_id, lease_until)
  VALUES ($1, $2, $3, $4, now() + make_interval(secs => $5))
  ON CONFLICT (caller, key) DO UPDATE
    SET fingerprint = excluded.fingerprint, run_id = excluded.run_id, lease_until = excluded.lease_until,
        answer = NULL,
        created_at = CASE WHEN taken.created_at < now() - interval '24 hours' THEN now() ELSE taken.created_at END
    WHERE (taken.answer IS NULL AND taken.lease_until < now() AND taken.fingerprint = excluded.fingerprint)
       OR taken.created_at < now() - interval '24 hours'
  RETURNING extract(epoch FROM created_at)::text AS first_seen`;

const RENEW = `
  UPDATE http.idempotent_request SET lease_until = now() + make_interval(secs => $4)
  WHERE caller = $1 AND key = $2 AND run_id = $3 AND answer IS NULL`;

const RELEASE_RETRY_MS = 500;

const NOT_KEPT_METADATA = 'allotree:not-kept';

/** For a route whose request or answer contains a secret: nothing of it is kept, so it takes no idempotency key. */
export const NotKept = (): MethodDecorator => SetMetadata(NOT_KEPT_METADATA, true);

interface Answer {
  readonly status: number;
  readonly etag: string | null;
  readonly body: unknown;
}

/**
 * Carries out a request with an `Idempotency-Key` once: a repetition within 24 hours gets the first answer again. While the first is still
 * running a repetition is refused (409); with another route or body it is refused (422). A refusal changed nothing, so it releases the key.
 * A run that died, or whose outcome is unknown, can be repeated; its commands are recognized by the event store, because their ids derive
 * from the key and from when it was first seen. After 24 hours a key counts as new. Requests without the header pass untouched, and so do
 * dry runs, which record nothing, and those of `NotKept` routes.
 */
@Injectable()
export class IdempotentRequests implements OnModuleInit {
  constructor(
    @Inject(PG_POOL) private readonly pool: pg.Pool,
    @Inject(CONFIGURATION) private readonly configuration: HttpConfiguration,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async onModuleInit(): Promise<void> {
    await prepareSchema(this.pool, 'http', SCHEMA);
  }

  async answerOnce(request: ApiRequest, reply: FastifyReply, next: CallHandler): Promise<unknown> {
    const run: Run = {
      caller: callerKey(request.principal),
      key: idempotencyKeyOf(request) ?? '',
      fingerprint: await inSlices(fingerprintOf(request)),
      runId: randomUUID(),
    };
    const taken = await this.take(run);
    if (typeof taken !== 'string') return replay(taken, reply);
    request.idempotencyKey = { key: run.key, firstSeen: taken };
    const renewal = this.keepLease(run);
    try {
      return await this.firstAnswer(run, reply, next);
    } finally {
      clearInterval(renewal);
    }
  }

  /** The first answer, or, when this run has taken the key, the time when it was first seen. */
  private async take(run: Run): Promise<Answer | string> {
    const lease = this.configuration.IDEMPOTENCY_LEASE_SECONDS;
    const taken = await this.pool.query<{ first_seen: string }>(TAKE, [
      run.caller,
      run.key,
      run.fingerprint,
      run.runId,
      lease,
    ]);
    if (taken.rows[0] !== undefined) return taken.rows[0].first_seen;
    const { rows } = await this.pool.query<{ fingerprint: string; answer: Answer | null }>(
      'SELECT fingerprint, answer FROM http.idempotent_request WHERE caller = $1 AND key = $2',
      [run.caller, run.key],
    );
    const [row] = rows;
    if (row !== undefined && row.fingerprint !== run.fingerprint) throw new Problem('IDEMPOTENCY_KEY_REUSED');
    // No row: the first run was refused at this moment.
    if (row === undefined || row.answer === null) {
      throw new Problem('IDEMPOTENCY_KEY_IN_USE', undefined, { retryAfterSeconds: 1 });
    }
    return row.answer;
  }

  private async firstAnswer(run: Run, reply: FastifyReply, next: CallHandler): Promise<unknown> {
    try {
      const body: unknown = await lastValueFrom(next.handle(), { defaultValue: undefined });
      await this.keep(run, { status: reply.statusCode, etag: etagHeader(reply), body: body ?? null });
      return body;
    } catch (error) {
      if (PROBLEMS[problemOf(error).code].status < 500) await this.forget(run);
      else await this.releaseKey(run);
      throw error;
    }
  }

  /** The command is done and must be answered as such: an answer that cannot be stored is logged, not thrown. */
  private async keep(run: Run, answer: Answer): Promise<void> {
    await this.bestEffort(
      'UPDATE http.idempotent_request SET answer = $4 WHERE caller = $1 AND key = $2 AND run_id = $3',
      [run.caller, run.key, run.runId, JSON.stringify(answer)],
    );
  }

  /**
   * A failed run may have recorded its command all the same: a repetition is the same command. The outage that failed the command often
   * fails the release as well. It is then tried again, so that the key is free when the database is back and not only when the lease ends.
   */
  private async releaseKey(run: Run, attempt = 1): Promise<void> {
    try {
      await this.pool.query(
        `UPDATE http.idempotent_request SET lease_until = '-infinity' WHERE caller = $1 AND key = $2 AND run_id = $3`,
        [run.caller, run.key, run.runId],
      );
    } catch (error) {
      if (attempt === 1) this.logger.warn({ err: error }, 'idempotency key could not be released, retrying');
      const isHeldByLease = attempt * RELEASE_RETRY_MS < this.configuration.IDEMPOTENCY_LEASE_SECONDS * 1_000;
      if (isHeldByLease)
        setTimeout(() => {
          this.releaseKey(run, attempt + 1).catch(() => undefined);
        }, RELEASE_RETRY_MS).unref();
    }
  }

  /** Nothing was recorded under the key. */
  private async forget(run: Run): Promise<void> {
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

  private async bestEffort(sql: string, parameters: unknown[]): Promise<void> {
    try {
      await this.pool.query(sql, parameters);
    } catch (error) {
      this.logger.warn({ err: error }, 'the record of an idempotency key could not be written');
    }
  }
}

/** See `IdempotentRequests`. `@Permit()` and `@SignedIn()` apply it to all routes but those of GET. */
@Injectable()
export class IdempotencyInterceptor implements NestInterceptor {
  constructor(private readonly requests: IdempotentRequests) {}

  intercept(execution: ExecutionContext, next: CallHandler): Observable<unknown> {
    const http = execution.switchToHttp();
    const request = http.getRequest<ApiRequest>();
    if (
      request.headers['idempotency-key'] === undefined ||
      request.method === 'GET' ||
      Reflect.hasMetadata(NOT_KEPT_METADATA, execution.getHandler()) ||
      isDryRun(request) ||
      request.principal === undefined
    ) {
      return next.handle();
    }
    return from(this.requests.answerOnce(request, http.getResponse<FastifyReply>(), next));
  }
}

/** The owner of a key: the same user counts as another caller in another tenant. */
const callerKey = (principal: Principal | undefined): string =>
  `${principal?.tenantId ?? ''}/${principal?.userId ?? ''}`;

interface Run {
  readonly caller: string;
  readonly key: string;
  readonly fingerprint: string;
  readonly runId: string;
}

/** Characters that are hashed at once. */
const PIECE = 65_536;

/** Independent of the order of members. */
function* fingerprintOf(request: ApiRequest): Generator<undefined, string> {
  const hash = createHash('sha256');
  const content = [request.method, request.url, request.headers['if-match'] ?? null, request.body ?? null];
  let pieces = '';
  for (const text of stableText(content)) {
    pieces += text;
    if (pieces.length < PIECE) continue;
    hash.update(pieces);
    pieces = '';
    yield;
  }
  return hash.update(pieces).digest('base64url');
}

function replay(answer: Answer, reply: FastifyReply): unknown {
  void reply.status(answer.status).header('idempotency-replayed', 'true');
  if (answer.etag !== null) void reply.header('etag', answer.etag);
  return answer.body ?? undefined;
}

function etagHeader(reply: FastifyReply): string | null {
  const etag = reply.getHeader('etag');
  return typeof etag === 'string' ? etag : null;
}
