import { NULLABLE_ATTRIBUTES, type CloudEvent } from '@allotree/contracts';
import type { IHeaders, Message } from 'kafkajs';
import { received, type Received } from '../received.js';

/** The fields of a Kafka message that this mapping reads. */
export interface KafkaRecord {
  readonly key?: Buffer | string | null;
  readonly value: Buffer | string | null;
  readonly headers?: IHeaders | undefined;
}

const PREFIX = 'ce_';
const CONTENT_TYPE = 'content-type';
const STRUCTURED = 'application/cloudevents+json';
/** Unknown attributes are null in this system's envelope and absent in CloudEvents. */
const NULLS = Object.fromEntries(NULLABLE_ATTRIBUTES.map((name) => [name, null]));

/**
 * An event in the binary mode of the CloudEvents binding for Kafka: the data as the value, every other attribute as a
 * header `ce_<name>`, the subject as the key.
 */
export function messageOf(event: CloudEvent): Message {
  const { data, datacontenttype, ...attributes } = event;
  const headers: IHeaders = { [CONTENT_TYPE]: datacontenttype };
  for (const [name, value] of Object.entries(attributes))
    if (value !== null) headers[`${PREFIX}${name}`] = String(value);
  return { key: event.subject, value: JSON.stringify(data ?? null), headers };
}

/** Reads the binary and the structured mode. */
export function receivedRecord(record: KafkaRecord): Received {
  const key = record.key?.toString() ?? '';
  const headers = headerReader(record.headers);
  try {
    return received(key, attributesOf(headers, record.value?.toString() ?? ''));
  } catch (error) {
    const attributes = ceAttributes(headers);
    return { ...received(key, attributes), event: null, flaw: error };
  }
}

type HeaderReader = ReadonlyMap<string, string>;

/** The last one of repeated headers counts. */
export const headerReader = (headers: IHeaders = {}): HeaderReader =>
  new Map(
    Object.entries(headers).flatMap(([name, value]) => {
      const last = Array.isArray(value) ? value.at(-1) : value;
      return last === undefined ? [] : [[name.toLowerCase(), last.toString()] as const];
    }),
  );

function attributesOf(headers: HeaderReader, value: string): unknown {
  const contentType = headers.get(CONTENT_TYPE);
  if (contentType?.startsWith(STRUCTURED) === true)
    return { ...NULLS, ...(JSON.parse(value) as object), ...ceAttributes(headers) };
  return {
    ...NULLS,
    ...ceAttributes(headers),
    ...(contentType !== undefined && { datacontenttype: contentType.split(';')[0]?.trim() }),
    data: JSON.parse(value) as unknown,
  };
}

const ceAttributes = (headers: HeaderReader): Record<string, string> =>
  Object.fromEntries(
    [...headers].flatMap(([name, value]) => (name.startsWith(PREFIX) ? [[name.slice(PREFIX.length), value]] : [])),
  );
