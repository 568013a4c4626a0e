import { describe, expect, it } from '@jest/globals';
import { recordedSpans } from '@allotree/testing/recorded-spans';
import { enableSpans } from '@allotree/tracing';
import { context, open, setUp } from './runtime.fixture.js';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const PARENT = `00-${TRACE}-b7ad6b7169203331-01`;

/** The metadata of the event that a command records. */
async function recorded(traceparent?: string) {
  const { store, handler } = setUp({ clock: () => new Date('2026-06-01T00:00:00Z') });
  const asked = context(traceparent === undefined ? {} : { traceparent });
  await handler.execute('h', open(1), asked);
  const { eventId, ...metadata } = store.calls[0]![0]!.events[0]!.metadata;
  expect(eventId).toEqual(expect.any(String));
  return { metadata, expected: { ...asked, recordedAt: '2026-06-01T00:00:00.000Z' } };
}

describe('events while tracing is off', () => {
  it.each([undefined, PARENT])('have the trace context of their command: %p', async (traceparent) => {
    const { metadata, expected } = await recorded(traceparent);
    expect(metadata).toStrictEqual(expected);
  });
});

describe('events while tracing is on', () => {
  const exporter = recordedSpans(enableSpans);

  it('belong to the span of their command, which continues the trace of its sender', async () => {
    const { metadata, expected } = await recorded(PARENT);
    const [span] = exporter.getFinishedSpans();
    expect(span).toMatchObject({
      name: 'command seats',
      parentSpanContext: { traceId: TRACE, spanId: 'b7ad6b7169203331' },
    });
    expect(metadata).toStrictEqual({ ...expected, traceparent: `00-${TRACE}-${span!.spanContext().spanId}-01` });
  });
});
