import rateLimit from '@fastify/rate-limit';
import { Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { JobsConfiguration } from '@allotree/jobs/configuration';
import { CONFIGURATION, connectRedis, redisAddress } from '@allotree/basics';
import type { HttpConfiguration } from './configuration.js';
import type { ApiRequest } from './caller.js';
import { costOf } from './large-body.js';
import { Problem } from './problem.js';

const MINUTE = 60_000;
/** Callers counted in one process; the least recently seen is forgotten first. */
const COUNTED = 50_000;
const NAMESPACE = 'allotree-rate-';
/** Monitoring is not limited. */
const UNCOUNTED = /^\/(health\/|metrics)/;

/** While Redis does not answer, all requests pass without delay. */
const AT_ONCE_OR_NOT = { enableOfflineQueue: false, connectTimeout: 1_000, retryStrategy: () => 500 };

/** Provides the counters: in Redis, for all replicas, where it is configured, else in this process. */
export async function countRequests(
  app: NestFastifyApplication,
  { REDIS_URL }: Pick<JobsConfiguration, 'REDIS_URL'>,
): Promise<void> {
  const address = REDIS_URL === undefined ? null : redisAddress(REDIS_URL);
  const redis = address && connectRedis(address, 1, AT_ONCE_OR_NOT);
  redis?.on('error', () => undefined);
  const store = redis === null ? { cache: COUNTED } : { redis, nameSpace: NAMESPACE };
  await app.register(rateLimit, { global: false, skipOnError: true, ...store });
  app
    .getHttpAdapter()
    .getInstance()
    .addHook('onClose', () => {
      redis?.disconnect();
    });
}

type Count = ReturnType<FastifyInstance['createRateLimit']>;

/** One limit: the number per minute, and for whom; `null`: not counted. */
interface Limited {
  readonly max: number;
  readonly of: (request: ApiRequest) => string | null;
}

/**
 * Limits the requests of a caller, of all callers of one tenant together, and, by IP address, of callers without a sign-in. Server
 * administrators are not counted.
 */
@Injectable()
export class RateLimiter {
  private counters: readonly { readonly of: Limited['of']; readonly count: Count }[] | undefined;

  constructor(
    private readonly host: HttpAdapterHost,
    @Inject(CONFIGURATION) private readonly configuration: HttpConfiguration,
  ) {}

  /** Counts a request. @throws Problem `RATE_LIMITED` with the seconds to wait */
  async take(request: ApiRequest): Promise<void> {
    if (!this.isCounted(request)) return;
    const cost = costOf(request, this.configuration.BODY_LIMIT_BYTES);
    for (const { of, count } of this.counts) {
      if (of(request) === null) continue;
      for (let counted = 0; counted < cost; counted++) await take(count, request);
    }
  }

  /** Whether any limit applies to the request. */
  isCounted(request: ApiRequest): boolean {
    return this.counts.some(({ of }) => of(request) !== null);
  }

  private get counts(): NonNullable<RateLimiter['counters']> {
    return (this.counters ??= this.makeCounters());
  }

  private makeCounters() {
    const { RATE_LIMIT_PER_CALLER, RATE_LIMIT_PER_TENANT, RATE_LIMIT_PER_ADDRESS } = this.configuration;
    const fastify = this.host.httpAdapter.getInstance<FastifyInstance>();
    const limits: readonly Limited[] = [
      { max: RATE_LIMIT_PER_ADDRESS, of: addressOf },
      { max: RATE_LIMIT_PER_CALLER, of: callerOf },
      { max: RATE_LIMIT_PER_TENANT, of: tenantOf },
    ];
    return limits
      .filter(({ max }) => max > 0)
      .map(({ max, of }) => ({
        of,
        count: fastify.createRateLimit({
          max,
          timeWindow: MINUTE,
          keyGenerator: (request: FastifyRequest) => of(request) ?? '',
        }),
      }));
  }
}

async function take(count: Count, request: ApiRequest): Promise<void> {
  const result = await count(request);
  if (!result.isAllowed && result.isExceeded)
    throw new Problem('RATE_LIMITED', undefined, { retryAfterSeconds: Math.max(1, result.ttlInSeconds) });
}

/** Counts the requests that the guard before it let pass; that guard counts those it refuses. */
@Injectable()
export class RateGuard implements CanActivate {
  constructor(private readonly rates: RateLimiter) {}

  canActivate(execution: ExecutionContext): true | Promise<true> {
    if (execution.getType() !== 'http') return true;
    const request = execution.switchToHttp().getRequest<ApiRequest>();
    return !this.rates.isCounted(request) || this.rates.take(request).then(() => true as const);
  }
}

const addressOf = ({ principal, ip, url }: ApiRequest): string | null =>
  principal === undefined && !UNCOUNTED.test(url) ? `address:${rateLimit.normalizeIP(ip)}` : null;

const callerOf = ({ principal }: ApiRequest): string | null =>
  principal === undefined || principal.serverAdministrator ? null : `caller:${principal.userId}`;

/** The tenant in which the permission is held, so that a caller cannot use up the budget of a tenant in which they have no access. */
const tenantOf = ({ principal, tenantId }: ApiRequest): string | null =>
  principal === undefined || principal.serverAdministrator || tenantId == null ? null : `tenant:${tenantId}`;
