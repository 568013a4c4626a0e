import {
  Inject,
  Module,
  type DynamicModule,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type Provider,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { getDataSourceToken, TypeOrmModule } from '@nestjs/typeorm';
import {
  deviceAggregate,
  deviceCatalogueAggregate,
  groupTreeAggregate,
  joinRequestAggregate,
  partnerAggregate,
  tenantRolesAggregate,
  userAggregate,
} from '@allotree/domain';
import {
  CommandRuntime,
  heapForStates,
  openEventStore,
  PostgresSnapshotStore,
  Subscriptions,
  type EventStore,
} from '@allotree/event-sourcing';
import { Leases } from '@allotree/leases';
import { Clock, LOGGER, Readiness, type Logger } from '@allotree/basics';
import { retentionOf } from '@allotree/jobs';
import { BusPublisher } from '@allotree/bus';
import { interceptWrites } from '@allotree/http';
import { tenantRowsOf } from '@allotree/identity';
import { projectionChecks, projectionsController, ServiceMetrics } from '@allotree/service';
import type { DataSource } from 'typeorm';
import type { GroupConfiguration } from './configuration.js';
import { CarryingAuthorities } from './groups/carrying-authority.js';
import { DeviceCatalogue } from './devices/device-catalogue.js';
import { Devices } from './devices/devices.js';
import { AddDeviceController } from './devices/add-device/add-device.controller.js';
import { MOVE_DEVICE_CLAIMS } from './devices/move-claims/move-claims.reactor.js';
import { ChangeDeviceController } from './devices/change-device/change-device.controller.js';
import { KeepCatalogueController } from './devices/keep-catalogue/keep-catalogue.controller.js';
import { ListDevicesController } from './devices/list-devices/list-devices.controller.js';
import { RemoveDeviceController } from './devices/remove-device/remove-device.controller.js';
import { PublishedBeforeAnswer } from './feed/publish-groups/published-before-answer.js';
import { Freshness } from './freshness.js';
import { Groups } from './groups/groups.js';
import { groupPolicies } from './retention.js';
import { ChangeGroupController } from './groups/change-group/change-group.controller.js';
import { CreateGroupController } from './groups/create-group/create-group.controller.js';
import { GenerateGroupsController } from './groups/generate-groups/generate-groups.controller.js';
import { ListGroupsController } from './groups/list-groups/list-groups.controller.js';
import { HttpLicensingGate, LicensingGate } from './groups/move-group/licensing-gate.js';
import { MoveToProject } from './groups/move-group/move-to-project.js';
import { MoveGroupController } from './groups/move-group/move-group.controller.js';
import { RemoveGroupController } from './groups/remove-group/remove-group.controller.js';
import { ShowGroupController } from './groups/show-group/show-group.controller.js';
import { permissionChecker } from './access/permission-checker.provider.js';
import { RolesController } from './access/roles/roles.controller.js';
import { TenantRoles } from './access/roles/tenant-roles.js';
import { AdministratorsController } from './partners/administrators/administrators.controller.js';
import { AddMemberController } from './members/add-member/add-member.controller.js';
import { ListMembersController } from './members/list-members/list-members.controller.js';
import { RemoveMemberController } from './members/remove-member/remove-member.controller.js';
import { ownAddress } from './own-address.js';
import { Partners } from './partners/partners.js';
import { ListPartnersController } from './partners/list-partners/list-partners.controller.js';
import { DecideJoinRequestsController } from './partners/decide-join-requests/decide-join-requests.controller.js';
import { BelowPartner } from './partners/close-partner/below-partner.js';
import { ClosePartnerController } from './partners/close-partner/close-partner.controller.js';
import { FinishClosing } from './partners/close-partner/finish-closing.js';
import { JoinCodes } from './partners/join-codes.js';
import { JoinRequests } from './partners/join-requests.js';
import { PermitPostpaidController } from './partners/permit-postpaid/permit-postpaid.controller.js';
import { PromotePartnerController } from './partners/promote-partner/promote-partner.controller.js';
import { PartnerRegistration } from './partners/registration.js';
import { RotateJoinCodeController } from './partners/rotate-join-code/rotate-join-code.controller.js';
import { RegisterPartnerController } from './partners/register-partner/register-partner.controller.js';
import { dataSourceOptions, openDataSource } from './persistence/data-source.js';
import { IDENTITY, IDENTITY_CONTROLLERS } from './identity/identity.js';
import { ENTITIES } from './persistence/entities.js';
import { IDENTITY_ENTITIES } from './persistence/identity-entities.js';
import { ApplyPlan } from './plans/apply-plan/apply-plan.js';
import { ApplyPlanController } from './plans/apply-plan/apply-plan.controller.js';
import { CurrentProjects } from './plans/current-projects.js';
import { ExportProjectController } from './plans/export-project/export-project.controller.js';
import { MakePlanController } from './plans/make-plan/make-plan.controller.js';
import { PlanPlaces } from './plans/plan-places.js';
import { Planner } from './plans/planner.js';
import { PlanRows } from './plans/plan-rows.js';
import { PlanServices } from './plans/services.js';
import { ShowPlanController } from './plans/show-plan/show-plan.controller.js';
import { CreateProjectController } from './projects/create-project/create-project.controller.js';
import { CloseProjectController } from './projects/close-project/close-project.controller.js';
import { ListProjectsController } from './projects/list-projects/list-projects.controller.js';
import { Projects } from './projects/projects.js';
import { groupSubscriptions } from './subscriptions.js';
import {
  CATALOGUE_HANDLER,
  DEVICE_HANDLER,
  EVENT_STORE,
  GROUPS,
  JOIN_REQUEST_HANDLER,
  PARTNER_HANDLER,
  ROLES_HANDLER,
  SNAPSHOT_STORE,
  TREE_HANDLER,
  USER_HANDLER,
} from './tokens.js';
import { Trees } from './groups/trees.js';

const CONTROLLERS = [
  RegisterPartnerController,
  ListPartnersController,
  AdministratorsController,
  PermitPostpaidController,
  PromotePartnerController,
  ClosePartnerController,
  RotateJoinCodeController,
  DecideJoinRequestsController,
  RolesController,
  CreateProjectController,
  ListProjectsController,
  CloseProjectController,
  CreateGroupController,
  GenerateGroupsController,
  ListGroupsController,
  ShowGroupController,
  ChangeGroupController,
  MoveGroupController,
  RemoveGroupController,
  AddMemberController,
  ListMembersController,
  RemoveMemberController,
  AddDeviceController,
  ListDevicesController,
  ChangeDeviceController,
  RemoveDeviceController,
  KeepCatalogueController,
  MakePlanController,
  ShowPlanController,
  ApplyPlanController,
  ExportProjectController,
  ...IDENTITY_CONTROLLERS,
  projectionsController('group-service', Subscriptions),
];
interceptWrites(CONTROLLERS, PublishedBeforeAnswer);

const handlers: Provider[] = [
  {
    provide: TREE_HANDLER,
    useFactory: (runtime: CommandRuntime) => runtime.aggregate(groupTreeAggregate),
    inject: [CommandRuntime],
  },
  {
    provide: PARTNER_HANDLER,
    useFactory: (runtime: CommandRuntime) => runtime.aggregate(partnerAggregate),
    inject: [CommandRuntime],
  },
  {
    provide: JOIN_REQUEST_HANDLER,
    useFactory: (runtime: CommandRuntime) => runtime.aggregate(joinRequestAggregate),
    inject: [CommandRuntime],
  },
  {
    provide: ROLES_HANDLER,
    useFactory: (runtime: CommandRuntime) => runtime.aggregate(tenantRolesAggregate),
    inject: [CommandRuntime],
  },
  {
    provide: USER_HANDLER,
    useFactory: (runtime: CommandRuntime) => runtime.aggregate(userAggregate),
    inject: [CommandRuntime],
  },
  {
    provide: DEVICE_HANDLER,
    useFactory: (runtime: CommandRuntime) => runtime.aggregate(deviceAggregate),
    inject: [CommandRuntime],
  },
  {
    provide: CATALOGUE_HANDLER,
    useFactory: (runtime: CommandRuntime) => runtime.aggregate(deviceCatalogueAggregate),
    inject: [CommandRuntime],
  },
];

type SubscribingTuple = [
  EventStore,
  DataSource,
  Logger,
  Leases,
  ServiceMetrics,
  BusPublisher,
  Trees,
  Devices,
  JoinRequests,
  FinishClosing,
];

const infrastructure = ({
  DATABASE_URL,
  EVENT_STORE_URL,
  LICENSE_SERVICE_URL,
  TOKEN_SECRET,
}: GroupConfiguration): Provider[] => [
  {
    provide: EVENT_STORE,
    useFactory: async (logger: Logger, readiness: Readiness) => {
      const store = await openEventStore({ url: EVENT_STORE_URL ?? DATABASE_URL, logger });
      if (EVENT_STORE_URL !== undefined) readiness.register('events', () => store.head());
      return store;
    },
    inject: [LOGGER, Readiness],
  },
  {
    provide: SNAPSHOT_STORE,
    useFactory: (logger: Logger) => PostgresSnapshotStore.open({ connectionString: DATABASE_URL, logger }),
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
        clock: () => new Date(clock.now()),
        logger,
        metrics,
      }),
    inject: [EVENT_STORE, SNAPSHOT_STORE, Clock, LOGGER, ServiceMetrics],
  },
  {
    provide: Subscriptions,
    useFactory: (
      ...[store, dataSource, logger, leases, metrics, bus, trees, devices, joinRequests, closing]: SubscribingTuple
    ) => groupSubscriptions({ store, dataSource, logger, leases, metrics, bus, trees, devices, joinRequests, closing }),
    inject: [
      EVENT_STORE,
      getDataSourceToken(GROUPS),
      LOGGER,
      Leases,
      ServiceMetrics,
      BusPublisher,
      Trees,
      Devices,
      JoinRequests,
      FinishClosing,
    ],
  },
  {
    provide: LicensingGate,
    useFactory: (host: HttpAdapterHost) =>
      new HttpLicensingGate(() => LICENSE_SERVICE_URL ?? ownAddress(host), TOKEN_SECRET),
    inject: [HttpAdapterHost],
  },
  {
    provide: PlanServices,
    useFactory: (host: HttpAdapterHost) =>
      new PlanServices({
        license: () => LICENSE_SERVICE_URL ?? ownAddress(host),
        own: () => ownAddress(host),
        tokenSecret: TOKEN_SECRET,
      }),
    inject: [HttpAdapterHost],
  },
];

