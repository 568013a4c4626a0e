import { SpanKind } from '@opentelemetry/api';
import { openSpan, type OpenSpan } from '@allotree/tracing';
import type { FastifyRequest } from 'fastify';
import type { ApiRequest } from './caller.js';

/** Of a request, continuing the trace of its `traceparent`. `null` while tracing is off, and for health and metrics. */
export function openRequestSpan(request: FastifyRequest): OpenSpan | null {
  if (/^\/(health|metrics)/.test(request.url)) return null;
  const { traceparent } = request.headers;
  return openSpan(request.method, {
    kind: SpanKind.SERVER,
    parent: typeof traceparent === 'string' ? traceparent : undefined,
    attributes: { 'http.request.method': request.method },
  });
}

/** @param route the pattern of the address: ids stay out of the names of spans */
export const endRequestSpan = ({ method, span }: ApiRequest, route: string, status: number): void =>
  span?.end({
    name: `${method} ${route}`,
    failed: status >= 500,
    attributes: { 'http.route': route, 'http.response.status_code': status },
  });

/** Calls `next` with the span of the request as the active one. */
export const inContext = ({ span }: ApiRequest, next: () => void): void => (span ? span.run(next) : next());
