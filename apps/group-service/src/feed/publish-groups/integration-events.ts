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
  type PartnerEvent,
  type TreeEvent,
  type TreeEventType,
} from '@allotree/domain';
import type { RecordedEvent } from '@allotree/event-sourcing';

type Told = {
  readonly [Type in GroupsEventType]: { readonly type: Type; readonly data: GroupsEventData<Type> };
}[GroupsEventType];

const tell = <Type extends GroupsEventType>(type: Type, data: GroupsEventData<Type>): Told => ({ type, data }) as Told;

const ofPartner = ({ data: { partnerId, kind, name, parentPartnerId, tenantId, administrator } }: PartnerEvent): Told =>
  tell('allotree.partner-registered.v1', {
    partnerId,
    kind,
    name,
    parentPartnerId,
    tenantId,
    administrator: { userId: administrator.administratorId, email: administrator.email, name: administrator.name },
  });

type Teller<Type extends TreeEventType> = (data: Extract<TreeEvent, { type: Type }>['data'], projectId: string) => Told;

const TELLERS: { readonly [Type in TreeEventType]: Teller<Type> } = {
  ProjectCreated: (data) => tell('allotree.project-created.v1', data),
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
  if (category === partnerAggregate.category) return ofPartner(partnerAggregate.decode(recorded.type, recorded.data));
  const event = groupTreeAggregate.decode(recorded.type, recorded.data);
  return (TELLERS[event.type] as Teller<TreeEventType>)(event.data, subject);
};

/**
 * What others are told of an event of a partner or a group tree: one integration event each, with its id, so that a
 * repeated publication is recognised. Keyed by the project or partner.
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
    time: recordedAt,
    datacontenttype: 'application/json',
    dataschema: dataSchemaOf(type),
    tenantid: tenantId,
    correlationid: correlationId,
    causationid: eventId,
    actor,
    sequence: sequenceOf(recorded.revision),
    data,
  };
}
