import { Inject, Module, type DynamicModule } from '@nestjs/common';
import { getDataSourceToken, InjectDataSource, TypeOrmModule } from '@nestjs/typeorm';
import { CONFIGURATION, Readiness } from '@allotree/basics';
import { Cursors, interceptRoutes } from '@allotree/http';
import { poolOf } from '@allotree/read-models';
import { projectionChecks, projectionsController, ServiceMetrics } from '@allotree/service';
import type { DataSource } from 'typeorm';
import { ACCESS } from './access/access.providers.js';
import { FollowMembershipsController } from './access/follow-memberships/follow-memberships.controller.js';
import { ChangesController } from './changes/changes.controller.js';
import { ProjectChanges } from './changes/project-changes.js';
import type { ReportingConfiguration } from './configuration.js';
import { Arrivals } from './events/arrivals.js';
import { EventLog } from './events/event-log.js';
import { EventPages } from './events/event-pages.js';
import { PullEventsController } from './events/pull-events/pull-events.controller.js';
import { RecordEventsController } from './feed/record-events/record-events.controller.js';
import { ExportWorker } from './exports/export-worker.js';
import { Exports } from './exports/exports.js';
import { ExportsController } from './exports/exports.controller.js';
import { LookAgain } from './look-again.js';
import { dataSourceOptions, openDataSource } from './persistence/data-source.js';
import { PAST_CONTROLLERS, PAST_PROVIDERS } from './past.js';
import { heldPeriods, STATEMENT_CONTROLLERS, STATEMENT_PROVIDERS } from './statements/index.js';
import { TablesProjection } from './tables/tables-projection.js';
import { REPORTING } from './tokens.js';

interceptRoutes([...PAST_CONTROLLERS, ...STATEMENT_CONTROLLERS, ChangesController], LookAgain);

/**
 * The reporting service: every integration event since the first one, from the bus and nothing else. Wants `ServiceModule.forRoot()`
 * imported by the application. Its tables are in the schema `reporting`.
 */
@Module({})
export class ReportingServiceModule {
  constructor(
    @InjectDataSource(REPORTING) dataSource: DataSource,
    @Inject(CONFIGURATION) { REPORTING_DATABASE_URL }: ReportingConfiguration,
    metrics: ServiceMetrics,
    tables: TablesProjection,
    readiness: Readiness,
  ) {
    metrics.watchSubscriptions(REPORTING, tables);
    metrics.watchPool(REPORTING, poolOf(dataSource));
    metrics.watchHeldPeriods(() => heldPeriods(dataSource));
    // The rest of a process works without this database.
    if (REPORTING_DATABASE_URL !== undefined) readiness.show('reporting', () => dataSource.query('SELECT 1'));
  }

  static forRoot({ REPORTING_DATABASE_URL, DATABASE_URL }: ReportingConfiguration): DynamicModule {
    const url = REPORTING_DATABASE_URL ?? DATABASE_URL;
    return {
      module: ReportingServiceModule,
      imports: [
        TypeOrmModule.forRootAsync({
          name: REPORTING,
          // An unreachable database is reported at once, not after half a minute of attempts.
          useFactory: () => ({ ...dataSourceOptions(url), retryAttempts: 0 }),
          dataSourceFactory: () => openDataSource(url),
        }),
      ],
      controllers: [
        RecordEventsController,
        FollowMembershipsController,
        PullEventsController,
        ChangesController,
        ExportsController,
        projectionsController('reporting-service', TablesProjection),
        ...PAST_CONTROLLERS,
        ...STATEMENT_CONTROLLERS,
      ],
      providers: [
        ...ACCESS,
        Cursors,
        Arrivals,
        ProjectChanges,
        TablesProjection,
        projectionChecks({
          schema: REPORTING,
          projections: TablesProjection,
          dataSource: getDataSourceToken(REPORTING),
        }),
        Exports,
        ExportWorker,
        EventLog,
        EventPages,
        ...PAST_PROVIDERS,
        ...STATEMENT_PROVIDERS,
      ],
    };
  }
}
