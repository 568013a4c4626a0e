import type { Provider } from '@nestjs/common';
import { getDataSourceToken } from '@nestjs/typeorm';
import { accessOf } from '@allotree/identity';
import { ACCESS_GROUP } from '../consumer-groups.js';
import { PublishedBefore } from '../published-before.js';
import { pathsIn } from './paths-today.js';
import { REPORTING } from '../tokens.js';

/** The permission checker of this service, and the consumer that keeps its memberships up to date. */
export const ACCESS: readonly Provider[] = [
  PublishedBefore,
  ...accessOf({
    dataSource: getDataSourceToken(REPORTING),
    schema: REPORTING,
    groupId: ACCESS_GROUP,
    pathOf: pathsIn,
    follower: PublishedBefore,
  }),
];
