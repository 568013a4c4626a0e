import { dataSchemaOf, sequenceOf, type CloudEvent } from '@allotree/contracts';
import { decodePartnerStockEvent } from '@allotree/domain';
import { deriveId, type RecordedEvent } from '@allotree/event-sourcing';
import { partnerOfStream, projectEventOf, projectOfStream } from '../../streams.js';
import { projectIntegrationEvents, stockIntegrationEvents } from './integration-events.js';
import type { Outgoing } from './outgoing.js';
import type { StructureOf } from './project-structures.js';

/**
 * The integration events of a recorded event.
 * @param structureOf called with each event of a project, so with those before as well
 */
export function integrationEventsOf(recorded: RecordedEvent, structureOf: StructureOf): CloudEvent[] {
  const { subject, at, events } = outgoingOf(recorded, structureOf);
  const { traceparent } = recorded.metadata;
  const time = new Date(at).toISOString();
  return events.map(({ type, data }, index) => ({
    specversion: '1.0',
    // One private event becomes several only where its list is cut: each has an id of its own, the same every time.
    id: index === 0 ? recorded.metadata.eventId : deriveId(recorded.metadata.eventId, index),
    source: '/license-service',
    type,
    subject,
    time,
    datacontenttype: 'application/json',
    dataschema: dataSchemaOf(type),
    tenantid: recorded.metadata.tenantId,
    correlationid: recorded.metadata.correlationId,
    causationid: recorded.metadata.eventId,
    actor: recorded.metadata.actor,
    ...(traceparent !== undefined && { traceparent }),
    sequence: sequenceOf(recorded.revision),
    data: { ...data, at: time },
  }));
}

function outgoingOf(
  recorded: RecordedEvent,
  structureOf: StructureOf,
): { subject: string; at: number; events: readonly Outgoing[] } {
  const { streamName, revision, type, data } = recorded;
  if (streamName.startsWith('partner_stock-')) {
    const [subject, event] = [partnerOfStream(streamName), decodePartnerStockEvent(type, data)];
    return { subject, at: event.at, events: stockIntegrationEvents(subject, event) };
  }
  const [subject, event] = [projectOfStream(streamName), projectEventOf(recorded)];
  return {
    subject,
    at: event.at,
    events: projectIntegrationEvents(subject, event, structureOf(subject, revision, event)),
  };
}
