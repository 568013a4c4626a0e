import { dataSchemaOf, type CloudEvent, type PulledEvent } from '@allotree/contracts';

/** A row of `reporting.event` as it is read. */
export interface EventRow {
  readonly position: string;
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly subject: string;
  readonly sequence: string | null;
  readonly at: Date;
  readonly actor: string;
  readonly causation_id: string | null;
  readonly correlation_id: string;
  readonly tenant_id: string | null;
  readonly data: unknown;
  readonly extensions: Readonly<Record<string, unknown>> | null;
}

/** Attributes that are the same for all events, follow from others, or are about one delivery. */
const NOT_STORED = new Set(['specversion', 'datacontenttype', 'dataschema', 'traceparent', 'onlyfor']);

/** The columns of an event, the JSON ones as text. */
export function rowOf(event: CloudEvent) {
  const { id, source, type, subject, sequence, time, actor, causationid, correlationid, tenantid, data, ...rest } =
    event;
  const extensions = Object.entries(rest).filter(([name, value]) => !NOT_STORED.has(name) && value !== null);
  const text = JSON.stringify(data ?? null);
  return {
    id,
    source,
    type,
    subject,
    sequence: sequence ?? null,
    at: time,
    actor,
    causation_id: causationid,
    correlation_id: correlationid,
    tenant_id: tenantid,
    data: text,
    extensions: extensions.length === 0 ? null : JSON.stringify(Object.fromEntries(extensions)),
    bytes: Buffer.byteLength(text),
  };
}

/** The event of a row, in the structured mode. */
export const pulledEvent = (row: EventRow): PulledEvent => ({
  ...row.extensions,
  specversion: '1.0',
  id: row.id,
  source: row.source,
  type: row.type,
  subject: row.subject,
  time: row.at.toISOString(),
  datacontenttype: 'application/json',
  dataschema: dataSchemaOf(row.type),
  ...(row.tenant_id !== null && { tenantid: row.tenant_id }),
  correlationid: row.correlation_id,
  ...(row.causation_id !== null && { causationid: row.causation_id }),
  actor: row.actor,
  ...(row.sequence !== null && { sequence: row.sequence }),
  data: row.data,
});
