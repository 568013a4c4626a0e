import { setTimeout as delay } from 'node:timers/promises';
import type { Provider } from '@nestjs/common';
import { getDataSourceToken } from '@nestjs/typeorm';
import { MembershipRows, Reach, membershipFeedOf, tenantRowsOf, type Patience } from '@allotree/platform';
import type { DataSource } from 'typeorm';
import { NOTIFICATIONS } from '../tokens.js';

const LOOKS = 4;
const LOOK_AGAIN_MS = 250;

/** For a moment: somebody who was given a role just now is on the way here. */
const forAMoment: Patience = async (_missing, attempt, settled) => {
  for (let looks = 1; ; looks += 1) {
    const result = await attempt();
    if (settled(result) || looks === LOOKS) return result;
    await delay(LOOK_AGAIN_MS);
  }
};

/** What the guard of this service asks, and what keeps it up to date. Nothing here lies at a group below a project. */
export const ACCESS: readonly Provider[] = [
  {
    provide: Reach,
    useFactory: (dataSource: DataSource) =>
      new Reach(
        new MembershipRows(dataSource, NOTIFICATIONS),
        (projectId, groupId) => Promise.resolve(groupId === projectId ? [projectId] : null),
        forAMoment,
      ),
    inject: [getDataSourceToken(NOTIFICATIONS)],
  },
  membershipFeedOf(getDataSourceToken(NOTIFICATIONS), NOTIFICATIONS),
  tenantRowsOf(getDataSourceToken(NOTIFICATIONS)),
];
