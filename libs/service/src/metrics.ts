import { BusMetrics } from '@allotree/bus/bus-metrics';
import { admissionMetrics, httpDurations } from '@allotree/http/http-metrics';
import { RetentionMetrics } from '@allotree/jobs/retention-metrics';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { ServiceMetrics } from './service-metrics.js';

/** The registry of one application: Node's own metrics and the duration of HTTP requests; services add theirs. */
export function createMetrics(service: string): Registry {
  const registry = new Registry();
  registry.setDefaultLabels({ service });
  collectDefaultMetrics({ register: registry });
  return registry;
}

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
  admissionMetrics(registry, () => 0);
  new BusMetrics(registry);
  new RetentionMetrics(registry, { query: () => Promise.reject(new Error('not connected')) } as never);
  new ServiceMetrics(registry, { wanted: () => [] }, { totalCount: 0, idleCount: 0, waitingCount: 0 });
  const metrics = registry.getMetricsAsArray() as unknown as (Omit<MetricDocs, 'labels'> & { labelNames: string[] })[];
  return metrics.map(({ name, type, help, labelNames }) => ({ name, type, help, labels: labelNames }));
}
