import type { Socket } from 'node:net';
import { randomUUID } from 'node:crypto';
import { DiscoveryService, NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { RequestMethod, type DynamicModule, type Type } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import type { JobsConfiguration } from '@allotree/jobs/configuration';
import { Readiness, NestLogger, LOGGER, METRICS, requestContext, type RequestContext } from '@allotree/basics';
import type { HttpConfiguration } from './configuration.js';
import { CONSTANT_HEADERS } from './constant-headers.js';
import { httpDurations } from './http-metrics.js';
import { limitRequestsInProgress } from './admission.js';
import { refuseOtherMethods } from './allowed-methods.js';
import { pathOf, type ApiRequest } from './caller.js';
import { openApiDocument } from './openapi.js';
import { problemOf, sendProblem } from './problem.filter.js';
import { releaseReads } from './intercept-writes.js';
import { countRequests, RateLimiter } from './rate-limiter.js';
import { allowLargeBodies } from './large-body.js';
import { acceptCleanText } from './request-text.js';
import { endRequestSpan, inContext, openRequestSpan } from './request-span.js';

export const API_PREFIX = '/api/v1';
const OPENAPI_PATH = `${API_PREFIX}/openapi.json`;

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Everybody may ask, and no guard of a controller counts the requests. */
    readonly isUnguarded?: true;
  }
}

/** Options of a public route that is not a controller's: its requests count for the address they come from. */
export const UNGUARDED = { config: { isUnguarded: true } } as const;

type ApplicationConfiguration = Pick<
  HttpConfiguration,
  'BODY_LIMIT_BYTES' | 'REQUEST_TIMEOUT_SECONDS' | 'MAX_REQUESTS_IN_PROGRESS' | 'TRUSTED_PROXIES' | 'CORS_ORIGINS'
> &
  Pick<JobsConfiguration, 'REDIS_URL'>;

/** For a request that is just arriving when the server closes. */
const SILENCE_MS = 500;

/**
 * Connections that wait while the process is busy. Linux drops further ones, whose callers try again only after 1, 3 and 7 seconds;
 * with Node's 511, a burst of callers would meet that. `net.core.somaxconn` limits it, to 4096 by default.
 */
const WAITING_CONNECTIONS = 4_096;

/**
 * An application on Fastify with everything around the routes: prefix `/api/v1`, problem details, validation, correlation ids, request log and
 * metrics, `/api/v1/openapi.json`, graceful stop on `app.close()`. Not listening yet.
 * @param module imports `ServiceModule.forRoot()` and the services
 * @param logger for lines that are logged before the module has its own
 * @throws when a part refuses to start (a wrong route, an unreachable database), instead of ending the process
 */
export async function createHttpApplication(
  module: Type | DynamicModule,
  configuration: ApplicationConfiguration,
  logger?: Logger,
): Promise<NestFastifyApplication> {
  const adapter = new FastifyAdapter({
    bodyLimit: configuration.BODY_LIMIT_BYTES,
    // A slow body holds a connection for at most this long.
    requestTimeout: configuration.REQUEST_TIMEOUT_SECONDS * 1_000,
    http: {
      requestTimeout: configuration.REQUEST_TIMEOUT_SECONDS * 1_000,
      headersTimeout: configuration.REQUEST_TIMEOUT_SECONDS * 1_000,
      connectionsCheckingInterval: 1_000,
    },
    trustProxy: configuration.TRUSTED_PROXIES ?? false,
    forceCloseConnections: 'idle',
    // Late requests are answered normally and their connection closed; Fastify's own refusal is not in the form of problem details.
    return503OnClosing: false,
    routerOptions: { maxParamLength: 200, ignoreTrailingSlash: true },
    // An address that cannot be decoded does not reach the hooks.
    frameworkErrors: (error: Error, request: FastifyRequest, reply: FastifyReply) => {
      identify(request, reply);
      sendProblem(reply, problemOf(error), request);
    },
  });
  const app = await NestFactory.create<NestFastifyApplication>(module, adapter, {
    bufferLogs: true,
    abortOnError: false,
    bodyParser: false,
    ...(logger && { logger: new NestLogger(logger) }),
  });
  configureHttp(app);
  limitRequestsInProgress(app.getHttpAdapter().getInstance(), configuration, app.get<Registry>(METRICS));
  allowLargeBodies(app.getHttpAdapter().getInstance(), configuration.BODY_LIMIT_BYTES);
  endSilentConnections(app);
  await harden(app, configuration);
  return app;
}

