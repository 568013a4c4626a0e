import type { Provider, Type } from '@nestjs/common';
import { Freshness } from './freshness.js';
import { LevelPermissions } from './quotas/level-permissions.js';
import { QuotaAsOfController } from './quotas/quota-as-of/quota-as-of.controller.js';
import { QuotaDiffController } from './quotas/quota-diff/quota-diff.controller.js';
import { QuotaWhyController } from './quotas/quota-why/quota-why.controller.js';
import { TreeController } from './tree/tree.controller.js';
import { SearchController } from './search/search.controller.js';
import { Search } from './search/search.js';
import { ProjectsUsageController } from './usage/over-projects/projects-usage.controller.js';
import { UsageTopController } from './usage/top/usage-top.controller.js';
import { UsageController } from './usage/usage.controller.js';

/** The routes about the past and the search in what there is today, which read the temporal tables. */
export const PAST_CONTROLLERS: readonly Type[] = [
  QuotaAsOfController,
  QuotaWhyController,
  QuotaDiffController,
  UsageController,
  UsageTopController,
  ProjectsUsageController,
  TreeController,
  SearchController,
];

export const PAST_PROVIDERS: readonly Provider[] = [Freshness, LevelPermissions, Search];
