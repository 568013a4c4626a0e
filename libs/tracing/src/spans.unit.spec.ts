import { describe, expect, it } from '@jest/globals';
import { recordedSpans } from '@allotree/testing/recorded-spans';
import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { activeTraceparent, enableSpans, inSpan, openSpan } from './spans.js';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const PARENT = `00-${TRACE}-b7ad6b7169203331-01`;

describe('while tracing is off', () => {
  it('runs the work and nothing else', async () => {
    expect(await inSpan('work', { parent: PARENT }, () => Promise.resolve(activeTraceparent() ?? 'none'))).toBe('none');
    expect(openSpan('work', {})).toBeNull();
  });
});

describe('a span', () => {
  const exporter = recordedSpans(enableSpans);

  it('continues the trace of its parent, and those inside it continue its own', async () => {
    const inner = await inSpan('outer', { parent: PARENT, kind: SpanKind.CONSUMER }, async () => {
      await Promise.resolve();
      return inSpan('inner', {}, () => Promise.resolve(activeTraceparent()));
    });
    const [first, second] = exporter.getFinishedSpans();
    expect([first?.name, second?.name, second?.kind]).toEqual(['inner', 'outer', SpanKind.CONSUMER]);
    expect(second?.parentSpanContext).toMatchObject({ traceId: TRACE, spanId: 'b7ad6b7169203331' });
    expect(first?.parentSpanContext?.spanId).toBe(second?.spanContext().spanId);
    expect(inner).toBe(`00-${TRACE}-${first?.spanContext().spanId}-01`);
  });

  it('records an error and passes it on', async () => {
    const failing = inSpan('work', {}, () => Promise.reject(new Error('no connection')));
    await expect(failing).rejects.toThrow('no connection');
    expect(exporter.getFinishedSpans()[0]).toMatchObject({
      status: { code: SpanStatusCode.ERROR },
      events: [{ name: 'exception', attributes: { 'exception.message': 'no connection' } }],
    });
  });

  it('begins a trace of its own where the parent is malformed', async () => {
    await inSpan('work', { parent: '00-nothing' }, () => Promise.resolve());
    expect(exporter.getFinishedSpans()[0]?.parentSpanContext).toBeUndefined();
  });

  it('links to every other cause', async () => {
    const other = `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01`;
    await inSpan('batch', { parent: PARENT, links: [other, 'malformed'] }, () => Promise.resolve());
    expect(exporter.getFinishedSpans()[0]?.links.map(({ context: { traceId } }) => traceId)).toEqual(['1'.repeat(32)]);
  });

  it('can end in another callback than it began', () => {
    const span = openSpan('POST', { parent: PARENT, kind: SpanKind.SERVER });
    expect(span?.traceId).toBe(TRACE);
    span?.run(() => expect(activeTraceparent()).toContain(TRACE));
    span?.end({ failed: true, attributes: { 'http.response.status_code': 503 }, name: 'POST /projects/:id' });
    expect(exporter.getFinishedSpans()[0]).toMatchObject({
      name: 'POST /projects/:id',
      status: { code: SpanStatusCode.ERROR },
      attributes: { 'http.response.status_code': 503 },
    });
  });
});
