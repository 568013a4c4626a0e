import { diag, DiagLogLevel } from '@opentelemetry/api';
import { enableSpans } from './spans.js';

/** Where the SDK reports that a collector does not answer. */
interface Logger {
  warn(facts: object, message: string): void;
}

/** Traces are exported if one of these names a collector. */
const ENDPOINTS = ['OTEL_EXPORTER_OTLP_ENDPOINT', 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'] as const;

/** Metrics are scraped and logs are written to standard output: without a setting only traces are exported. */
const DEFAULTS = { OTEL_METRICS_EXPORTER: 'none', OTEL_LOGS_EXPORTER: 'none', OTEL_TRACES_EXPORTER: 'otlp' } as const;

export const isTracingWanted = (environment: NodeJS.ProcessEnv): boolean =>
  environment['OTEL_SDK_DISABLED'] !== 'true' && ENDPOINTS.some((name) => (environment[name] ?? '') !== '');

/**
 * Exports traces by OTLP as the `OTEL_*` variables of the OpenTelemetry specification say; does nothing without an endpoint.
 *
 * @returns sends what is left and stops, within the export timeout
 */
export async function startTracing(serviceName: string, logger: Logger): Promise<() => Promise<void>> {
  if (!isTracingWanted(process.env)) return () => Promise.resolve();
  for (const [name, value] of Object.entries(DEFAULTS)) process.env[name] ??= value;
  // Loaded here because it is large and most installations do without.
  const { NodeSDK } = await import('@opentelemetry/sdk-node');
  const report = (message: string): void => logger.warn({ reason: message }, 'traces could not be exported');
  const ignore = (): void => undefined;
  diag.setLogger(
    { error: report, warn: report, info: ignore, debug: ignore, verbose: ignore },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  );
  const sdk = new NodeSDK({ serviceName: process.env['OTEL_SERVICE_NAME'] ?? serviceName, instrumentations: [] });
  sdk.start();
  enableSpans();
  return () => sdk.shutdown().catch((error: unknown) => report(String(error)));
}
