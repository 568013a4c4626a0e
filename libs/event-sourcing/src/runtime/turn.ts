import type { AggregateOf, AggregateTypes, CommandContext, Outcome } from '../aggregate.js';
import { eventIdOf } from '../event-id.js';
import type { NewEvent } from '../event-store.js';
import { MAX_EVENTS_IN_A_CALL } from './group-commit.js';
import { LATER, type Answer, type DryRun, type Execution, type Reading, type Request } from './request.js';
import { revisionOf, type LiveState } from './state.js';

/** Decides requests one after another, each on the state left by the previous one, and collects their events. */
export class Turn<T extends AggregateTypes> {
  readonly events: NewEvent[] = [];
  /** Answers that wait for the append or check of this turn. */
  readonly answers: Answer<T>[] = [];
  readonly startRevision: number;
  #recordedAt = '';

  constructor(
    private readonly aggregate: AggregateOf<T>,
    private readonly live: LiveState<T>,
    /** Maximum number of events, unless it is a whole call. */
    private readonly room: number,
    private readonly now: () => Date,
  ) {
    this.startRevision = live.revision;
  }

  /**
   * Returns `LATER` if the remaining room in this call is too small for the events of the command. Throws what the
   * aggregate throws; the state may be partially modified then.
   */
  decide(request: Request<T>): Answer<T> | typeof LATER {
    return request.kind === 'read' ? this.#read(request) : this.#decide(request);
  }

  #read(request: Reading<T>): Answer<T> {
    const { live } = this;
    const value = request.select(live.value, live.revision, (setting) => revisionOf(live, setting));
    return { request, value, records: null };
  }

  #decide(request: Execution<T> | DryRun<T>): Answer<T> | typeof LATER {
    const { aggregate, live } = this;
    const setting = this.#settingOf(request.command);
    const stale = this.#staleness(request.context?.expectedRevision, setting);
    if (stale) return { request, value: stale, records: null };
    const decision = aggregate.decide(live.value, request.command);
    if (!decision.ok) return this.#refused(request, decision.refusal);
    const { events, declined } = decision;
    const records = request.kind === 'execute' && events.length > 0;
    if (records) {
      if (!this.#hasRoomFor(events.length)) return LATER;
      this.#record(events, request.context);
    }
    const outcome = {
      kind: 'accepted' as const,
      events,
      ...(declined && { declined }),
      revision: revisionOf(live, setting),
      position: live.position,
    };
    if (!records) return { request, value: outcome, records: null };
    request.accepted = outcome;
    return { request, value: outcome, records: outcome };
  }

  #settingOf(command: T['command']): string | null {
    return this.aggregate.settingOf?.(command) ?? null;
  }

  #refused(request: Execution<T> | DryRun<T>, refusal: T['refusal']): Answer<T> {
    return { request, value: { kind: 'refused', refusal, revision: this.live.revision }, records: null };
  }

  #staleness(
    expectedRevision: number | readonly number[] | undefined,
    setting: string | null,
  ): Outcome<T['event'], T['refusal']> | null {
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

  #record(events: readonly T['event'][], context: CommandContext): void {
    const { aggregate, live } = this;
    const { commandId, correlationId, causationId, actor, traceparent } = context;
    const trace = traceparent === undefined ? undefined : { traceparent };
    this.#recordedAt ||= this.now().toISOString();
    const recordedAt = this.#recordedAt;
    const encoded = events.map((event) => aggregate.encode(event));
    events.forEach((event, index) => {
      live.value = aggregate.evolve(live.value, event);
      for (const setting of aggregate.settingsOf?.(event) ?? []) live.settings.set(setting, live.revision + 1 + index);
    });
    const tenantId = aggregate.tenantOf?.(live.value) ?? context.tenantId;
    encoded.forEach(({ type, data }, index) => {
      const eventId = eventIdOf({
        commandId,
        revision: live.revision + 1 + index,
        type,
        json: JSON.stringify(data),
        isLast: index === encoded.length - 1,
      });
      this.events.push({
        type,
        data,
        metadata: { eventId, correlationId, causationId, commandId, actor, tenantId, recordedAt, ...trace },
      });
    });
    live.revision += events.length;
    live.eventId = this.events.at(-1)!.metadata.eventId;
  }
}
