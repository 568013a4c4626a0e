import type { CustomDecorator } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Registry } from 'prom-client';
import type { HttpConfiguration } from './configuration.js';
import { admissionMetrics } from './http-metrics.js';
import { Problem } from './problem.js';
import { sendProblem } from './problem.filter.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Set by `Waits`. */
    readonly waits?: true;
  }
}

/** Supervisors and monitoring ask an overloaded process as well. */
const ALWAYS_ADMITTED = /^\/(health\/|metrics)/;

/** For a route whose requests wait without work: they are not in progress, and the route bounds their number itself. */
export const Waits = (): CustomDecorator => RouteConfig({ waits: true });

type Settings = Pick<HttpConfiguration, 'MAX_REQUESTS_IN_PROGRESS'>;

/**
 * Refuses requests while too many are in progress, so that those in progress keep their latency. A request is in progress from the
 * moment its body has arrived, before its sign-in is checked, to its answer: slow senders and receivers hold no place.
 */
export function limitRequestsInProgress(
  fastify: FastifyInstance,
  { MAX_REQUESTS_IN_PROGRESS: limit }: Settings,
  registry: Registry,
): void {
  const inProgress = new Set<FastifyRequest>();
  const refused = admissionMetrics(registry, () => inProgress.size);
  const isAdmitted = (request: FastifyRequest): boolean =>
    limit === 0 || inProgress.size < limit || !isCounted(request);
  const refuse = (request: FastifyRequest, reply: FastifyReply): void => {
    refused.inc();
    sendProblem(reply, tooMany(), request);
  };
  // Its body is not read.
  fastify.addHook('onRequest', (request, reply, done) => {
    if (isAdmitted(request)) done();
    else refuse(request, reply);
  });
  fastify.addHook('preValidation', (request, reply, done) => {
    if (!isAdmitted(request)) return refuse(request, reply);
    if (isCounted(request)) inProgress.add(request);
    done();
  });
  // Also where the caller has gone: the work goes on until there is an answer for them.
  fastify.addHook('onSend', (request, _reply, _payload, done) => {
    inProgress.delete(request);
    done();
  });
}

const isCounted = ({ url, routeOptions }: FastifyRequest): boolean =>
  routeOptions.config.waits !== true && !ALWAYS_ADMITTED.test(url);

const tooMany = (): Problem =>
  new Problem('OVERLOADED', 'Nothing was done: too many requests are in progress', { retryAfterSeconds: 1 });
