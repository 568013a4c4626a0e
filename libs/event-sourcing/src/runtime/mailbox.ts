import { setTimeout as sleep } from 'node:timers/promises';
import type { Aggregate, Outcome } from '../aggregate.js';
import { OutcomeUnknown, Overloaded, StorageFull, TooManyConflicts, type AppendFailure } from '../errors.js';
import type { AppendResult, RecordedEvent, StreamAppend } from '../event-store.js';
import type { ReadyStream } from './group-commit.js';
import type { Answer, Execution, Request } from './request.js';
import type { LiveState } from './state.js';
import { DecisionFailure, Turn } from './turn.js';

/** What a mailbox needs from the runtime. */
export interface MailboxDependencies<State> {
  readonly maxWaiting: number;
  /** Incremented when another process appends; a state verified before that may be outdated. */
  foreignAppends(): number;
  now(): Date;
  load(): Promise<LiveState<State>>;
  /** Applies the new events of the stream to the state. */
  catchUp(state: LiveState<State>): Promise<void>;
  streamRevision(): Promise<number>;
  findByCommand(commandId: string): Promise<readonly RecordedEvent[]>;
  ready(stream: ReadyStream): void;
  busy(): void;
  idle(): void;
  /** The state is durable and does not change during the call. */
  settled(state: LiveState<State>): void;
  answered(kind: Outcome<unknown, unknown>['kind'] | 'failed', since: number): void;
  conflicted(): void;
}

/**
 * Whether an answer must be verified against the stream even without a hint of a foreign append: hints can arrive late,
 * and a refusal or a 404 must not be based on an outdated state.
 */
const needsCheck = <State, Command, Event, Refusal>({
  request,
  value,
}: Answer<State, Command, Event, Refusal>): boolean =>
  request.kind === 'read' ? request.consistent : (value as Outcome<unknown, unknown>).kind !== 'accepted';

/** Maximum attempts for a command that was decided on an outdated state. */
const MAX_TRIES = 20;

type Phase = 'idle' | 'loading' | 'lookingUp' | 'ready' | 'appending' | 'checking';

/**
 * The requests waiting for one stream, and the state of the stream. A turn decides all waiting requests in order, each
 * on the state left by the previous one, and hands over their events as one append; answers that depend on them are
 * sent once they are durable. There is one append at a time, so a turn starts from a durable state and a failed append
 * costs only the cached state.
 */
export class Mailbox<State, Command, Event, Refusal> implements ReadyStream {
  #phase: Phase = 'idle';
  #waiting: Request<State, Command, Event, Refusal>[] = [];
  /** Decided answers that wait for the append or check in progress. */
  #pending: Answer<State, Command, Event, Refusal>[] = [];
  #state: LiveState<State> | null = null;
  /** Value of `foreignAppends()` when the state was last verified. */
  #currentAsOf = -1;
  #currentAsOfAppend = -1;
  readonly #repeatable = new Map<string, Execution<Command, Event, Refusal>>();

  constructor(
    readonly streamName: string,
    private readonly aggregate: Aggregate<State, Command, Event, Refusal>,
    private readonly dependencies: MailboxDependencies<State>,
  ) {}

  /** The state if it is current and no request is waiting, else `null`. */
  get idleState(): LiveState<State> | null {
    return this.#phase === 'idle' && this.#isCurrent() ? this.#state : null;
  }

  get state(): LiveState<State> | null {
    return this.#state;
  }

