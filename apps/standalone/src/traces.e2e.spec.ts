import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { enableSpans } from '@allotree/tracing';
import { context, propagation, trace } from '@opentelemetry/api';
import { core, node, tracing } from '@opentelemetry/sdk-node';
import { WholeSystem } from './whole-system.harness.js';

const exporter = new tracing.InMemorySpanExporter();
const parentOf = (traceId: string): string => `00-${traceId}-b7ad6b7169203331-01`;

describe('a trace', () => {
  let system: WholeSystem;
  beforeAll(async () => {
    new node.NodeTracerProvider({ spanProcessors: [new tracing.SimpleSpanProcessor(exporter)] }).register({
      propagator: new core.W3CTraceContextPropagator(),
    });
    enableSpans();
    system = await WholeSystem.start({ MAIL_COLLECT_SECONDS: '0' });
  });
  afterAll(async () => {
    await system.stop();
    enableSpans(false);
    for (const api of [trace, context, propagation]) api.disable();
  });

  const namesOf = (traceId: string): string[] =>
    exporter
      .getFinishedSpans()
      .filter((span) => span.spanContext().traceId === traceId)
      .map(({ name }) => name);
  /** As soon as the trace has all of these spans. */
  const spansOf = async (traceId: string, ...names: readonly string[]): Promise<string[]> => {
    for (;;) {
      const found = namesOf(traceId);
      if (names.every((name) => found.includes(name))) return found;
      await sleep(50);
    }
  };
  const send = async (traceId: string, path: string, body: unknown) => {
    const answer = await system.ask('POST', path, { body, headers: { traceparent: parentOf(traceId) } });
    expect(answer.status).toBe(201);
    return answer.body;
  };

  it('follows a request through its command, the bus and a job', async () => {
    const [first, second, third] = ['1', '2', '3'].map((digit) => digit.repeat(32)) as [string, string, string];
    const ada = { name: 'Ada', email: 'ada@nordlicht.example' };
    const { partnerId } = await send(first, '/partners', {
      kind: 'distributor',
      name: 'Nordlicht',
      administrator: ada,
    });
    await spansOf(first, 'POST /api/v1/partners', 'command partner', 'receive groups.events.v1');

    const { projectId } = await send(second, '/projects', { name: 'Hafenblick', partnerId });
    await spansOf(second, 'POST /api/v1/projects', 'command group_tree', 'receive groups.events.v1', 'command project');

    await send(third, `/projects/${projectId}/licenses`, { type: 'trial' });
    const spans = await spansOf(third, 'POST /api/v1/projects/:p/licenses', 'command project', 'job license-expiry');
    expect(spans.join()).not.toContain(projectId);
  });

  it('gives its id to the correlation id of an answer without one', async () => {
    const traceId = '4'.repeat(32);
    const response = await fetch(`${system.url}/api/v1/projects`, { headers: { traceparent: parentOf(traceId) } });
    expect(response.headers.get('x-correlation-id')).toBe(traceId);
    expect(await spansOf(traceId, 'GET /api/v1/projects')).toHaveLength(1);
  });
});
