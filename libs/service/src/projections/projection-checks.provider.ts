import { LOGGER, type Logger } from '@allotree/basics';
import type { RetentionPolicy } from '@allotree/jobs';
import type { Abstract, FactoryProvider, InjectionToken, Type } from '@nestjs/common';
import type { DataSource } from 'typeorm';
import { ServiceMetrics } from '../service-metrics.js';
import { ProjectionChecks, type CheckedProjections } from './projection-checks.js';

/**
 * Provides the checks of a service.
 * @param projections token of the projections
 * @param dataSource token of the data source
 */
export const projectionChecks = ({
  schema,
  projections,
  dataSource,
  retention = [],
}: {
  readonly schema: string;
  readonly projections: Type<CheckedProjections> | Abstract<CheckedProjections>;
  readonly dataSource: InjectionToken;
  readonly retention?: readonly RetentionPolicy[];
}): FactoryProvider<ProjectionChecks> => ({
  provide: ProjectionChecks,
  useFactory: (of: CheckedProjections, source: DataSource, logger: Logger, metrics: ServiceMetrics) =>
    new ProjectionChecks({
      dataSource: source,
      schema,
      projections: of,
      retention,
      logger,
      onDifferent: (name, rows) => metrics.projectionDiffered(`${schema}.${name}`, rows),
    }),
  inject: [projections, dataSource, LOGGER, ServiceMetrics],
});
