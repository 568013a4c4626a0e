import type { Instant } from './decision.js';

/** How a value is stored as JSON and restored. `undefined` as a stored value: the field is absent. */
export interface Form<Value, Stored> {
  store(value: Value): Stored;
  restore(stored: Stored): Value;
}

/** The form of a value that is stored as it is. */
export const AS_IS = Symbol('stored as it is');

type FormOf<Value> = Form<Value, unknown> | typeof AS_IS;
type StoredAs<Value, Chosen> = Chosen extends typeof AS_IS
  ? Value
  : Chosen extends Form<Value, infer Stored>
    ? Stored
    : never;

/** ISO 8601 in UTC, with milliseconds. */
export const instant: Form<Instant, string> = {
  store: (value) => new Date(value).toISOString(),
  restore: (stored) => Date.parse(stored),
};

export const orNull = <Value, Stored>(form: Form<Value, Stored>): Form<Value | null, Stored | null> => ({
  store: (value) => (value === null ? null : form.store(value)),
  restore: (stored) => (stored === null ? null : form.restore(stored)),
});

export const listOf = <Value, Stored>(form: Form<Value, Stored>): Form<readonly Value[], readonly Stored[]> => ({
  store: (values) => values.map((value) => form.store(value)),
  restore: (stored) => stored.map((one) => form.restore(one)),
});

/** A field that older events lack: absent stands for `null`, in new events as well. */
export const absentIfNull = <Value>(): Form<Value | null, Value | undefined> => ({
  store: (value) => value ?? undefined,
  restore: (stored) => stored ?? null,
});

const sameForm: Form<unknown, unknown> = { store: (value) => value, restore: (stored) => stored };
const formOf = (form: FormOf<never>): Form<unknown, unknown> => (form === AS_IS ? sameForm : form);

/** The form of an object, field by field. It names every field of `Value`; fields that it does not name are left out. */
export const fields =
  <Value extends object>() =>
  <Forms extends { readonly [Key in keyof Value]-?: FormOf<Value[Key]> }>(
    forms: Forms,
  ): Form<Value, { readonly [Key in keyof Value]: StoredAs<Value[Key], Forms[Key]> }> => {
    const entries = Object.entries(forms).map(([key, form]) => [key, formOf(form as FormOf<never>)] as const);
    const mapped = (from: object, turn: (form: Form<unknown, unknown>, value: unknown) => unknown): object => {
      const to: Record<string, unknown> = {};
      for (const [key, form] of entries) {
        const value = turn(form, (from as Record<string, unknown>)[key]);
        if (value !== undefined) to[key] = value;
      }
      return to;
    };
    return {
      store: (value) => mapped(value, (form, field) => form.store(field)) as never,
      restore: (stored) => mapped(stored, (form, field) => form.restore(field)) as Value,
    };
  };

interface DomainEvent {
  readonly type: string;
  readonly data: object;
}

type DataOf<Event extends DomainEvent, Type> = Extract<Event, { type: Type }>['data'];

/** A form for the payload of every event type: a type that is missing here does not compile. */
type Payloads<Event extends DomainEvent> = { readonly [Type in Event['type']]: FormOf<DataOf<Event, Type>> };

type StoredEvent<Event extends DomainEvent, Forms extends Payloads<Event>, Added> = {
  [Type in Event['type']]: {
    readonly type: Type;
    readonly data: Added & StoredAs<DataOf<Event, Type>, Forms[Type]>;
  };
}[Event['type']];

/**
 * Translates between the events of a stream and their stored form. A breaking change of a payload gets the type
 * `<Type>.v2`, with a bridge in the forms of the aggregate and nowhere else.
 */
export interface EventCodec<Event, Stored> {
  readonly types: readonly string[];
  readonly encode: (this: void, event: Event) => Stored;
  /** @throws Error when the type is unknown: a stream is never read in part. */
  readonly decode: (this: void, type: string, data: unknown) => Event;
}

/** The stored events of a codec. */
export type StoredBy<Codec> = Codec extends EventCodec<never, infer Stored> ? Stored : never;

function payloadForms(stream: string, forms: object): (type: string) => Form<unknown, unknown> {
  const known = new Map(Object.entries(forms).map(([type, form]) => [type, formOf(form as FormOf<never>)]));
  return (type) => {
    const form = known.get(type);
    if (!form) throw new Error(`unknown event type of ${stream}: ${type}`);
    return form;
  };
}

/** The codec of a stream whose events have a type and a payload. `stream` completes the error "unknown event type of". */
export const eventCodec =
  <Event extends DomainEvent>(stream: string) =>
  <Forms extends Payloads<Event>>(forms: Forms): EventCodec<Event, StoredEvent<Event, Forms, unknown>> => {
    const formFor = payloadForms(stream, forms);
    return {
      types: Object.keys(forms),
      encode: ({ type, data }) => ({ type, data: formFor(type).store(data) }) as never,
      decode: (type, data) => ({ type, data: formFor(type).restore(data) }) as unknown as Event,
    };
  };

/** The codec of a stream whose events also have an instant; it is stored in the payload, as `at`. */
export const timedEventCodec =
  <Event extends DomainEvent & { readonly at: Instant }>(stream: string) =>
  <Forms extends Payloads<Event>>(
    forms: Forms,
  ): EventCodec<Event, StoredEvent<Event, Forms, { readonly at: string }>> => {
    const formFor = payloadForms(stream, forms);
    return {
      types: Object.keys(forms),
      encode: ({ type, at, data }) =>
        ({ type, data: { at: instant.store(at), ...(formFor(type).store(data) as object) } }) as never,
      decode: (type, stored) => {
        const form = formFor(type);
        const { at, ...data } = stored as { readonly at: string };
        return { type, at: instant.restore(at), data: form.restore(data) } as unknown as Event;
      },
    };
  };
