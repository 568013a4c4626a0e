import type { CustomDecorator } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyRequest } from 'fastify';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The route takes a list of many items: what `BODY_LIMIT_BYTES` is multiplied by. */
    readonly bodyFactor?: number;
  }
}

/** Multiplies `BODY_LIMIT_BYTES`. */
const FACTOR = 16;
/** For a whole project in one request. */
export const WHOLE_PROJECT = 64;

/**
 * For a route that takes a list of many items: its body may be `factor` times `BODY_LIMIT_BYTES`. Each started `BODY_LIMIT_BYTES`
 * of the body counts as a request of the caller.
 */
export const LargeBody = (factor = FACTOR): CustomDecorator => RouteConfig({ bodyFactor: factor });

/** Applies the limit to the routes that are registered afterwards. */
export function allowLargeBodies(fastify: FastifyInstance, limit: number): void {
  fastify.addHook('onRoute', (route) => {
    if (route.config?.bodyFactor !== undefined) route.bodyLimit = limit * route.config.bodyFactor;
  });
}

/** The number of requests that a request counts as. A body without a stated length counts as the longest. */
export function costOf({ routeOptions, headers }: FastifyRequest, limit: number): number {
  const { bodyFactor } = routeOptions.config;
  if (bodyFactor === undefined) return 1;
  const bytes = Number(headers['content-length'] ?? limit * bodyFactor);
  return Math.min(bodyFactor, Math.max(1, Math.ceil(bytes / limit)));
}
