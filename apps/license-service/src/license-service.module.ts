import {
  Inject,
  Module,
  type DynamicModule,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { getDataSourceToken, TypeOrmModule } from '@nestjs/typeorm';
import { partnerStockAggregate, projectAggregate } from '@allotree/domain';
import {
  CommandRuntime,
  heapForStates,
  historyOf,
  openEventStore,
  PostgresSnapshotStore,
  Subscriptions,
  type EventStore,
} from '@allotree/event-sourcing';
import { Leases } from '@allotree/leases';
import { Clock, LOGGER, Readiness, type Logger } from '@allotree/basics';
import { retentionOf } from '@allotree/jobs';
import { poolOf } from '@allotree/read-models';
import { projectionChecks, projectionsController, ServiceMetrics } from '@allotree/service';
import type { DataSource } from 'typeorm';
import { ACCESS } from './access/access.providers.js';
import { FollowMembershipsController } from './access/follow-memberships/follow-memberships.controller.js';
import { BillingTermsController } from './billing/billing-terms/billing-terms.controller.js';
import { CloseUsagePeriodController } from './billing/close-usage-period/close-usage-period.controller.js';
import { ListUsagePeriodsController } from './billing/list-usage-periods/list-usage-periods.controller.js';
import { UsagePeriodsProjection } from './billing/usage-period-view/usage-periods.projection.js';
import { DecisionClock } from './clock/decision-clock.js';
import { CorrectClockController } from './clock/correct-clock/correct-clock.controller.js';
import type { LicenseConfiguration } from './configuration.js';
import { DueProjection } from './due/due-rows/due.projection.js';
import { DueDependencies, DueWork } from './due/due-work.js';
import { ExpiryNotificationsReactor } from './due/expiry-notifications/expiry-notifications.reactor.js';
import { ExpiryOutbox } from './due/expiry-outbox.js';
import { UpcomingExpiries } from './expiries/upcoming-expiries.js';
import { ProjectEnds } from './expiries/project-ends.js';
import { ListExpiriesController } from './expiries/list-expiries.controller.js';
import { FollowGroupsController } from './feed/follow-groups/follow-groups.controller.js';
import { GroupFeed } from './feed/group-feed.js';
import {
  PUBLISH_LICENSING,
  PublishLicensingHistoryReactor,
  PublishLicensingReactor,
} from './feed/publish-licensing/publish-licensing.reactor.js';
import { Freshness } from './freshness.js';
import { AllotmentTransfersController } from './groups/allotment-transfers/allotment-transfers.controller.js';
import { AssignUnitsController } from './groups/assign-units/assign-units.controller.js';
import { ChangeAssignmentController } from './groups/change-assignment/change-assignment.controller.js';
import { AssignmentsController } from './groups/assignments/assignments.controller.js';
import { GroupViewsProjection } from './groups/group-views/group-views.projection.js';
import { MemberLimitsController } from './groups/member-limits/member-limits.controller.js';
import { QuotaController } from './groups/quota/quota.controller.js';
import { RehearseController } from './groups/rehearse/rehearse.controller.js';
import { RelocationChecksController } from './groups/relocation-checks/relocation-checks.controller.js';
import { ReleaseUnitsController } from './groups/release-units/release-units.controller.js';
import { RestrictionController } from './groups/restriction/restriction.controller.js';
import { HistoryProjection } from './history/record-history/history.projection.js';
import { SetRestrictionsController } from './groups/set-restrictions/set-restrictions.controller.js';
import { ShowLicensingController } from './groups/show-licensing/show-licensing.controller.js';
import { ShowQuotasController } from './groups/show-quotas/show-quotas.controller.js';
import { ShowHistoryController } from './history/show-history/show-history.controller.js';
import { ChangeLicenseController } from './licenses/change-license/change-license.controller.js';
import { FinishIssueReactor } from './licenses/grant-license/finish-issue.reactor.js';
import { GrantLicenseController } from './licenses/grant-license/grant-license.controller.js';
import { GrantLicense } from './licenses/grant-license/grant-license.js';
import { LicenseViewProjection } from './licenses/license-view/license-view.projection.js';
import { ListLicensesController } from './licenses/list-licenses/list-licenses.controller.js';
import { LICENSING, LICENSING_SCHEMA, openLicensingDataSource } from './persistence/data-source.js';
import { Projects } from './projects.js';
import { licensePolicies } from './retention.js';
import { RecordPackageController } from './stock/record-package/record-package.controller.js';
import { FinishSaleReactor } from './stock/sell-package/finish-sale.reactor.js';
import { SellPackageController } from './stock/sell-package/sell-package.controller.js';
import { ShowStockController } from './stock/show-stock/show-stock.controller.js';
import { Stocks } from './stock/stocks.js';
import { EVENT_STORE, PROJECT_HANDLER, SNAPSHOT_STORE, STOCK_HANDLER } from './tokens.js';

/** Of one project, of the heap that states may take. */
const SHARE_OF_ONE_STATE = 0.3;

/**
 * Licenses, restrictions, assignments and stocks: the owner of the `project` and `partner_stock` streams. Wants
 * `ServiceModule` beside it, and the bus consumer `license-service` connected (`connectBusConsumers`).
 */
@Module({})
export class LicenseServiceModule implements OnApplicationBootstrap, OnApplicationShutdown {
  constructor(
    @Inject(EVENT_STORE) private readonly store: EventStore,
    @Inject(SNAPSHOT_STORE) private readonly snapshots: PostgresSnapshotStore,
    private readonly runtime: CommandRuntime,
    private readonly subscriptions: Subscriptions,
  ) {}

  static forRoot(configuration: LicenseConfiguration): DynamicModule {
    return {
      module: LicenseServiceModule,
      imports: [
        TypeOrmModule.forRootAsync({
          name: LICENSING,
          // An unreachable database is reported at once, not after half a minute of attempts.
          useFactory: () => ({ retryAttempts: 0 }),
          dataSourceFactory: () =>
            openLicensingDataSource(configuration.DATABASE_URL, configuration.DATABASE_POOL_SIZE),
        }),
      ],
      controllers: [
        RecordPackageController,
        SellPackageController,
        ShowStockController,
        GrantLicenseController,
        ChangeLicenseController,
        ListLicensesController,
        RestrictionController,
        SetRestrictionsController,
        QuotaController,
        ShowQuotasController,
        MemberLimitsController,
        AssignmentsController,
        ChangeAssignmentController,
        AssignUnitsController,
        ReleaseUnitsController,
        AllotmentTransfersController,
        RelocationChecksController,
        ShowLicensingController,
        RehearseController,
        CorrectClockController,
        BillingTermsController,
        ListUsagePeriodsController,
        CloseUsagePeriodController,
        ShowHistoryController,
        ListExpiriesController,
        FollowGroupsController,
        FollowMembershipsController,
        projectionsController('license-service', Subscriptions),
      ],
      providers: [
        {
          provide: EVENT_STORE,
          useFactory: async (logger: Logger, readiness: Readiness) => {
            const { DATABASE_URL, EVENT_STORE_URL } = configuration;
            const store = await openEventStore({ url: EVENT_STORE_URL ?? DATABASE_URL, logger });
            if (EVENT_STORE_URL !== undefined) readiness.register('events', () => store.head());
            return store;
          },
          inject: [LOGGER, Readiness],
        },
        {
          provide: SNAPSHOT_STORE,
          useFactory: (logger: Logger) =>
            PostgresSnapshotStore.open({ connectionString: configuration.DATABASE_URL, logger }),
          inject: [LOGGER],
        },
        {
          provide: CommandRuntime,
          useFactory: (
            store: EventStore,
            snapshots: PostgresSnapshotStore,
            clock: Clock,
            logger: Logger,
            { commands: metrics }: ServiceMetrics,
          ) =>
            new CommandRuntime({
              store,
              snapshots,
              maxBytesPerState: heapForStates() * SHARE_OF_ONE_STATE,
              logger,
              metrics,
              clock: () => new Date(clock.now()),
            }),
          inject: [EVENT_STORE, SNAPSHOT_STORE, Clock, LOGGER, ServiceMetrics],
        },
        {
          provide: PROJECT_HANDLER,
          useFactory: (runtime: CommandRuntime) => runtime.aggregate(projectAggregate),
          inject: [CommandRuntime],
        },
        {
          provide: STOCK_HANDLER,
          useFactory: (runtime: CommandRuntime) => runtime.aggregate(partnerStockAggregate),
          inject: [CommandRuntime],
        },
        GroupFeed,
        DecisionClock,
        ...ACCESS,
        Projects,
        Stocks,
        GrantLicense,
        Freshness,
        UpcomingExpiries,
        ProjectEnds,
        retentionOf('license', licensePolicies),
        projectionChecks({
          schema: LICENSING_SCHEMA,
          projections: Subscriptions,
          dataSource: getDataSourceToken(LICENSING),
          retention: licensePolicies(configuration),
        }),
        ExpiryOutbox,
        DueDependencies,
        DueWork,
        ...SUBSCRIBERS,
        PublishLicensingHistoryReactor,
        {
          provide: Subscriptions,
          useFactory: subscriptionsOf,
          inject: [
            EVENT_STORE,
            getDataSourceToken(LICENSING),
            LOGGER,
            Leases,
            ServiceMetrics,
            PublishLicensingHistoryReactor,
            ...SUBSCRIBERS,
          ],
        },
      ],
    };
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.subscriptions.start();
  }

  /** After HTTP is drained and the consumers have stopped: what was accepted is finished first. */
  async onApplicationShutdown(): Promise<void> {
    await this.subscriptions.stop();
    await this.runtime.stop();
    await this.snapshots.close();
    await this.store.close();
  }
}

const PROJECTIONS = [
  GroupViewsProjection,
  LicenseViewProjection,
  HistoryProjection,
  DueProjection,
  UsagePeriodsProjection,
];
const REACTORS = [FinishSaleReactor, FinishIssueReactor, PublishLicensingReactor, ExpiryNotificationsReactor];
const SUBSCRIBERS = [...PROJECTIONS, ...REACTORS];

async function subscriptionsOf(
  store: EventStore,
  dataSource: DataSource,
  logger: Logger,
  leases: Leases,
  metrics: ServiceMetrics,
  publishHistory: PublishLicensingHistoryReactor,
  ...subscribers: InstanceType<(typeof SUBSCRIBERS)[number]>[]
): Promise<Subscriptions> {
  const subscriptions = new Subscriptions({
    store,
    dataSource,
    schema: LICENSING_SCHEMA,
    leases,
    logger,
    metrics: metrics.subscriptionsOf(LICENSING_SCHEMA),
  });
  metrics.watchSubscriptions(LICENSING_SCHEMA, subscriptions);
  metrics.watchPool(LICENSING_SCHEMA, poolOf(dataSource));
  for (const subscriber of subscribers) {
    if ('handle' in subscriber) subscriptions.reactor(subscriber);
    else subscriptions.projection(subscriber);
  }
  const place = { dataSource, schema: LICENSING_SCHEMA, publisher: PUBLISH_LICENSING };
  const history = await historyOf(place, publishHistory);
  if (history !== null) subscriptions.reactor(history);
  return subscriptions;
}
