import type { Provider } from '@nestjs/common';
import { getDataSourceToken } from '@nestjs/typeorm';
import { ancestryOf } from '@allotree/domain';
import {
  retryAfterCatchUp,
  MembershipRows,
  PermissionChecker,
  membershipFeedOf,
  tenantRowsOf,
} from '@allotree/identity';
import type { DataSource } from 'typeorm';
import { GroupFeed } from '../feed/group-feed.js';
import { LICENSING, LICENSING_SCHEMA } from '../persistence/data-source.js';
import { PROJECT_HANDLER, type ProjectHandler } from '../tokens.js';

/** The permission checker of this service, and the consumer that keeps its memberships up to date. Paths of groups are read from the projects. */
export const ACCESS: readonly Provider[] = [
  {
    provide: PermissionChecker,
    useFactory: (dataSource: DataSource, projects: ProjectHandler, feed: GroupFeed) =>
      new PermissionChecker(
        new MembershipRows(dataSource, LICENSING_SCHEMA),
        (projectId, groupId, fresh) =>
          projects.read(projectId, (state) => ancestryOf(state, groupId), { consistent: fresh }),
        retryAfterCatchUp(feed.memberships, feed.facts),
      ),
    inject: [getDataSourceToken(LICENSING), PROJECT_HANDLER, GroupFeed],
  },
  membershipFeedOf(getDataSourceToken(LICENSING), LICENSING_SCHEMA),
  tenantRowsOf(getDataSourceToken(LICENSING)),
];
