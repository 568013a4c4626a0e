import { Injectable } from '@nestjs/common';
import { Problem, type Principal } from '@allotree/http';
import { RateLimiterMemory, type RateLimiterRes } from 'rate-limiter-flexible';

const MINUTE = 60;
const OF_CALLER = 60;
const OF_TENANT = 200;

/**
 * Taking a template apart takes a process much longer than any other request: how often a minute, for a caller and for all
 * callers of a tenant, in each process. Server administrators are not counted.
 */
@Injectable()
export class TemplateEfforts {
  private readonly limiters = [
    {
      limiter: new RateLimiterMemory({ points: OF_CALLER, duration: MINUTE, keyPrefix: 'caller' }),
      of: ({ userId }: Principal) => userId,
    },
    {
      limiter: new RateLimiterMemory({ points: OF_TENANT, duration: MINUTE, keyPrefix: 'tenant' }),
      of: ({ userId, tenantId }: Principal) => tenantId ?? userId,
    },
  ];

  /** @throws Problem `RATE_LIMITED` */
  async take(principal: Principal): Promise<void> {
    if (principal.serverAdministrator) return;
    for (const { limiter, of } of this.limiters) {
      await limiter.consume(of(principal)).catch((refused: RateLimiterRes | Error) => {
        if (refused instanceof Error) throw refused;
        const retryAfterSeconds = Math.max(1, Math.ceil(refused.msBeforeNext / 1_000));
        throw new Problem('RATE_LIMITED', `Too many templates at once; try again in ${retryAfterSeconds} seconds`, {
          retryAfterSeconds,
        });
      });
    }
  }
}
