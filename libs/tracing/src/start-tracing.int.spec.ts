import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { context, diag, propagation, trace } from '@opentelemetry/api';
import { enableSpans, inSpan } from './spans.js';
import { isTracingWanted, startTracing } from './start-tracing.js';

describe('the export of traces', () => {
  let collector: Server;
  let received: string[];
  let warnings: string[];
  const environment = { ...process.env };
  const logger = {
    warn: (facts: object): void => {
      warnings.push(JSON.stringify(facts));
    },
  };

  beforeEach(async () => {
    received = [];
    warnings = [];
    collector = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        received.push(`${request.method} ${request.url} ${body}`);
        response.setHeader('content-type', 'application/json').end('{}');
      });
    });
    await new Promise<void>((done) => collector.listen(0, '127.0.0.1', done));
  });
  afterEach(async () => {
    await new Promise((done) => collector.close(done));
    enableSpans(false);
    for (const api of [trace, context, propagation, diag]) api.disable();
    for (const name of Object.keys(process.env).filter((each) => each.startsWith('OTEL_'))) delete process.env[name];
    Object.assign(process.env, environment);
  });
  const endpoint = (): string => `http://127.0.0.1:${(collector.address() as AddressInfo).port}`;

  it('sends spans, and neither metrics nor logs, to the endpoint of the environment', async () => {
    process.env['OTEL_EXPORTER_OTLP_ENDPOINT'] = endpoint();
    process.env['OTEL_EXPORTER_OTLP_PROTOCOL'] = 'http/json';
    const stop = await startTracing('license-service', logger);
    await inSpan('command project', {}, () => Promise.resolve());
    await stop();
    expect(received).toHaveLength(1);
    expect(received[0]).toMatch(/^POST \/v1\/traces .*"license-service".*"command project"/);
    expect(warnings).toEqual([]);
  });

  it('warns once where the collector refuses, and stops all the same', async () => {
    collector.removeAllListeners('request').on('request', (_request, response) => response.writeHead(400).end());
    process.env['OTEL_EXPORTER_OTLP_ENDPOINT'] = endpoint();
    const stop = await startTracing('license-service', logger);
    await inSpan('command project', {}, () => Promise.resolve());
    await stop();
    expect(warnings).toHaveLength(1);
  });

  it.each([
    [{}, false],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: '' }, false],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318' }, true],
    [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://127.0.0.1:4318/v1/traces' }, true],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318', OTEL_SDK_DISABLED: 'true' }, false],
  ])('with %j: %s', (variables, wanted) => {
    expect(isTracingWanted(variables)).toBe(wanted);
  });
});