/** Starts accepting requests. */
export async function listen(
  app: NestFastifyApplication,
  { HOST, PORT }: Pick<HttpConfiguration, 'HOST' | 'PORT'>,
): Promise<void> {
  await app.listen({ host: HOST, port: PORT, backlog: WAITING_CONNECTIONS });
}

/** Sets an application up for HTTP (see `createHttpApplication`). Call it before `init()` or `listen()`. */
export function configureHttp(app: NestFastifyApplication): void {
  app.useLogger(new NestLogger(app.get<Logger>(LOGGER)));
  app.setGlobalPrefix(API_PREFIX.slice(1), {
    exclude: [
      { path: 'health/live', method: RequestMethod.GET },
      { path: 'health/ready', method: RequestMethod.GET },
      { path: 'metrics', method: RequestMethod.GET },
    ],
  });
  releaseReads(controllersOf(app));
  observeRequests(app);
  const fastify = app.getHttpAdapter().getInstance();
  refuseOtherMethods(fastify);
  acceptCleanText(fastify);
  serveOpenApi(app);
}

const controllersOf = (app: NestFastifyApplication): readonly Type[] =>
  app
    .get(DiscoveryService, { strict: false })
    .getControllers()
    .flatMap(({ metatype }) => (metatype === null ? [] : [metatype as Type]));

/** Adds CORS for the configured origins only, and request counters. */
async function harden(app: NestFastifyApplication, configuration: ApplicationConfiguration): Promise<void> {
  const { CORS_ORIGINS } = configuration;
  if (CORS_ORIGINS !== undefined)
    app.enableCors({
      origin: [...CORS_ORIGINS],
      methods: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'],
      allowedHeaders: [
        'authorization',
        'content-type',
        'idempotency-key',
        'if-match',
        'x-correlation-id',
        'traceparent',
      ],
      exposedHeaders: ['etag', 'x-correlation-id', 'retry-after', 'idempotency-replayed'],
      maxAge: 600,
    });
  await countRequests(app, configuration);
  countUnguardedRequests(app);
}

/** Node counts a connection without any request as busy until the headers time out, and a stop would wait for it. */
function endSilentConnections(app: NestFastifyApplication): void {
  const fastify = app.getHttpAdapter().getInstance();
  const silent = new Set<Socket>();
  fastify.server.on('connection', (socket: Socket) => {
    silent.add(socket);
    socket.once('close', () => silent.delete(socket));
  });
  fastify.server.prependListener('request', ({ socket }: { readonly socket: Socket }) => silent.delete(socket));
  fastify.addHook('preClose', (done) => {
    setTimeout(() => silent.forEach((socket) => socket.destroy()), SILENCE_MS).unref();
    done();
  });
}

/** Counts requests for addresses that do not exist, and for routes that are not a controller's. */
function countUnguardedRequests(app: NestFastifyApplication): void {
  const rates = app.get(RateLimiter);
  app
    .getHttpAdapter()
    .getInstance()
    .addHook('preHandler', (request, reply, done) => {
      const isGuarded = !request.is404 && request.routeOptions.config.isUnguarded !== true;
      if (isGuarded) return done();
      rates.take(request).then(
        () => done(),
        (error: unknown) => sendProblem(reply, problemOf(error), request),
      );
    });
}

