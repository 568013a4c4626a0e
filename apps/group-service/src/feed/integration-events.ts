import {
  dataSchemaOf,
  sequenceOf,
  type CloudEvent,
  type GroupsEventData,
  type GroupsEventType,
} from '@allotree/contracts';
import {
  generatedGroups,
  groupTreeAggregate,
  partnerAggregate,
  tenantRolesAggregate,
  type CustomRole,
  type PartnerEvent,
  type PartnerEventType,
  type RoleEvent,
  type RoleEventType,
  type TreeEvent,
  type TreeEventType,
  userAggregate,
  type UserEvent,
} from '@allotree/domain';
import type { RecordedEvent } from '@allotree/event-sourcing';

type Told = {
  readonly [Type in GroupsEventType]: { readonly type: Type; readonly data: GroupsEventData<Type> };
}[GroupsEventType];

const tell = <Type extends GroupsEventType>(type: Type, data: GroupsEventData<Type>): Told => ({ type, data }) as Told;

const PARTNER_TELLERS: {
  readonly [Type in PartnerEventType]: (data: Extract<PartnerEvent, { type: Type }>['data']) => Told;
} = {
  PartnerRegistered: ({ partnerId, kind, name, parentPartnerId, tenantId, administrator }) =>
    tell('allotree.partner-registered.v1', {
      partnerId,
      kind,
      name,
      parentPartnerId,
      tenantId,
      administrator: { userId: administrator.administratorId, email: administrator.email, name: administrator.name },
    }),
  PartnerAdministratorAdded: (data) => tell('allotree.partner-administrator-added.v1', data),
  PartnerPromoted: (data) => tell('allotree.partner-promoted.v1', data),
  PostpaidAllowed: (data) => tell('allotree.partner-postpaid-changed.v1', { ...data, allowed: true }),
  PostpaidWithdrawn: (data) => tell('allotree.partner-postpaid-changed.v1', { ...data, allowed: false }),
  PartnerClosed: ({ partnerId, tenantId, reason }) =>
    tell('allotree.partner-closed.v1', { partnerId, tenantId, reason }),
  PartnerAdministratorRemoved: (data) => tell('allotree.partner-administrator-removed.v1', data),
};

const ROLE_TELLERS: {
  readonly [Type in RoleEventType]: (data: Extract<RoleEvent, { type: Type }>['data'], tenantId: string) => Told;
} = {
  RoleDefined: ({ roleId, name, permissions }, tenantId) => ofRole(tenantId, { roleId, name, permissions }),
  RoleChanged: (role, tenantId) => ofRole(tenantId, role),
  RoleRemoved: ({ roleId }, tenantId) => tell('allotree.role-removed.v1', { tenantId, roleId }),
};

const ofRole = (tenantId: string, { roleId, name, permissions }: CustomRole): Told =>
  tell('allotree.role-changed.v1', { tenantId, roleId, name, permissions: [...permissions] });

const ofUser = ({ type, data }: UserEvent, userId: string): Told => {
  switch (type) {
    case 'SessionRevoked':
      return tell('allotree.session-revoked.v1', data);
    case 'IdentityLinked':
      return tell('allotree.identity-linked.v1', { ...data, tenantId: null });
    case 'UserDetailsChanged':
      return tell('allotree.user-changed.v1', { userId, ...data });
    case 'UserEmailConfirmed':
      return tell('allotree.user-changed.v1', { userId, emailConfirmed: true });
    case 'UserDeactivated':
    case 'UserReinstated':
      return tell('allotree.user-changed.v1', { userId, active: type === 'UserReinstated' });
    case 'UserRegistered':
      return tell('allotree.user-changed.v1', { ...data, active: true });
  }
};

type Teller<Type extends TreeEventType> = (data: Extract<TreeEvent, { type: Type }>['data'], projectId: string) => Told;

const TELLERS: { readonly [Type in TreeEventType]: Teller<Type> } = {
  ProjectCreated: (data) => tell('allotree.project-created.v1', data),
  ProjectClosed: (data) => tell('allotree.project-closed.v1', data),
  GroupCreated: (group, projectId) => tell('allotree.groups-placed.v1', { projectId, groups: [group] }),
  GroupsGenerated: (run, projectId) => tell('allotree.groups-placed.v1', { projectId, groups: generatedGroups(run) }),
  SubtreeAdopted: (run, projectId) => tell('allotree.groups-placed.v1', { projectId, groups: generatedGroups(run) }),
  GroupDetailsChanged: (data, projectId) => tell('allotree.group-changed.v1', { projectId, ...data }),
  GroupMoved: (data, projectId) => tell('allotree.group-moved.v1', { projectId, ...data }),
  SubtreeRemoved: (data, projectId) => tell('allotree.group-removed.v1', { projectId, ...data }),
  MemberAdded: (data, projectId) => tell('allotree.member-added.v1', { projectId, ...data }),
  MemberRemoved: (data, projectId) => tell('allotree.member-removed.v1', { projectId, ...data }),
  DeviceAdded: ({ groupId, serialNumber, model }, projectId) =>
    tell('allotree.device-registered.v1', { projectId, groupId, serialNumber, model }),
  DeviceRemoved: ({ groupId, serialNumber, model }, projectId) =>
    tell('allotree.device-removed.v1', { projectId, groupId, serialNumber, model }),
};

const toldBy = (recorded: RecordedEvent, category: string, subject: string): Told => {
  if (category === partnerAggregate.category) {
    const event = partnerAggregate.decode(recorded.type, recorded.data);
    return (PARTNER_TELLERS[event.type] as (data: PartnerEvent['data']) => Told)(event.data);
  }
  if (category === tenantRolesAggregate.category) {
    const event = tenantRolesAggregate.decode(recorded.type, recorded.data);
    return (ROLE_TELLERS[event.type] as (data: RoleEvent['data'], tenantId: string) => Told)(event.data, subject);
  }
  if (category === userAggregate.category) return ofUser(userAggregate.decode(recorded.type, recorded.data), subject);
  const event = groupTreeAggregate.decode(recorded.type, recorded.data);
  return (TELLERS[event.type] as Teller<TreeEventType>)(event.data, subject);
};

/**
 * What others are told of an event of a partner, a group tree, the roles of a tenant or a user: one integration event each, with its
 * id, so that a repeated publication is recognised. Keyed by the project, partner, tenant or user.
 */
export function integrationEventOf(recorded: RecordedEvent): CloudEvent<Told['data'], Told['type']> {
  const dash = recorded.streamName.indexOf('-');
  const subject = recorded.streamName.slice(dash + 1);
  const { type, data } = toldBy(recorded, recorded.streamName.slice(0, dash), subject);
  const { eventId, correlationId, actor, tenantId, recordedAt } = recorded.metadata;
  return {
    specversion: '1.0',
    id: eventId,
    source: '/group-service',
    type,
    subject,
    // Decisions here hold for the instant in which they are taken, which the runtime stamps.
    time: recordedAt,
    datacontenttype: 'application/json',
    dataschema: dataSchemaOf(type),
    sequence: sequenceOf(recorded.revision),
    tenantid: tenantId,
    correlationid: correlationId,
    causationid: eventId,
    actor,
    data,
  };
}
