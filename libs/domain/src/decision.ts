/** One item of a list that was refused while the others were accepted: its place in the list, from 0. */
export interface Declined<Refusal> {
  readonly index: number;
  readonly refusal: Refusal;
}

export interface Accepted<Event, Refusal = never> {
  readonly ok: true;
  readonly events: readonly Event[];
  /** Absent: all of the command was accepted. */
  readonly declined?: readonly Declined<Refusal>[];
}

/**
 * The result of a decision: its events, or the refusal. No events: everything is already so.
 * Refusals are values with data; an exception means broken machinery.
 */
export type Decision<Event, Refusal> = Accepted<Event, Refusal> | { readonly ok: false; readonly refusal: Refusal };

export const accept = <Event, Refusal = never>(
  events: readonly Event[],
  declined: readonly Declined<Refusal>[] = [],
): Accepted<Event, Refusal> => ({ ok: true, events, ...(declined.length > 0 && { declined }) });

export const refuse = <Refusal>(refusal: Refusal): { readonly ok: false; readonly refusal: Refusal } => ({
  ok: false,
  refusal,
});

/** A point in time: milliseconds since 1970-01-01T00:00:00Z. Stored events and HTTP carry it as an ISO 8601 UTC string. */
export type Instant = number;
