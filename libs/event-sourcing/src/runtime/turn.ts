import type { Aggregate, CommandContext, Decision, Outcome } from '../aggregate.js';
import { deriveId } from '../derive-id.js';
import type { NewEvent } from '../event-store.js';
import { MAX_EVENTS_IN_A_CALL } from './group-commit.js';
import type { Answer, DryRun, Execution, Reading } from './request.js';
import { revisionOf, type LiveState } from './state.js';

/** `decide`, `evolve` or `encode` threw, so the state may be partially modified. */
export class DecisionFailure {
  constructor(readonly cause: unknown) {}
}

/** Decides requests one after another on the same state and collects their events. */
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

  /** Returns `null` if the remaining room in this call is too small for its events. */
  execute(
    request: Execution<Command, Event, Refusal>,
  ): Answer<State, Command, Event, Refusal> | DecisionFailure | null {
    const { live } = this;
    const setting = this.#settingOf(request.command);
    const stale = this.#staleness(request.context.expectedRevision, setting);
    if (stale) return { request, value: stale, records: null };
    try {
      const decision = this.aggregate.decide(live.value, request.command);
      if (!decision.ok) return this.#refused(request, decision.refusal);
      if (!this.#hasRoomFor(decision.events.length)) return null;
      if (decision.events.length > 0) this.#record(decision.events, request.context);
      const outcome = {
        kind: 'accepted' as const,
        ...resultOf(decision),
        revision: revisionOf(live, setting),
        position: live.position,
      };
      if (decision.events.length === 0) return { request, value: outcome, records: null };
      request.accepted = outcome;
      return { request, value: outcome, records: outcome };
    } catch (error) {
      return new DecisionFailure(error);
    }
  }

  dryRun(request: DryRun<Command>): Answer<State, Command, Event, Refusal> | DecisionFailure {
    const { position, value } = this.live;
    const setting = this.#settingOf(request.command);
    const revision = revisionOf(this.live, setting);
    const stale = this.#staleness(request.expectedRevision, setting);
    if (stale) return { request, value: stale, records: null };
    try {
      const decision = this.aggregate.decide(value, request.command);
      if (!decision.ok) return this.#refused(request, decision.refusal);
      return { request, value: { kind: 'accepted', ...resultOf(decision), revision, position }, records: null };
    } catch (error) {
      return new DecisionFailure(error);
    }
  }

  read(request: Reading<State>): Answer<State, Command, Event, Refusal> {
    const { live } = this;
    const value = request.select(live.value, live.revision, (setting) => revisionOf(live, setting));
    return { request, value, records: null };
  }

  #settingOf(command: Command): string | null {
    return this.aggregate.settingOf?.(command) ?? null;
  }

  #refused(
    request: Execution<Command, Event, Refusal> | DryRun<Command>,
    refusal: Refusal,
  ): Answer<State, Command, Event, Refusal> {
    return { request, value: { kind: 'refused', refusal, revision: this.live.revision }, records: null };
  }

  #staleness(
    expectedRevision: number | readonly number[] | undefined,
    setting: string | null,
  ): Outcome<Event, Refusal> | null {
    if (expectedRevision === undefined) return null;
    const revision = revisionOf(this.live, setting);
    const isExpected =
      typeof expectedRevision === 'number' ? expectedRevision === revision : expectedRevision.includes(revision);
    return isExpected ? null : { kind: 'stale', expectedRevision, revision };
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
    events.forEach((event, index) => {
      live.value = aggregate.evolve(live.value, event);
      for (const setting of aggregate.settingsOf?.(event) ?? []) live.settings.set(setting, live.revision + 1 + index);
    });
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

const resultOf = <Event, Refusal>({ events, declined }: Extract<Decision<Event, Refusal>, { ok: true }>) => ({
  events,
  ...(declined && { declined }),
});
