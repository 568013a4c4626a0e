import type { Provider } from '@nestjs/common';
import { getDataSourceToken } from '@nestjs/typeorm';
import { GROUPS_TOPIC } from '@allotree/contracts';
import { LOGGER, type Logger } from '@allotree/basics';
import { Bus, FeedWaiter } from '@allotree/bus';
import {
  retryAfterCatchUp,
  MembershipRows,
  PermissionChecker,
  membershipFeedOf,
  tenantRowsOf,
} from '@allotree/identity';
import type { DataSource } from 'typeorm';
import { ACCESS_GROUP } from '../consumer-groups.js';
import { NOTIFICATIONS } from '../tokens.js';

/** So long, at most, a request waits for what the group service published before it. */
const FEED_WAIT_MS = 2_000;

/** What the guard of this service asks, and what keeps it up to date. Nothing here lies at a group below a project. */
export const ACCESS: readonly Provider[] = [
  {
    provide: PermissionChecker,
    useFactory: (dataSource: DataSource, bus: Bus, logger: Logger) =>
      new PermissionChecker(
        new MembershipRows(dataSource, NOTIFICATIONS),
        (projectId, groupId) => Promise.resolve(groupId === projectId ? [projectId] : null),
        retryAfterCatchUp(
          new FeedWaiter({ bus, topic: GROUPS_TOPIC, groupId: ACCESS_GROUP, logger, maxWaitMs: FEED_WAIT_MS }),
        ),
      ),
    inject: [getDataSourceToken(NOTIFICATIONS), Bus, LOGGER],
  },
  membershipFeedOf(getDataSourceToken(NOTIFICATIONS), NOTIFICATIONS),
  tenantRowsOf(getDataSourceToken(NOTIFICATIONS)),
];