/** Built on the first request: it costs more than the rest of the start. */
function serveOpenApi(app: NestFastifyApplication): void {
  let document: string | undefined;
  const fastify = app.getHttpAdapter().getInstance();
  fastify.get(OPENAPI_PATH, UNGUARDED, (_request: FastifyRequest, reply: FastifyReply) => {
    document ??= JSON.stringify(openApiDocument(app));
    void reply.header('content-type', 'application/json; charset=utf-8').send(document);
  });
}

/** Correlation id, constant headers, one log line and one measurement for every request; health and metrics are not logged. */
function observeRequests(app: NestFastifyApplication): void {
  const logger = app.get<Logger>(LOGGER);
  const durations = httpDurations(app.get<Registry>(METRICS));
  const fastify = app.getHttpAdapter().getInstance();
  fastify.addHook('onRequest', (request: ApiRequest, reply, done) => {
    request.span = openRequestSpan(request);
    request.logContext = { correlationId: identify(request, reply) };
    enterContext(request, request.logContext, done);
  });
  // Reading a body leaves the asynchronous context of the hook above.
  fastify.addHook('preValidation', (request: ApiRequest, _reply, done) => {
    const { logContext } = request;
    if (logContext === undefined || requestContext.getStore() === logContext) done();
    else enterContext(request, logContext, done);
  });
  const readiness = app.get(Readiness);
  // A connection kept alive could bring a request at the moment the server closes.
  fastify.addHook('onSend', (_request, reply, _payload, done) => {
    if (readiness.isDraining) void reply.header('connection', 'close');
    done();
  });
  let closing = false;
  fastify.addHook('preClose', (done) => {
    closing = true;
    done();
  });
  fastify.addHook('onResponse', (request, reply, done) => {
    // A connection that was answering when the server closed would be kept alive, and the server with it.
    if (closing) setImmediate(() => fastify.server.closeIdleConnections());
    const route = request.routeOptions.url ?? 'unknown';
    // A stream stays open for as long as its caller wants.
    if (!isStream(reply))
      durations.observe({ method: request.method, route, status: String(reply.statusCode) }, reply.elapsedTime / 1_000);
    endRequestSpan(request, route, reply.statusCode);
    if (!isQuiet(route)) {
      const { correlationId, principal, tenantId } = request as ApiRequest;
      logger.info(
        {
          correlationId,
          method: request.method,
          path: pathOf(request),
          status: reply.statusCode,
          durationMs: Math.round(reply.elapsedTime * 10) / 10,
          ...(principal === undefined ? {} : { user: principal.userId }),
          ...(tenantId == null ? {} : { tenantId }),
        },
        'request',
      );
    }
    done();
  });
}

const enterContext = (request: ApiRequest, context: RequestContext, next: () => void): void =>
  inContext(request, () => requestContext.run(context, next));

function identify(request: ApiRequest, reply: FastifyReply): string {
  const correlationId = correlationIdOf(request);
  request.correlationId = correlationId;
  void reply.headers(CONSTANT_HEADERS).header('x-correlation-id', correlationId);
  return correlationId;
}

const isStream = (reply: FastifyReply): boolean => reply.getHeader('content-type') === 'text/event-stream';

const isQuiet = (route: string): boolean => route.startsWith('/health/') || route === '/metrics';

const CORRELATION_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;
const TRACEPARENT = /^00-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

/** The caller's `X-Correlation-Id`, or the id of the trace it is part of; else a new one. */
function correlationIdOf(request: ApiRequest): string {
  const given = request.headers['x-correlation-id'];
  if (typeof given === 'string' && CORRELATION_ID.test(given)) return given;
  if (request.span) return request.span.traceId;
  const traceparent = request.headers['traceparent'];
  const trace = typeof traceparent === 'string' ? TRACEPARENT.exec(traceparent)?.[1] : undefined;
  return trace ?? randomUUID().replaceAll('-', '');
}
