import type { CustomDecorator } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyRequest } from 'fastify';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The route takes a list of many items. */
    readonly hasLargeBody?: true;
  }
}

/** Multiplies `BODY_LIMIT_BYTES`. */
const FACTOR = 16;

/**
 * For a route that takes a list of many items: its body may be 16 times `BODY_LIMIT_BYTES`. Each started `BODY_LIMIT_BYTES`
 * of the body counts as a request of the caller.
 */
export const LargeBody = (): CustomDecorator => RouteConfig({ hasLargeBody: true });

/** Applies the limit to the routes that are registered afterwards. */
export function allowLargeBodies(fastify: FastifyInstance, limit: number): void {
  fastify.addHook('onRoute', (route) => {
    if (route.config?.hasLargeBody === true) route.bodyLimit = limit * FACTOR;
  });
}

/** The number of requests that a request counts as. A body without a stated length counts as the longest. */
export function costOf({ routeOptions, headers }: FastifyRequest, limit: number): number {
  if (routeOptions.config.hasLargeBody !== true) return 1;
  const bytes = Number(headers['content-length'] ?? limit * FACTOR);
  return Math.min(FACTOR, Math.max(1, Math.ceil(bytes / limit)));
}
