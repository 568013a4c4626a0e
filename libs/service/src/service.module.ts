import {
  Global,
  Inject,
  Module,
  type DynamicModule,
  type OnApplicationShutdown,
  type OnModuleDestroy,
} from '@nestjs/common';
import { Leases } from '@allotree/leases';
import { APP_FILTER, APP_GUARD, APP_PIPE, DiscoveryModule } from '@nestjs/core';
import type pg from 'pg';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import { Bus, BusPublisher, BusMetrics, openBus } from '@allotree/bus';
import {
  Clock,
  SystemClock,
  Readiness,
  createLogger,
  createPool,
  TestClock,
  CONFIGURATION,
  LOGGER,
  METRICS,
  PG_POOL,
} from '@allotree/basics';
import { BullMqJobQueues, JobQueues, RetentionMetrics, Retention } from '@allotree/jobs';
import {
  RateGuard,
  RateLimiter,
  IdempotentRequests,
  ProblemFilter,
  QueryParametersGuard,
  RouteInventory,
  SchemaValidationPipe,
} from '@allotree/http';
import { Authentication, Authorization, AuthGuard, IdentityView } from '@allotree/identity';
import { Backends, DATABASE_FAILURE } from './backends.js';
import type { ServiceConfiguration } from './configuration.js';
import { ClockWatch } from './clock-watch.js';
import { HealthController } from './health.controller.js';
import { createMetrics } from './metrics.js';
import { MetricsController } from './metrics.controller.js';
import { ServiceMetrics } from './service-metrics.js';
import { Storage, STORAGE_OPTIONS, StorageGuard, type StorageOptions } from './storage.js';
import { TestClockController } from './test-clock.controller.js';

export interface ServiceOptions {
  /** The name in logs and metrics: `group-service`, `standalone`. */
  readonly service: string;
  /** Injected under `CONFIGURATION`, including the settings that the service added. */
  readonly configuration: ServiceConfiguration;
  /** Unset: the system's clock, or the test clock, depending on the configuration. */
  readonly clock?: Clock;
  /** This process is the only one on its database, so it takes over the leases of its previous run at once. */
  readonly alone?: boolean;
  /** Why the database of this process does not work now, in a sentence that can be shown to anyone; `null`: no known reason. */
  readonly databaseFailure?: () => string | null;
  /** The disk of the embedded database, where there is one. */
  readonly storage?: StorageOptions;
  /** Unset: writes to standard output. */
  readonly logger?: Logger;
}

/** What every service needs, imported once by the application that composes the services. */
@Global()
@Module({})
export class ServiceModule implements OnModuleDestroy, OnApplicationShutdown {
  constructor(
    @Inject(PG_POOL) private readonly pool: pg.Pool,
    @Inject(METRICS) private readonly metrics: Registry,
    private readonly jobs: JobQueues,
    private readonly leases: Leases,
    private readonly bus: Bus,
  ) {}

  static forRoot(options: ServiceOptions): DynamicModule {
    const { service, configuration, logger, clock = clockOf(configuration) } = options;
    return {
      module: ServiceModule,
      imports: [DiscoveryModule],
      controllers: [HealthController, MetricsController, ...(clock instanceof TestClock ? [TestClockController] : [])],
      providers: [
        { provide: CONFIGURATION, useValue: configuration },
        { provide: Clock, useValue: clock },
        { provide: LOGGER, useValue: logger ?? createLogger({ service, level: configuration.LOG_LEVEL }) },
        { provide: METRICS, useFactory: () => createMetrics(service) },
        { provide: PG_POOL, useFactory: (log: Logger) => servicePool(service, configuration, log), inject: [LOGGER] },
        { provide: Leases, useFactory: (log: Logger) => openLeases(options, log), inject: [LOGGER] },
        {
          provide: ServiceMetrics,
          useFactory: (metrics: Registry, leases: Leases, pool: pg.Pool) => new ServiceMetrics(metrics, leases, pool),
          inject: [METRICS, Leases, PG_POOL],
        },
        { provide: BusMetrics, useFactory: (metrics: Registry) => new BusMetrics(metrics), inject: [METRICS] },
        {
          provide: Bus,
          useFactory: (log: Logger, pool: pg.Pool, metrics: BusMetrics, leases: Leases) => {
            const consumption = { connectionString: configuration.DATABASE_URL, leases };
            return openBus({ configuration, logger: log, pool, metrics, consumption });
          },
          inject: [LOGGER, PG_POOL, BusMetrics, Leases],
        },
        { provide: BusPublisher, useExisting: Bus },
        {
          provide: JobQueues,
          useFactory: (log: Logger, watch: ClockWatch) => jobQueues(configuration, log, watch),
          inject: [LOGGER, ClockWatch],
        },
        {
          provide: RetentionMetrics,
          useFactory: (metrics: Registry, pool: pg.Pool) => new RetentionMetrics(metrics, pool),
          inject: [METRICS, PG_POOL],
        },
        Retention,
        Readiness,
        { provide: DATABASE_FAILURE, useValue: options.databaseFailure ?? (() => null) },
        { provide: STORAGE_OPTIONS, useValue: options.storage ?? null },
        Storage,
        Backends,
        ClockWatch,
        RouteInventory,
        RateLimiter,
        IdempotentRequests,
        Authorization,
        Authentication,
        IdentityView,
        { provide: APP_FILTER, useClass: ProblemFilter },
        { provide: APP_PIPE, useClass: SchemaValidationPipe },
        { provide: APP_GUARD, useClass: AuthGuard },
        { provide: APP_GUARD, useClass: RateGuard },
        { provide: APP_GUARD, useClass: StorageGuard },
        { provide: APP_GUARD, useClass: QueryParametersGuard },
      ],
      exports: [
        Authentication,
        CONFIGURATION,
        Clock,
        LOGGER,
        METRICS,
        PG_POOL,
        Bus,
        BusMetrics,
        BusPublisher,
        JobQueues,
        Leases,
        IdempotentRequests,
        Readiness,
        Retention,
        ServiceMetrics,
        IdentityView,
        ClockWatch,
      ],
    };
  }

  /** Running jobs are finished while everything they need still works. */
  async onModuleDestroy(): Promise<void> {
    await this.jobs.stopWorking();
  }

  /** After HTTP is drained and the consumers have stopped. */
  async onApplicationShutdown(): Promise<void> {
    this.metrics.clear();
    await this.jobs.close();
    await this.bus.close();
    await this.leases.close();
    await this.pool.end();
  }
}

const clockOf = ({ TEST_CLOCK }: ServiceConfiguration): Clock => (TEST_CLOCK ? new TestClock() : new SystemClock());

const jobQueues = ({ DATABASE_URL, REDIS_URL }: ServiceConfiguration, logger: Logger, watch: ClockWatch): JobQueues =>
  new BullMqJobQueues({
    databaseUrl: DATABASE_URL,
    redisUrl: REDIS_URL,
    logger,
    isClockAccurate: () => watch.isClockAccurate(),
  });

const openLeases = ({ configuration, alone = false }: ServiceOptions, logger: Logger): Promise<Leases> =>
  Leases.open({ connectionString: configuration.DATABASE_URL, singleProcess: alone, logger });

const servicePool = (service: string, configuration: ServiceConfiguration, logger: Logger): pg.Pool =>
  createPool({
    connectionString: configuration.DATABASE_URL,
    max: configuration.DATABASE_POOL_SIZE,
    applicationName: service,
    onError: (error) => logger.warn({ err: error }, 'an idle database connection was lost'),
  });
