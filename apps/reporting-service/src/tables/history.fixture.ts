import {
  dataSchemaOf,
  sequenceOf,
  type CloudEvent,
  type GroupsEventData,
  type GroupsEventType,
  type LicensingEventData,
  type LicensingEventType,
} from '@allotree/contracts';

const START = Date.parse('2026-06-01T00:00:00Z');
const HOUR_MS = 3_600_000;

/** Hours after the beginning of the histories, 2026-06-01 in UTC. */
export const at = (hours: number): Date => new Date(START + hours * HOUR_MS);

/** Writes published events of one service about one subject, each with the next sequence. */
export class Publisher<Types extends string, Data> {
  private sequence = 0;

  constructor(
    private readonly source: string,
    private readonly subject: string,
    private readonly tenantId: string,
  ) {}

  /** @param hours from which the event is in force, in hours after the beginning */
  event(hours: number, type: Types, data: Data): CloudEvent {
    const sequence = this.sequence++;
    return {
      specversion: '1.0',
      id: `${this.subject} ${sequence} of ${this.source}`,
      source: this.source,
      type,
      subject: this.subject,
      time: at(hours).toISOString(),
      datacontenttype: 'application/json',
      dataschema: dataSchemaOf(type),
      tenantid: this.tenantId,
      correlationid: 'correlation',
      causationid: null,
      actor: 'user:ada',
      sequence: sequenceOf(sequence),
      data,
    };
  }
}

type GroupsPublisher = <Type extends GroupsEventType>(
  hours: number,
  type: Type,
  data: Omit<GroupsEventData<Type>, 'projectId'>,
) => CloudEvent;
type LicensingPublisher = <Type extends LicensingEventType>(
  hours: number,
  type: Type,
  data: Omit<LicensingEventData<Type>, 'projectId'>,
) => CloudEvent;

/** Events of the group service about a project. */
export function aboutGroups(projectId: string, tenantId = 'nordlicht'): GroupsPublisher {
  const publisher = new Publisher<GroupsEventType, unknown>('/group-service', projectId, tenantId);
  return (hours, type, data) => publisher.event(hours, type, { projectId, ...data });
}

/** Events of the license service about a project. */
export function aboutLicensing(projectId: string, tenantId = 'nordlicht'): LicensingPublisher {
  const publisher = new Publisher<LicensingEventType, unknown>('/license-service', projectId, tenantId);
  return (hours, type, data) => publisher.event(hours, type, { projectId, ...data, at: at(hours).toISOString() });
}

/** The registration of a partner. */
export const aboutPartner = (tenantId: string, data: GroupsEventData<'allotree.partner-registered.v1'>): CloudEvent =>
  new Publisher<GroupsEventType, unknown>('/group-service', data.partnerId, tenantId).event(
    0,
    'allotree.partner-registered.v1',
    data,
  );

/** The data of a new project of Nordlicht in Berlin. */
export const PROJECT = {
  name: 'Hafenblick',
  partnerId: 'nordlicht',
  tenantId: 'nordlicht',
  timeZone: 'Europe/Berlin',
  billingMode: 'prepaid',
  trial: false,
} as const;
