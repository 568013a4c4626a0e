import { z } from 'zod';
import { Id, IsoInstant } from './http/common.js';

const attributes = {
  specversion: z.literal('1.0'),
  /** Unique on its topic: consumers deduplicate by it. */
  id: z.string().min(1).max(200),
  /** `/group-service`, `/license-service`. */
  source: z.string().regex(/^\/[a-z-]+$/),
  /** `allotree.<name>.v<n>` */
  type: z.string().regex(/^allotree\.[a-z-]+\.v[1-9][0-9]*$/),
  /** The project or partner the event is about; the key of the message. */
  subject: Id,
  /** The instant the decision was taken for, by the clock of the service; not when it was recorded or published. */
  time: IsoInstant,
  datacontenttype: z.literal('application/json'),
  dataschema: z.string().min(1),
  tenantid: Id.nullable(),
  correlationid: z.string().min(1).max(200),
  causationid: z.string().min(1).max(200).nullable(),
  /** Who asked: `user:<id>`, `service:<name>`. */
  actor: z.string().min(1).max(200),
  /**
   * The place among all events of its subject, as `sequenceOf` writes it: an event that comes (again) after later ones is
   * known by it. Absent from what was published before there was one.
   */
  sequence: z
    .string()
    .regex(/^\d{16}$/)
    .optional(),
  /** The CloudEvents extension for distributed tracing: what caused the event, for the spans of its consumers. Only where tracing is on. */
  traceparent: z.string().max(200).optional(),
};

/** A revision of a stream in the form of the CloudEvents extension `sequence`: its order is that of the text. */
export const sequenceOf = (revision: number): string => String(revision).padStart(16, '0');

/** A CloudEvent 1.0 of this type with data of this shape. Unknown data fields pass: a consumer reads what it knows. */
export const cloudEvent = <Type extends string, Data extends z.ZodType>(type: Type, data: Data) =>
  z.object({ ...attributes, type: z.literal(type), data });

/** Where the JSON Schema of an event type is found: its CloudEvent attribute `dataschema`. */
export const dataSchemaOf = (type: string): string => `urn:allotree:schema:${type}`;

/** Not known, not there: in the binary mode, where attributes are headers, there is no null. */
export const NULLABLE_ATTRIBUTES: readonly string[] = Object.entries(attributes).flatMap(([name, schema]) =>
  schema.safeParse(null).success ? [name] : [],
);

/** The JSON Schema of the whole CloudEvent of this type, for readers: fields that are added later pass. */
export function eventSchema(type: string, data: z.ZodType): object {
  const { required = [], ...schema } = z.toJSONSchema(cloudEvent(type, data), { io: 'input' });
  return {
    $id: dataSchemaOf(type),
    ...schema,
    required: required.filter((name) => !NULLABLE_ATTRIBUTES.includes(name)),
  };
}

/** Any CloudEvent 1.0 of this system. */
export const AnyCloudEvent = z.object({ ...attributes, data: z.unknown() });

/** CloudEvents 1.0, structured mode, with the extension attributes of this system. */
export interface CloudEvent<Data = unknown, Type extends string = string> extends Omit<
  z.infer<typeof AnyCloudEvent>,
  'type' | 'data'
> {
  readonly type: Type;
  readonly data: Data;
}
