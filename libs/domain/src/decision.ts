/**
 * The result of a decision: its events, or the refusal. No events: everything is already so.
 * Refusals are values with data; an exception means broken machinery.
 */
export type Decision<Event, Refusal> =
  { readonly ok: true; readonly events: readonly Event[] } | { readonly ok: false; readonly refusal: Refusal };

export const accept = <Event>(events: readonly Event[]): { readonly ok: true; readonly events: readonly Event[] } => ({
  ok: true,
  events,
});

export const refuse = <Refusal>(refusal: Refusal): { readonly ok: false; readonly refusal: Refusal } => ({
  ok: false,
  refusal,
});

/** A point in time: milliseconds since 1970-01-01T00:00:00Z. Stored events and HTTP carry it as an ISO 8601 UTC string. */
export type Instant = number;