  enqueue(request: Request<State, Command, Event, Refusal>): void {
    if (this.#waiting.length >= this.dependencies.maxWaiting) {
      if (request.kind === 'execute') this.dependencies.answered('failed', request.since);
      request.reject(new Overloaded(this.streamName, this.#waiting.length));
      return;
    }
    this.#waiting.push(request);
    if (request.kind === 'execute' && request.context.repeatable) this.#rememberRepeatable(request);
    if (this.#phase !== 'idle') return;
    this.dependencies.busy();
    this.#proceed();
  }

  takeTurn(room: number): StreamAppend | null {
    const turn = new Turn(this.aggregate, this.#state!, room, () => this.dependencies.now());
    const isCurrent = this.#isCurrent();
    const mark = this.dependencies.foreignAppends();
    const taken = this.#decideWaiting(turn, isCurrent);
    this.#waiting = taken === this.#waiting.length ? [] : this.#waiting.slice(taken);
    if (turn.events.length > 0) {
      this.#phase = 'appending';
      this.#currentAsOfAppend = mark;
      return { streamName: this.streamName, expectedRevision: turn.startRevision, events: turn.events };
    }
    if (this.#pending.length > 0) void this.#check(turn.startRevision, mark);
    else this.#proceed();
    return null;
  }

  /**
   * Decides as many requests as the turn has room for, and returns how many. Answers that depend on no append are sent
   * at once.
   */
  #decideWaiting(turn: Turn<State, Command, Event, Refusal>, isCurrent: boolean): number {
    let taken = 0;
    for (let next; (next = this.#waiting[taken]); taken++) {
      const answer = this.#repeatOf(next) ?? this.#decide(next, turn);
      if (answer === 'unknown' || answer === 'no room') return taken;
      if (answer instanceof DecisionFailure) {
        this.#state = null;
        this.#reject(next, answer.cause);
        return taken + 1;
      }
      if (!answer) continue;
      const canResolveNow = isCurrent && turn.events.length === 0 && !needsCheck(answer);
      if (canResolveNow) this.#resolve(answer);
      else this.#pending.push(answer);
    }
    return taken;
  }

  appendEnded(result: AppendResult | AppendFailure): void {
    const pending = this.#pending;
    this.#pending = [];
    if (result instanceof OutcomeUnknown || result instanceof StorageFull) this.#failed(pending, result);
    else if (result.ok) this.#appended(pending, result.position);
    else this.#conflicted(pending);
  }

  /** Returns `null` if the request has already been answered. */
  #decide(
    request: Request<State, Command, Event, Refusal>,
    turn: Turn<State, Command, Event, Refusal>,
  ): Answer<State, Command, Event, Refusal> | DecisionFailure | 'no room' | null {
    if (request.kind === 'execute') return turn.execute(request) ?? 'no room';
    if (request.kind === 'dryRun') return turn.dryRun(request);
    try {
      return turn.read(request);
    } catch (error) {
      request.reject(error);
      return null;
    }
  }

  /** The answer of a repeated command that was already recorded; `unknown` while the store is queried. */
  #repeatOf(
    request: Request<State, Command, Event, Refusal>,
  ): Answer<State, Command, Event, Refusal> | DecisionFailure | 'unknown' | null {
    if (request.kind !== 'execute' || !request.repeat) return null;
    const { inFlight, recorded } = request.repeat;
    if (inFlight?.accepted) {
      request.accepted = inFlight.accepted;
      return { request, value: inFlight.accepted, records: null };
    }
    if (!recorded) return 'unknown';
    const last = recorded.at(-1);
    if (!last) return null;
    try {
      const events = recorded.map(({ type, data }) => this.aggregate.decode(type, data));
      const { position } = last;
      const { revision } = recorded[this.#lastAboutSettingOf(request.command, events)] ?? last;
      return { request, value: { kind: 'accepted', events, revision, position }, records: null };
    } catch (error) {
      return new DecisionFailure(error);
    }
  }

  /** Index of the last event that changed the setting of the command. */
  #lastAboutSettingOf(command: Command, events: readonly Event[]): number {
    const setting = this.aggregate.settingOf?.(command) ?? null;
    if (setting === null) return events.length - 1;
    return events.findLastIndex((event) => this.aggregate.settingsOf?.(event).includes(setting));
  }

  #rememberRepeatable(request: Execution<Command, Event, Refusal>): void {
    const { commandId } = request.context;
    const inFlight = this.#repeatable.get(commandId) ?? null;
    this.#repeatable.set(commandId, request);
    request.repeat = { inFlight, recorded: null };
    this.#lookUpAll([request]);
  }

  /**
   * Queries the store for repeatable commands, but only once the state is loaded: a query before that would miss what
   * another process records in between, without any conflict revealing it. Anything recorded after the state was loaded
   * conflicts.
   */
  #lookUpAll(requests: readonly Request<State, Command, Event, Refusal>[]): void {
    if (!this.#state) return;
    for (const request of requests)
      if (request.kind === 'execute' && request.repeat) this.#lookUp(request, request.repeat.inFlight);
  }

  #lookUp(request: Execution<Command, Event, Refusal>, inFlight: Execution<Command, Event, Refusal> | null): void {
    const repeat = { inFlight, recorded: null as readonly RecordedEvent[] | null };
    request.repeat = repeat;
    this.dependencies.findByCommand(request.context.commandId).then(
      (recorded) => {
        repeat.recorded = recorded;
        if (this.#phase === 'lookingUp') this.#proceed();
      },
      (error: unknown) => {
        if (request.repeat !== repeat || !this.#waiting.includes(request)) return;
        this.#waiting = this.#waiting.filter((other) => other !== request);
        this.#reject(request, error);
        if (this.#phase === 'lookingUp') this.#proceed();
      },
    );
  }

  /** Moves the mailbox to its next phase. */
  #proceed(): void {
    const next = this.#waiting[0];
    if (!next) {
      this.#phase = 'idle';
      this.dependencies.idle();
    } else if (!this.#state) {
      this.#phase = 'loading';
      void this.#load();
    } else if (this.#repeatOf(next) === 'unknown') {
      this.#phase = 'lookingUp';
    } else {
      this.#phase = 'ready';
      this.dependencies.ready(this);
    }
  }

  async #load(): Promise<void> {
    const mark = this.dependencies.foreignAppends();
    try {
      this.#state = await this.dependencies.load();
      this.#currentAsOf = mark;
      this.#lookUpAll(this.#waiting);
      this.dependencies.settled(this.#state);
    } catch (error) {
      this.#state = null;
      const failed = this.#waiting;
      this.#waiting = [];
      for (const request of failed) this.#reject(request, error);
    }
    this.#proceed();
  }

  #isCurrent(): boolean {
    return this.#state !== null && this.#currentAsOf === this.dependencies.foreignAppends();
  }

  /** A turn without events: its answers are valid if the stream is still at the revision of the state. */
  async #check(revision: number, mark: number): Promise<void> {
    this.#phase = 'checking';
    const pending = this.#pending;
    this.#pending = [];
    try {
      const isCurrent = (await this.dependencies.streamRevision()) === revision;
      if (!isCurrent && this.#state) await this.dependencies.catchUp(this.#state);
      this.#currentAsOf = mark;
      if (isCurrent) for (const answer of pending) this.#resolve(answer);
      else this.#requeue(pending);
    } catch (error) {
      this.#state = null;
      for (const { request } of pending) this.#reject(request, error);
    }
    this.#proceed();
  }

  #appended(pending: readonly Answer<State, Command, Event, Refusal>[], position: bigint): void {
    if (this.#state) {
      this.#state.position = position;
      this.#currentAsOf = this.#currentAsOfAppend;
      this.dependencies.settled(this.#state);
    }
    for (const answer of pending) {
      if (answer.records) answer.records.position = position;
      this.#resolve(answer);
    }
    this.#proceed();
  }

  /** Another writer was first, so the state contains events that were not stored. */
  #conflicted(pending: readonly Answer<State, Command, Event, Refusal>[]): void {
    this.#state = null;
    this.dependencies.conflicted();
    this.#requeue(pending);
    const tries = this.#waiting[0]?.tries ?? 0;
    this.#phase = 'loading';
    // Two processes write to this stream: back off longer after each lost race.
    if (tries > 1) void sleep(Math.random() * tries * 10).then(() => this.#proceed());
    else this.#proceed();
  }

  #failed(pending: readonly Answer<State, Command, Event, Refusal>[], error: AppendFailure): void {
    this.#state = null;
    for (const { request, records } of pending) if (records) this.#reject(request, error);
    this.#requeue(pending.filter(({ records }) => !records));
    this.#proceed();
  }

  /** Puts the requests back at the head of the queue, in order, and queries repeatable commands again. */
  #requeue(answers: readonly Answer<State, Command, Event, Refusal>[]): void {
    const back: Request<State, Command, Event, Refusal>[] = [];
    for (const { request } of answers) {
      if (request.kind === 'execute') request.accepted = null;
      if (++request.tries < MAX_TRIES) back.push(request);
      else this.#reject(request, new TooManyConflicts(this.streamName, request.tries));
    }
    this.#waiting = [...back, ...this.#waiting];
    this.#lookUpAll(this.#waiting);
  }

  #resolve({ request, value }: Answer<State, Command, Event, Refusal>): void {
    if (request.kind === 'execute') {
      this.#forget(request);
      this.dependencies.answered((value as Outcome<Event, Refusal>).kind, request.since);
    }
    request.resolve(value);
  }

  #reject(request: Request<State, Command, Event, Refusal>, error: unknown): void {
    if (request.kind === 'execute') {
      request.accepted = null;
      this.#forget(request);
      this.dependencies.answered('failed', request.since);
    }
    request.reject(error);
  }

  #forget(request: Execution<Command, Event, Refusal>): void {
    const { commandId } = request.context;
    if (request.repeat && this.#repeatable.get(commandId) === request) this.#repeatable.delete(commandId);
    if (request.repeat) request.repeat = null;
  }
}
