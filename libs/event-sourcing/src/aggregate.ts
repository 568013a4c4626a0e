/** What the command runtime asks of an aggregate. All of it is pure. */
export interface Aggregate<State, Command, Event, Refusal> {
  /** `<category>-<id>` is the stream; no `-` in it. */
  readonly category: string;
  initial(): State;
  /** May change `state` in place and return it; the runtime drops a state whose append failed. */
  evolve(state: State, event: Event): State;
  /** Leaves `state` as it was. */
  decide(state: State, command: Command): Decision<Event, Refusal>;
  /** Stored form: explicit type string and JSON payload. */
  encode(event: Event): { type: string; data: unknown };
  decode(type: string, data: unknown): Event;
  /** The tenant stamped on every event, as soon as the state knows it. */
  tenantOf?(state: State): string | null;
  snapshot?: Snapshotting<State>;
  /** The settings an event changes, under names of the aggregate's own. A setting has the revision of the last event that did. */
  settingsOf?(event: Event): readonly string[];
  /** The setting a command is about: `If-Match` and the revision of the answer are that setting's. `null`: the stream's. */
  settingOf?(command: Command): string | null;
}

export interface Snapshotting<State> {
  /** Grows with every change of the snapshot's form; another version is ignored, never trusted. */
  readonly version: number;
  /** A snapshot is taken every so many events. */
  readonly every: number;
  /** A JSON value. */
  encode(state: State): unknown;
  decode(json: unknown): State;
  /** About how many bytes a state holds in memory: what the runtime's bound counts. */
  sizeOf?(state: State): number;
}

export type Decision<Event, Refusal> =
  { readonly ok: true; readonly events: readonly Event[] } | { readonly ok: false; readonly refusal: Refusal };

/** Who asks, why, and at which revision. */
export interface CommandContext {
  /** Event ids derive from it. */
  readonly commandId: string;
  readonly correlationId: string;
  readonly causationId: string | null;
  readonly actor: string;
  readonly tenantId: string | null;
  /** `If-Match`: decided at this revision, or one of these, or not at all. Of the setting the command is about, else of the stream. */
  readonly expectedRevision?: number | readonly number[];
  /** The same command id may come again (idempotency key, redelivered message): look first whether it was recorded. */
  readonly repeatable?: boolean;
}

export type Outcome<Event, Refusal> =
  | {
      readonly kind: 'accepted';
      readonly events: readonly Event[];
      /** Of the setting the command is about, else of the stream. */
      readonly revision: number;
      readonly position: bigint;
    }
  | { readonly kind: 'refused'; readonly refusal: Refusal; readonly revision: number }
  | { readonly kind: 'stale'; readonly expectedRevision: number | readonly number[]; readonly revision: number };
