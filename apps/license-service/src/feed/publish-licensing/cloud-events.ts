import { dataSchemaOf, sequenceOf, type CloudEvent } from '@allotree/contracts';
import { decodePartnerStockEvent, projectAggregate } from '@allotree/domain';
import { deriveId, type RecordedEvent } from '@allotree/event-sourcing';
import { partnerOfStream, projectOfStream } from '../../streams.js';
import { projectIntegrationEvents, stockIntegrationEvents, type Outgoing } from './integration-events.js';

/** The integration events of a recorded event. */
export function integrationEventsOf(recorded: RecordedEvent): CloudEvent[] {
  const { subject, at, events } = outgoingOf(recorded);
  const { traceparent } = recorded.metadata;
  return events.map(({ type, data }, index) => ({
    specversion: '1.0',
    // One private event becomes several only where its list is cut: each has an id of its own, the same every time.
    id: index === 0 ? recorded.metadata.eventId : deriveId(recorded.metadata.eventId, index),
    source: '/license-service',
    type,
    subject,
    time: new Date(at).toISOString(),
    datacontenttype: 'application/json',
    dataschema: dataSchemaOf(type),
    tenantid: recorded.metadata.tenantId,
    correlationid: recorded.metadata.correlationId,
    causationid: recorded.metadata.eventId,
    actor: recorded.metadata.actor,
    ...(traceparent !== undefined && { traceparent }),
    sequence: sequenceOf(recorded.revision),
    data,
  }));
}

function outgoingOf({ streamName, type, data }: RecordedEvent): {
  subject: string;
  at: number;
  events: readonly Outgoing[];
} {
  if (streamName.startsWith('partner_stock-')) {
    const [subject, event] = [partnerOfStream(streamName), decodePartnerStockEvent(type, data)];
    return { subject, at: event.at, events: stockIntegrationEvents(subject, event) };
  }
  const [subject, event] = [projectOfStream(streamName), projectAggregate.decode(type, data)];
  return { subject, at: event.at, events: projectIntegrationEvents(subject, event) };
}
