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

type IntegrationEvent = {
  readonly [Type in GroupsEventType]: { readonly type: Type; readonly data: GroupsEventData<Type> };
}[GroupsEventType];

const integrationEvent = <Type extends GroupsEventType>(type: Type, data: GroupsEventData<Type>): IntegrationEvent =>
  ({ type, data }) as IntegrationEvent;

const PARTNER_EVENTS: {
  readonly [Type in PartnerEventType]: (data: Extract<PartnerEvent, { type: Type }>['data']) => IntegrationEvent;
} = {
  PartnerRegistered: ({ partnerId, kind, name, parentPartnerId, tenantId, administrator }) =>
    integrationEvent('allotree.partner-registered.v1', {
      partnerId,
      kind,
      name,
      parentPartnerId,
      tenantId,
      administrator: { userId: administrator.administratorId, email: administrator.email, name: administrator.name },
    }),
  PartnerAdministratorAdded: (data) => integrationEvent('allotree.partner-administrator-added.v1', data),
  PartnerPromoted: (data) => integrationEvent('allotree.partner-promoted.v1', data),
  PostpaidAllowed: (data) => integrationEvent('allotree.partner-postpaid-changed.v1', { ...data, allowed: true }),
  PostpaidWithdrawn: (data) => integrationEvent('allotree.partner-postpaid-changed.v1', { ...data, allowed: false }),
  PartnerClosed: ({ partnerId, tenantId, reason }) =>
    integrationEvent('allotree.partner-closed.v1', { partnerId, tenantId, reason }),
  PartnerAdministratorRemoved: (data) => integrationEvent('allotree.partner-administrator-removed.v1', data),
};

const ROLE_EVENTS: {
  readonly [Type in RoleEventType]: (
    data: Extract<RoleEvent, { type: Type }>['data'],
    tenantId: string,
  ) => IntegrationEvent;
} = {
  RoleDefined: ({ roleId, name, permissions }, tenantId) => ofRole(tenantId, { roleId, name, permissions }),
  RoleChanged: (role, tenantId) => ofRole(tenantId, role),
  RoleRemoved: ({ roleId }, tenantId) => integrationEvent('allotree.role-removed.v1', { tenantId, roleId }),
};

const ofRole = (tenantId: string, { roleId, name, permissions }: CustomRole): IntegrationEvent =>
  integrationEvent('allotree.role-changed.v1', { tenantId, roleId, name, permissions: [...permissions] });

const ofUser = ({ type, data }: UserEvent, userId: string): IntegrationEvent => {
  switch (type) {
    case 'SessionRevoked':
      return integrationEvent('allotree.session-revoked.v1', data);
    case 'IdentityLinked':
      return integrationEvent('allotree.identity-linked.v1', { ...data, tenantId: null });
    case 'UserDetailsChanged':
      return integrationEvent('allotree.user-changed.v1', { userId, ...data });
    case 'UserEmailConfirmed':
      return integrationEvent('allotree.user-changed.v1', { userId, emailConfirmed: true });
    case 'UserDeactivated':
    case 'UserReinstated':
      return integrationEvent('allotree.user-changed.v1', { userId, active: type === 'UserReinstated' });
    case 'UserRegistered':
      return integrationEvent('allotree.user-changed.v1', { ...data, active: true });
  }
};

type TreeEventMapper<Type extends TreeEventType> = (
  data: Extract<TreeEvent, { type: Type }>['data'],
  projectId: string,
) => IntegrationEvent;

const TREE_EVENTS: { readonly [Type in TreeEventType]: TreeEventMapper<Type> } = {
  ProjectCreated: (data) => integrationEvent('allotree.project-created.v1', data),
  ProjectClosed: (data) => integrationEvent('allotree.project-closed.v1', data),
  GroupCreated: (group, projectId) => integrationEvent('allotree.groups-placed.v1', { projectId, groups: [group] }),
  GroupsGenerated: (run, projectId) =>
    integrationEvent('allotree.groups-placed.v1', { projectId, groups: generatedGroups(run) }),
  SubtreeAdopted: (run, projectId) =>
    integrationEvent('allotree.groups-placed.v1', { projectId, groups: generatedGroups(run) }),
  GroupDetailsChanged: (data, projectId) => integrationEvent('allotree.group-changed.v1', { projectId, ...data }),
  GroupMoved: (data, projectId) => integrationEvent('allotree.group-moved.v1', { projectId, ...data }),
  SubtreeRemoved: (data, projectId) => integrationEvent('allotree.group-removed.v1', { projectId, ...data }),
  MemberAdded: (data, projectId) => integrationEvent('allotree.member-added.v1', { projectId, ...data }),
  MemberRemoved: (data, projectId) => integrationEvent('allotree.member-removed.v1', { projectId, ...data }),
  DeviceAdded: ({ claimId: _, ...device }, projectId) =>
    integrationEvent('allotree.device-registered.v1', { projectId, ...device }),
  DeviceExternalIdChanged: (data, projectId) => integrationEvent('allotree.device-changed.v1', { projectId, ...data }),
  DeviceRemoved: ({ claimId: _, ...device }, projectId) =>
    integrationEvent('allotree.device-removed.v1', { projectId, ...device }),
};

const mapped = (recorded: RecordedEvent, category: string, subject: string): IntegrationEvent => {
  if (category === partnerAggregate.category) {
    const event = partnerAggregate.decode(recorded.type, recorded.data);
    return (PARTNER_EVENTS[event.type] as (data: PartnerEvent['data']) => IntegrationEvent)(event.data);
  }
  if (category === tenantRolesAggregate.category) {
    const event = tenantRolesAggregate.decode(recorded.type, recorded.data);
    return (ROLE_EVENTS[event.type] as (data: RoleEvent['data'], tenantId: string) => IntegrationEvent)(
      event.data,
      subject,
    );
  }
  if (category === userAggregate.category) return ofUser(userAggregate.decode(recorded.type, recorded.data), subject);
  const event = groupTreeAggregate.decode(recorded.type, recorded.data);
  return (TREE_EVENTS[event.type] as TreeEventMapper<TreeEventType>)(event.data, subject);
};

/**
 * Maps a stored event of a partner, a group tree, the roles of a tenant or a user to its integration event. Both have the same
 * id, so that consumers recognize a repeated publication. Keyed by the project, partner, tenant or user.
 */
export function integrationEventOf(
  recorded: RecordedEvent,
): CloudEvent<IntegrationEvent['data'], IntegrationEvent['type']> {
  const dash = recorded.streamName.indexOf('-');
  const subject = recorded.streamName.slice(dash + 1);
  const { type, data } = mapped(recorded, recorded.streamName.slice(0, dash), subject);
  const { eventId, correlationId, actor, tenantId, recordedAt, traceparent } = recorded.metadata;
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
    ...(traceparent !== undefined && { traceparent }),
    data,
  };
}
