import type { Aggregate, CommandContext, Outcome } from '../aggregate.js';
import { deriveId } from '../derive-id.js';
import type { NewEvent } from '../event-store.js';
import { MAX_EVENTS_IN_A_CALL } from './group-commit.js';
import type { Answer, DryRun, Execution, Reading } from './request.js';
import type { LiveState } from './state.js';

/** Thrown by `decide`, `evolve` or `encode`: the state may be half changed. */
export class Broken {
  constructor(readonly cause: unknown) {}
}

/** Decides one request after the other on the same state and collects their events. */
export class Turn<State, Command, Event, Refusal> {
  readonly events: NewEvent[] = [];
  readonly startRevision: number;
  #recordedAt = '';

  constructor(
    private readonly aggregate: Aggregate<State, Command, Event, Refusal>,
    private readonly live: LiveState<State>,
    private readonly room: number,
    private readonly now: () => Date,
  ) {
    this.startRevision = live.revision;
  }

  /** `null` when its events have no room in this call any more. */
  execute(request: Execution<Command, Event, Refusal>): Answer<State, Command, Event, Refusal> | Broken | null {
    const { live } = this;
    const stale = this.#staleness(request.context.expectedRevision);
    if (stale) return { request, value: stale, records: null };
    try {
      const decision = this.aggregate.decide(live.value, request.command);
      if (!decision.ok) return this.#refused(request, decision.refusal);
      if (!this.#hasRoomFor(decision.events.length)) return null;
      if (decision.events.length > 0) this.#record(decision.events, request.context);
      const outcome = {
        kind: 'accepted' as const,
        events: decision.events,
        revision: live.revision,
        position: live.position,
      };
      if (decision.events.length === 0) return { request, value: outcome, records: null };
      request.accepted = outcome;
      return { request, value: outcome, records: outcome };
    } catch (error) {
      return new Broken(error);
    }
  }

  dryRun(request: DryRun<Command>): Answer<State, Command, Event, Refusal> | Broken {
    const { revision, position, value } = this.live;
    const stale = this.#staleness(request.expectedRevision);
    if (stale) return { request, value: stale, records: null };
    try {
      const decision = this.aggregate.decide(value, request.command);
      if (!decision.ok) return this.#refused(request, decision.refusal);
      return { request, value: { kind: 'accepted', events: decision.events, revision, position }, records: null };
    } catch (error) {
      return new Broken(error);
    }
  }

  read(request: Reading<State>): Answer<State, Command, Event, Refusal> {
    return { request, value: request.look(this.live.value, this.live.revision), records: null };
  }

  #refused(
    request: Execution<Command, Event, Refusal> | DryRun<Command>,
    refusal: Refusal,
  ): Answer<State, Command, Event, Refusal> {
    return { request, value: { kind: 'refused', refusal, revision: this.live.revision }, records: null };
  }

  #staleness(expectedRevision: number | undefined): Outcome<Event, Refusal> | null {
    const { revision } = this.live;
    return expectedRevision === undefined || expectedRevision === revision
      ? null
      : { kind: 'stale', expectedRevision, revision };
  }

  #hasRoomFor(events: number): boolean {
    const nothingYet = this.room === MAX_EVENTS_IN_A_CALL && this.events.length === 0;
    return nothingYet || this.events.length + events <= this.room;
  }

  #record(events: readonly Event[], context: CommandContext): void {
    const { aggregate, live } = this;
    const { commandId, correlationId, causationId, actor } = context;
    this.#recordedAt ||= this.now().toISOString();
    const recordedAt = this.#recordedAt;
    const encoded = events.map((event) => aggregate.encode(event));
    for (const event of events) live.value = aggregate.evolve(live.value, event);
    const tenantId = aggregate.tenantOf?.(live.value) ?? context.tenantId;
    encoded.forEach(({ type, data }, index) => {
      const eventId = deriveId(commandId, index);
      this.events.push({
        type,
        data,
        metadata: { eventId, correlationId, causationId, commandId, actor, tenantId, recordedAt },
      });
    });
    live.revision += events.length;
    live.eventId = this.events.at(-1)!.metadata.eventId;
  }
}
