import type { InjectionToken, Provider } from '@nestjs/common';
import { GROUPS_TOPIC } from '@allotree/contracts';
import { LOGGER, type Logger } from '@allotree/basics';
import { Bus, FeedWaiter } from '@allotree/bus';
import type { DataSource } from 'typeorm';
import { TenantRows } from './tenant-rows.js';
import { IdentityView } from './identity-view.js';
import { MembershipFeed } from './membership-feed.js';
import { MembershipRows } from './membership-rows.js';
import { PermissionChecker, retryAfterCatchUp, type Follower, type PathOf } from './permission-checker.js';

/** The longest that a request waits for what the group service published before it. */
const FEED_WAIT_MS = 2_000;

/** A service's rows as its callers see them. @param dataSource the token of the service's data source */
export const tenantRowsOf = (dataSource: InjectionToken): Provider => ({
  provide: TenantRows,
  useFactory: (rows: DataSource, checker: PermissionChecker) => new TenantRows(rows, checker),
  inject: [dataSource, PermissionChecker],
});

/** Maintains the view of memberships in a service's schema. @param dataSource the token of the service's data source */
export const membershipFeedOf = (dataSource: InjectionToken, schema: string): Provider => ({
  provide: MembershipFeed,
  useFactory: (rows: DataSource, identity: IdentityView) => new MembershipFeed(rows, schema, identity),
  inject: [dataSource, IdentityView],
});

/** A service's own view of who may do what, in its schema. */
export interface AccessView {
  /** The token of the service's data source. */
  readonly dataSource: InjectionToken;
  readonly schema: string;
  /** The consumer group that keeps the view up to date. */
  readonly groupId: string;
  /** How the path of a group is found. Absent: the service has nothing at a group below a project. */
  readonly pathOf?: (rows: DataSource) => PathOf;
  /** The token of what follows the events that `pathOf` depends on. */
  readonly follower?: InjectionToken<Follower>;
}

const rootOnly: PathOf = (projectId, groupId) => Promise.resolve(groupId === projectId ? [projectId] : null);

/** What the guard asks in a service with a view of its own, and what keeps it up to date. */
export const accessOf = ({ dataSource, schema, groupId, pathOf, follower }: AccessView): readonly Provider[] => [
  {
    provide: PermissionChecker,
    useFactory: (rows: DataSource, bus: Bus, logger: Logger, ...followers: readonly Follower[]) =>
      new PermissionChecker(
        new MembershipRows(rows, schema),
        pathOf?.(rows) ?? rootOnly,
        retryAfterCatchUp(
          new FeedWaiter({ bus, topic: GROUPS_TOPIC, groupId, logger, maxWaitMs: FEED_WAIT_MS }),
          ...followers,
        ),
      ),
    inject: [dataSource, Bus, LOGGER, ...(follower === undefined ? [] : [follower])],
  },
  membershipFeedOf(dataSource, schema),
  tenantRowsOf(dataSource),
];