/** The share of the heap for states that one project may use: small, because its licensing state uses more in the same process. */
const SHARE_OF_ONE_STATE = 0.12;

/** The longest wait at start for the migration of device claims. */
const MOVE_ATTEMPTS = 24;
const MOVE_WAIT_MS = 5_000;

/**
 * The group service: partners, projects, groups, members and devices. Wants `ServiceModule.forRoot()` imported by the
 * application. Its tables are in the schema `groups`.
 */
@Module({})
export class GroupServiceModule implements OnApplicationBootstrap, OnApplicationShutdown {
  constructor(
    @Inject(EVENT_STORE) private readonly store: EventStore,
    @Inject(SNAPSHOT_STORE) private readonly snapshots: PostgresSnapshotStore,
    @Inject(CommandRuntime) private readonly runtime: CommandRuntime,
    @Inject(Subscriptions) private readonly subscriptions: Subscriptions,
  ) {}

  static forRoot(configuration: GroupConfiguration): DynamicModule {
    return {
      module: GroupServiceModule,
      imports: [
        TypeOrmModule.forRootAsync({
          name: GROUPS,
          // An unavailable database is reported at once, not after half a minute of attempts.
          useFactory: () => ({ ...dataSourceOptions(configuration.DATABASE_URL), retryAttempts: 0 }),
          dataSourceFactory: () => openDataSource(configuration.DATABASE_URL),
        }),
        TypeOrmModule.forFeature([...ENTITIES, ...IDENTITY_ENTITIES], GROUPS),
      ],
      controllers: CONTROLLERS,
      providers: [
        ...infrastructure(configuration),
        ...handlers,
        ...IDENTITY,
        Trees,
        Partners,
        PartnerRegistration,
        JoinCodes,
        JoinRequests,
        BelowPartner,
        FinishClosing,
        Devices,
        DeviceCatalogue,
        Groups,
        Projects,
        Freshness,
        retentionOf('group', groupPolicies),
        projectionChecks({
          schema: GROUPS,
          projections: Subscriptions,
          dataSource: getDataSourceToken(GROUPS),
          retention: groupPolicies(configuration),
        }),
        permissionChecker,
        tenantRowsOf(getDataSourceToken(GROUPS)),
        TenantRoles,
        MoveToProject,
        CarryingAuthorities,
        CurrentProjects,
        PlanPlaces,
        Planner,
        PlanRows,
        ApplyPlan,
      ],
    };
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.subscriptions.start();
    await this.deviceClaimsMoved();
  }

  /** Before the first request: a claim that has not moved yet would let a second project have the device. */
  private async deviceClaimsMoved(): Promise<void> {
    const head = await this.store.head();
    for (let attempt = 1; attempt <= MOVE_ATTEMPTS; attempt += 1) {
      if (await this.subscriptions.waitUntil(MOVE_DEVICE_CLAIMS, head, MOVE_WAIT_MS)) return;
    }
    throw new Error('device claims of an earlier version are still being migrated: restart the service to continue');
  }

  /** HTTP is drained by now: nothing new comes in. */
  async onApplicationShutdown(): Promise<void> {
    await this.subscriptions.stop();
    await this.runtime.stop();
    await this.snapshots.close();
    await this.store.close();
  }
}
