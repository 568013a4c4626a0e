import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** Seconds from the first byte of a request to the last byte of its answer, by route (the pattern, not the path) and status. */
export const httpDurations = (registry: Registry): Histogram<'method' | 'route' | 'status'> =>
  new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Duration of HTTP requests',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 30],
    registers: [registry],
  });

/** Reports the requests in progress; the result counts those refused. */
export function admissionMetrics(registry: Registry, inProgress: () => number): Counter {
  new Gauge({
    name: 'http_requests_in_progress',
    help: 'HTTP requests that are being answered',
    registers: [registry],
    collect() {
      this.set(inProgress());
    },
  });
  return new Counter({
    name: 'http_requests_refused_total',
    help: 'HTTP requests refused with 503 because too many were in progress',
    registers: [registry],
  });
}
