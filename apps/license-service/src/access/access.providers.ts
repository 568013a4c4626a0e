import type { Provider } from '@nestjs/common';
import { getDataSourceToken } from '@nestjs/typeorm';
import { ancestryOf } from '@allotree/domain';
import { MembershipRows, Reach, membershipFeedOf, tenantRowsOf } from '@allotree/platform';
import type { DataSource } from 'typeorm';
import { News } from '../feed/news.js';
import { LICENSING, LICENSING_SCHEMA } from '../persistence/data-source.js';
import { PROJECT_HANDLER, type ProjectHandler } from '../tokens.js';

/** News of a membership come before those of many groups: so long, at most, somebody new waits, and whoever is nobody here. */
const MEMBERSHIP_WAIT_MS = 1_000;

/** What the guard of this service asks, and what keeps it up to date. Paths come out of the projects themselves. */
export const ACCESS: readonly Provider[] = [
  {
    provide: Reach,
    useFactory: (dataSource: DataSource, projects: ProjectHandler, news: News) =>
      new Reach(
        new MembershipRows(dataSource, LICENSING_SCHEMA),
        (projectId, groupId) => projects.read(projectId, (state) => ancestryOf(state, groupId)),
        ({ what, id }, attempt, settled) =>
          news.until(id, attempt, settled, what === 'membership' ? MEMBERSHIP_WAIT_MS : undefined),
      ),
    inject: [getDataSourceToken(LICENSING), PROJECT_HANDLER, News],
  },
  membershipFeedOf(getDataSourceToken(LICENSING), LICENSING_SCHEMA),
  tenantRowsOf(getDataSourceToken(LICENSING)),
];
