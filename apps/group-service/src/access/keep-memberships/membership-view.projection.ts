import type { GroupsEvent } from '@allotree/contracts';
import { groupTreeAggregate, partnerAggregate, tenantRolesAggregate } from '@allotree/domain';
import type { Projection, RecordedEvent } from '@allotree/event-sourcing';
import { MEMBERSHIP_TABLES, recordMemberships } from '@allotree/identity';
import { integrationEventOf } from '../../feed/integration-events.js';
import { GROUPS } from '../../tokens.js';
import { MEMBERSHIP_VIEW } from '../../views.js';

const ABOUT_MEMBERSHIPS: ReadonlySet<string> = new Set([
  'PartnerRegistered',
  'PartnerAdministratorAdded',
  'PartnerAdministratorRemoved',
  'ProjectCreated',
  'MemberAdded',
  'MemberRemoved',
  'RoleDefined',
  'RoleChanged',
  'RoleRemoved',
]);

const groupsEventOf = (event: RecordedEvent): GroupsEvent => integrationEventOf(event) as GroupsEvent;

/** Who is a member where, with which role: the same rows that other services derive from the integration events. */
export const membershipView: Projection = {
  name: MEMBERSHIP_VIEW,
  categories: [partnerAggregate.category, groupTreeAggregate.category, tenantRolesAggregate.category],
  apply: (events, tx) =>
    recordMemberships(tx, GROUPS, events.filter(({ type }) => ABOUT_MEMBERSHIPS.has(type)).map(groupsEventOf)),
  tables: MEMBERSHIP_TABLES.map((name) => ({ name })),
};
