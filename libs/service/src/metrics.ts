import { collectDefaultMetrics, Histogram, Registry } from 'prom-client';
import { BusMetrics } from '@allotree/bus';
import { RetentionMetrics } from '@allotree/jobs';
import { ServiceMetrics } from './service-metrics.js';

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
