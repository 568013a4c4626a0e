import {
  context,
  propagation,
  ROOT_CONTEXT,
  SpanStatusCode,
  trace,
  type Attributes,
  type Context,
  type Span,
  type SpanKind,
} from '@opentelemetry/api';

let enabled = false;

/** While off, which is the default, nothing here costs more than a comparison. */
export const enableSpans = (on = true): void => {
  enabled = on;
};

export interface SpanSettings {
  readonly kind?: SpanKind;
  /** W3C `traceparent` of the span that caused this one. Default: the active span. */
  readonly parent?: string | undefined;
  /** Other spans that caused this one. */
  readonly links?: readonly string[];
  /** Ids and kinds only: no names of people, no secrets, no bodies. */
  readonly attributes?: Attributes;
}

/** Runs `work` inside a span, which records its duration and its error. */
export function inSpan<Result>(name: string, settings: SpanSettings, work: () => Promise<Result>): Promise<Result> {
  if (!enabled) return work();
  const { span, within } = startSpan(name, settings);
  return context.with(within, work).then(
    (result) => {
      span.end();
      return result;
    },
    (error: unknown) => {
      span.recordException(error instanceof Error ? error : String(error));
      span.setStatus({ code: SpanStatusCode.ERROR });
      span.end();
      throw error;
    },
  );
}

/** A span that its caller ends. */
export interface OpenSpan {
  /** Calls `work` with the span as the active one. */
  run(work: () => void): void;
  end(outcome: { readonly failed: boolean; readonly attributes: Attributes; readonly name?: string }): void;
  readonly traceId: string;
}

/** Starts a span that ends in another callback than it begins; `null` while tracing is off. */
export function openSpan(name: string, settings: SpanSettings): OpenSpan | null {
  if (!enabled) return null;
  const { span, within } = startSpan(name, settings);
  return {
    run: (work) => context.with(within, work),
    end: ({ failed, attributes, name: finalName }) => {
      if (finalName !== undefined) span.updateName(finalName);
      if (failed) span.setStatus({ code: SpanStatusCode.ERROR });
      span.setAttributes(attributes);
      span.end();
    },
    traceId: span.spanContext().traceId,
  };
}

/** The W3C `traceparent` of the active span; `undefined` while there is none. */
export function activeTraceparent(): string | undefined {
  if (!enabled) return undefined;
  const carrier: { traceparent?: string } = {};
  propagation.inject(context.active(), carrier);
  return carrier.traceparent;
}

function startSpan(
  name: string,
  { kind, parent, links = [], attributes = {} }: SpanSettings,
): { readonly span: Span; readonly within: Context } {
  const outer = parent === undefined ? context.active() : contextOf(parent);
  const linked = links.flatMap((link) => trace.getSpanContext(contextOf(link)) ?? []);
  const span = trace
    .getTracer('allotree')
    .startSpan(
      name,
      { attributes, links: linked.map((each) => ({ context: each })), ...(kind === undefined ? {} : { kind }) },
      outer,
    );
  return { span, within: trace.setSpan(outer, span) };
}

/** A malformed `traceparent` begins a new trace. */
const contextOf = (traceparent: string): Context => propagation.extract(ROOT_CONTEXT, { traceparent });
