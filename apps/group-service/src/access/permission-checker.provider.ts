import type { Provider } from '@nestjs/common';
import { getDataSourceToken } from '@nestjs/typeorm';
import { groupOf } from '@allotree/domain';
import { MembershipRows, PermissionChecker, type PathOf, type RetryPolicy } from '@allotree/identity';
import type { DataSource } from 'typeorm';
import { Freshness } from '../freshness.js';
import { GROUPS, TREE_HANDLER, type TreeHandler } from '../tokens.js';
import { MEMBERSHIP_VIEW } from '../views.js';

/** From the current state of the tree. */
const pathIn =
  (trees: TreeHandler): PathOf =>
  (projectId, groupId, checked) =>
    trees.read(projectId, (state) => groupOf(state, groupId)?.path.map((group) => group.groupId) ?? null, {
      consistent: checked,
    });

/** This service decides on memberships itself: it only has to wait for its own rows. */
const untilWritten =
  (freshness: Freshness): RetryPolicy =>
  async (attempt) => {
    await freshness.of(MEMBERSHIP_VIEW);
    return attempt();
  };

/** The permission checker of this service's guard. */
export const permissionChecker: Provider = {
  provide: PermissionChecker,
  useFactory: (dataSource: DataSource, trees: TreeHandler, freshness: Freshness) =>
    new PermissionChecker(new MembershipRows(dataSource, GROUPS), pathIn(trees), untilWritten(freshness)),
  inject: [getDataSourceToken(GROUPS), TREE_HANDLER, Freshness],
};
