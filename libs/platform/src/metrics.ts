import { createHash, timingSafeEqual } from 'node:crypto';
import { Controller, Get, Headers, Inject, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { collectDefaultMetrics, Histogram, Registry } from 'prom-client';
import { BusMetrics } from './bus/bus-metrics.js';
import type { PlatformConfiguration } from './configuration/configuration.js';
import { Problem } from './http/problem.js';
import { Public } from './identity/permit.js';
import { RetentionMetrics } from './retention/retention-metrics.js';
import { ServiceMetrics } from './service-metrics.js';
import { CONFIGURATION, METRICS } from './tokens.js';

/** The registry of one application: Node's own metrics and the duration of HTTP requests; services add theirs. */
export function createMetrics(service: string): Registry {
  const registry = new Registry();
  registry.setDefaultLabels({ service });
  collectDefaultMetrics({ register: registry });
  return registry;
}

/** Seconds from the first byte of a request to the last byte of its answer, by route (the pattern, not the path) and status. */
export const httpDurations = (registry: Registry): Histogram<'method' | 'route' | 'status'> =>
  new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Duration of HTTP requests',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 30],
    registers: [registry],
  });

export interface MetricDocs {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly labels: readonly string[];
}

/** Every metric besides Node's own: the source of the metrics reference. */
export function describeMetrics(): readonly MetricDocs[] {
  const registry = new Registry();
  httpDurations(registry);
  new BusMetrics(registry);
  new RetentionMetrics(registry, { query: () => Promise.reject(new Error('not connected')) } as never);
  new ServiceMetrics(registry, { wanted: () => [] }, { totalCount: 0, idleCount: 0, waitingCount: 0 });
  const metrics = registry.getMetricsAsArray() as unknown as (Omit<MetricDocs, 'labels'> & { labelNames: string[] })[];
  return metrics.map(({ name, type, help, labelNames }) => ({ name, type, help, labels: labelNames }));
}

@ApiExcludeController()
@Controller('metrics')
export class MetricsController {
  constructor(
    @Inject(METRICS) private readonly registry: Registry,
    @Inject(CONFIGURATION) private readonly configuration: PlatformConfiguration,
  ) {}

  @Public()
  @Get()
  async metrics(
    @Res({ passthrough: true }) reply: FastifyReply,
    @Headers('authorization') authorization = '',
  ): Promise<string> {
    this.admit(authorization);
    void reply.header('content-type', this.registry.contentType);
    return this.registry.metrics();
  }

  /** The metrics reveal how much a system is used, and by how many, so they are not public. */
  private admit(authorization: string): void {
    const { METRICS_TOKEN, HOST } = this.configuration;
    if (METRICS_TOKEN === undefined && !isLoopback(HOST))
      throw new Problem('NOT_FOUND', 'There is nothing at this address');
    if (METRICS_TOKEN === undefined) return;
    const digest = (text: string) => createHash('sha256').update(text).digest();
    if (!timingSafeEqual(digest(authorization), digest(`Bearer ${METRICS_TOKEN}`)))
      throw new Problem('UNAUTHENTICATED', 'Send the METRICS_TOKEN in the header Authorization: Bearer <token>');
  }
}

const isLoopback = (host: string): boolean => host === 'localhost' || host === '::1' || /^127\./.test(host);
