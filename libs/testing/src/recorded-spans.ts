import { afterAll, beforeAll, beforeEach } from '@jest/globals';
import { context, propagation, trace } from '@opentelemetry/api';
import { core, node, tracing } from '@opentelemetry/sdk-node';

/** Switches tracing on for the block of tests around it. Returns the exporter with the finished spans of each test. */
export function recordedSpans(enableSpans: (enabled?: boolean) => void): tracing.InMemorySpanExporter {
  const exporter = new tracing.InMemorySpanExporter();
  beforeAll(() => {
    new node.NodeTracerProvider({ spanProcessors: [new tracing.SimpleSpanProcessor(exporter)] }).register({
      propagator: new core.W3CTraceContextPropagator(),
    });
    enableSpans();
  });
  afterAll(() => {
    enableSpans(false);
    for (const api of [trace, context, propagation]) api.disable();
  });
  beforeEach(() => exporter.reset());
  return exporter;
}
