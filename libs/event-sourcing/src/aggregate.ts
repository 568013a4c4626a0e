/** The types of an aggregate. The runtime passes them on as one type parameter. */
export interface AggregateTypes {
  readonly state: unknown;
  readonly command: unknown;
  readonly event: unknown;
  readonly refusal: unknown;
}

/** The contract between an aggregate and the command runtime. Every function is pure. */
export interface AggregateOf<T extends AggregateTypes> {
  /** The stream is `<category>-<id>`; a category contains no `-`. */
  readonly category: string;
  initial(): T['state'];
  /** May mutate and return `state`; the runtime discards a state whose append failed. */
  evolve(state: T['state'], event: T['event']): T['state'];
  /** Must not modify `state`. */
  decide(state: T['state'], command: T['command']): Decision<T['event'], T['refusal']>;
  /** The stored form: an explicit type name and a JSON payload. */
  encode(event: T['event']): { type: string; data: unknown };
  decode(type: string, data: unknown): T['event'];
  /** The tenant recorded in event metadata, once the state knows it. */
  tenantOf?(state: T['state']): string | null;
  snapshot?: Snapshotting<T['state']>;
  /**
   * Names of the settings that an event changes. The revision of a setting is that of the last event that changed it.
   */
  settingsOf?(event: T['event']): readonly string[];
  /**
   * The setting that a command concerns: `If-Match` and the returned revision refer to it. `null`: they refer to the
   * stream.
   */
  settingOf?(command: T['command']): string | null;
}

/** `AggregateTypes` of these four. */
export interface Types<State, Command, Event, Refusal> extends AggregateTypes {
  readonly state: State;
  readonly command: Command;
  readonly event: Event;
  readonly refusal: Refusal;
}

/** An aggregate by its four types, so that TypeScript can infer them from a definition. */
export type Aggregate<State, Command, Event, Refusal> = AggregateOf<Types<State, Command, Event, Refusal>>;

/** The types of a definition: `TypesOf<typeof projectAggregate>`. */
export type TypesOf<Definition> =
  Definition extends Aggregate<infer State, infer Command, infer Event, infer Refusal>
    ? Types<State, Command, Event, Refusal>
    : never;

export interface Snapshotting<State> {
  /** Increase it whenever the snapshot format changes; snapshots of any other version are ignored. */
  readonly version: number;
  /** Number of events between two snapshots. */
  readonly every: number;
  /** A JSON value. */
  encode(state: State): unknown;
  decode(json: unknown): State;
  /** Estimated size of a state in memory, in bytes; counted against the memory limits of the runtime. */
  sizeOf?(state: State): number;
}

/** One item of a command's list that was refused while the others were accepted. */
export interface Declined<Refusal> {
  readonly index: number;
  readonly refusal: Refusal;
}

export type Decision<Event, Refusal> =
  | { readonly ok: true; readonly events: readonly Event[]; readonly declined?: readonly Declined<Refusal>[] }
  | { readonly ok: false; readonly refusal: Refusal };

/** Identifies the caller of a command and the revision it expects. */
export interface CommandContext {
  /** Event ids are derived from it. */
  readonly commandId: string;
  readonly correlationId: string;
  readonly causationId: string | null;
  readonly actor: string;
  readonly tenantId: string | null;
  /** W3C trace context of what sent the command, where tracing is on. */
  readonly traceparent?: string;
  /**
   * `If-Match`: the command is executed only at one of these revisions, of the setting it concerns or else of the
   * stream.
   */
  readonly expectedRevision?: number | readonly number[];
  /**
   * The command id may be sent more than once (idempotency key, redelivered message), so the runtime first checks
   * whether it was recorded.
   */
  readonly repeatable?: boolean;
}

export type Outcome<Event, Refusal> =
  | {
      readonly kind: 'accepted';
      readonly events: readonly Event[];
      /** Absent also when the command was recognized as recorded before: the store keeps events only. */
      readonly declined?: readonly Declined<Refusal>[];
      /** Revision of the setting that the command concerns, else of the stream. */
      readonly revision: number;
      readonly position: bigint;
    }
  | { readonly kind: 'refused'; readonly refusal: Refusal; readonly revision: number }
  | { readonly kind: 'stale'; readonly expectedRevision: number | readonly number[]; readonly revision: number };
