import type { AggregateOf, AggregateTypes } from '../aggregate.js';
import type { EventStore } from '../event-store.js';
import { LATER, type Answer, type Execution, type Request } from './request.js';

/**
 * Recognizes repeatable commands of a stream that are sent again: by the requests in progress in this process, else by
 * the events in the store.
 */
export class RepeatedCommands<T extends AggregateTypes> {
  /** The unanswered requests of each command. */
  readonly #inFlight = new Map<string, Set<Execution<T>>>();

  constructor(
    private readonly streamName: string,
    private readonly aggregate: AggregateOf<T>,
    private readonly store: EventStore,
  ) {}

  remember(request: Execution<T>): void {
    const { commandId } = request.context;
    const unanswered = this.#inFlight.get(commandId) ?? new Set();
    request.repeat = { inFlight: [...unanswered], recorded: null, lookup: null };
    this.#inFlight.set(commandId, unanswered.add(request));
  }

  forget(request: Execution<T>): void {
    const { repeat, context } = request;
    if (!repeat) return;
    const unanswered = this.#inFlight.get(context.commandId);
    unanswered?.delete(request);
    if (unanswered?.size === 0) this.#inFlight.delete(context.commandId);
    request.repeat = null;
  }

  /**
   * Queries the store for the events of a remembered command. `onFailure` is not called if the command was queried
   * again meanwhile.
   */
  lookUp(request: Execution<T>, onFailure: (error: unknown) => void): void {
    const repeat: NonNullable<Execution<T>['repeat']> = {
      inFlight: request.repeat?.inFlight ?? [],
      recorded: null,
      lookup: null,
    };
    request.repeat = repeat;
    repeat.lookup = this.store.findByCommand(this.streamName, request.context.commandId).then(
      (recorded) => void (repeat.recorded = recorded),
      (error: unknown) => {
        if (request.repeat === repeat) onFailure(error);
      },
    );
  }

  /** The query that has to be answered before the request can be decided. */
  lookupOf(request: Request<T>): Promise<void> | null {
    return this.answerTo(request) === LATER ? (request as Execution<T>).repeat!.lookup : null;
  }

  /** The answer of a command that was already accepted; `LATER` until that is known; `null` if it has to be decided. */
  answerTo(request: Request<T>): Answer<T> | typeof LATER | null {
    if (request.kind !== 'execute' || !request.repeat) return null;
    const { inFlight, recorded } = request.repeat;
    const accepted = inFlight.find((earlier) => earlier.accepted)?.accepted;
    if (accepted) {
      request.accepted = accepted;
      return { request, value: accepted, records: null };
    }
    if (!recorded) return LATER;
    const last = recorded.at(-1);
    if (!last) return null;
    const events = recorded.map(({ type, data }) => this.aggregate.decode(type, data));
    const { revision } = recorded[this.#lastAboutSettingOf(request.command, events)] ?? last;
    return { request, value: { kind: 'accepted', events, revision, position: last.position }, records: null };
  }

  /** Index of the last event that changed the setting of the command. */
  #lastAboutSettingOf(command: T['command'], events: readonly T['event'][]): number {
    const setting = this.aggregate.settingOf?.(command) ?? null;
    if (setting === null) return events.length - 1;
    return events.findLastIndex((event) => this.aggregate.settingsOf?.(event).includes(setting));
  }
}
