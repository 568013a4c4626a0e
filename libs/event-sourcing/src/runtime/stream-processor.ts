import { setTimeout as sleep } from 'node:timers/promises';
import type { AggregateOf, AggregateTypes, Outcome } from '../aggregate.js';
import { Overloaded, TooManyConflicts, type AppendFailure } from '../errors.js';
import type { EventStore, StreamAppend } from '../event-store.js';
import type { Logger } from '../logger.js';
import type { ForeignAppends } from './foreign-appends.js';
import type { GroupCommit, ReadyStream, TurnResult } from './group-commit.js';
import type { RuntimeMetrics } from './metrics.js';
import { RepeatedCommands } from './repeated-commands.js';
import { LATER, type Answer, type Execution, type Request } from './request.js';
import type { Snapshots } from './snapshots.js';
import { catchUp, initialState, type LiveState } from './state.js';
import type { Registered, StreamRegistry } from './stream-registry.js';
import { Turn } from './turn.js';

/** What the streams of a runtime share. */
export interface StreamDependencies {
  readonly store: EventStore;
  readonly commit: GroupCommit;
  readonly snapshots: Snapshots;
  readonly registry: StreamRegistry;
  readonly foreignAppends: ForeignAppends;
  readonly metrics: RuntimeMetrics;
  readonly logger: Logger;
  readonly now: () => Date;
  readonly maxWaiting: number;
}

/** Answers that are valid if the stream is at the revision. */
type Unchecked<T extends AggregateTypes> = Pick<Turn<T>, 'answers' | 'startRevision'>;

/** Maximum attempts for a command that was decided on an outdated state. */
const MAX_TRIES = 20;

/**
 * Owns one stream: its waiting requests and its state. While requests wait it loads the state, decides all of them in
 * one turn, each on the state left by the previous one, appends their events together, and settles: an answer is sent
 * once everything it depends on is durable. There is one turn at a time, so a turn starts from a durable state and a
 * failed append costs only the state in memory.
 */
export class StreamProcessor<T extends AggregateTypes> implements ReadyStream, Registered {
  readonly #repeated: RepeatedCommands<T>;
  #waiting: Request<T>[] = [];
  #isRunning = false;
  #state: LiveState<T> | null = null;
  /** Count of foreign appends when the state was last known to be current. */
  #currentAsOf = -1;
  #turn: Turn<T> | null = null;
  #turnAsOf = -1;

  constructor(
    readonly streamName: string,
    private readonly aggregate: AggregateOf<T>,
    private readonly dependencies: StreamDependencies,
  ) {
    this.#repeated = new RepeatedCommands(streamName, aggregate, dependencies.store);
  }

  /** The state if it is current and no request is in progress, else `null`. */
  get idleState(): LiveState<T> | null {
    return !this.#isRunning && this.#isCurrent() ? this.#state : null;
  }

  get stateBytes(): number | null {
    if (!this.#state) return null;
    const { value, revision } = this.#state;
    return this.aggregate.snapshot?.sizeOf?.(value) ?? estimatedBytes(revision + 1);
  }

  enqueue(request: Request<T>): void {
    const waiting = this.#waiting;
    if (waiting.length >= this.dependencies.maxWaiting)
      return this.#reject(request, new Overloaded(this.streamName, waiting.length));
    waiting.push(request);
    if (request.kind === 'execute' && request.context.repeatable) {
      this.#repeated.remember(request);
      this.#lookUp([request]);
    }
    if (!this.#isRunning) void this.#run();
  }

  async #run(): Promise<void> {
    const { commit, registry } = this.dependencies;
    this.#isRunning = true;
    registry.busy(this);
    for (let next; (next = this.#waiting[0]);) {
      const lookup = this.#state && this.#repeated.lookupOf(next);
      if (!this.#state) await this.#load();
      else if (lookup) await lookup;
      else {
        const settling = this.#settle(await commit.join(this));
        if (settling) await settling;
      }
    }
    this.#isRunning = false;
    registry.idle(this);
  }

  /**
   * @param result of the append of the turn; `null`: it appends nothing, but its answers must be current
   * @returns what is still to be waited for, if anything
   */
  #settle(result: TurnResult): Promise<void> | null {
    const turn = this.#turn!;
    if (result === null) return this.#check(turn);
    if (result instanceof Error) {
      this.#failed(turn, result);
      return null;
    }
    if (!result.ok) return this.#conflicted(turn);
    const unchecked = this.#appended(turn, result.position);
    return unchecked.answers.length > 0 ? this.#check(unchecked) : null;
  }

  async #load(): Promise<void> {
    const { store, snapshots, metrics, foreignAppends, logger } = this.dependencies;
    const { streamName, aggregate } = this;
    const asOf = foreignAppends.count;
    const start = performance.now();
    try {
      const loaded = (await snapshots.load(streamName, aggregate)) ?? (await this.#readAll(store));
      const milliseconds = performance.now() - start;
      metrics.loaded?.(aggregate.category, loaded.eventsRead, milliseconds);
      logger.debug?.({ stream: streamName, eventsRead: loaded.eventsRead, durationMs: milliseconds }, 'state loaded');
      this.#state = loaded.state;
      this.#currentAsOf = asOf;
      this.#lookUp(this.#waiting);
      snapshots.offer(streamName, aggregate, loaded.state);
    } catch (error) {
      this.#state = null;
      for (const request of this.#waiting.splice(0)) this.#reject(request, error);
    }
  }

  async #readAll(store: EventStore): Promise<{ state: LiveState<T>; eventsRead: number }> {
    const state = initialState(this.aggregate);
    return { state, eventsRead: await catchUp(state, this.streamName, this.aggregate, store) };
  }

  takeTurn(room: number): StreamAppend | null {
    const { now, foreignAppends } = this.dependencies;
    const turn = new Turn(this.aggregate, this.#state!, room, now);
    this.#turn = turn;
    const isCurrent = this.#isCurrent();
    this.#turnAsOf = foreignAppends.count;
    const taken = this.#decideWaiting(turn, isCurrent);
    this.#waiting = taken === this.#waiting.length ? [] : this.#waiting.slice(taken);
    if (turn.events.length === 0) return null;
    return { streamName: this.streamName, expectedRevision: turn.startRevision, events: turn.events };
  }

  /**
   * Decides as many requests as the turn has room for, and returns how many. Answers that depend on no append are sent
   * at once.
   */
  #decideWaiting(turn: Turn<T>, isCurrent: boolean): number {
    let taken = 0;
    for (let next; this.#state && (next = this.#waiting[taken]); taken++) {
      const answer = this.#decide(next, turn);
      if (answer === LATER) break;
      if (!answer) continue;
      if (isCurrent && turn.events.length === 0 && !needsCheck(answer)) this.#resolve(answer);
      else turn.answers.push(answer);
    }
    return taken;
  }

  /** Returns `null` if the request failed and has been rejected. */
  #decide(request: Request<T>, turn: Turn<T>): Answer<T> | typeof LATER | null {
    try {
      return this.#repeated.answerTo(request) ?? turn.decide(request);
    } catch (error) {
      // A command may have modified the state before it threw.
      if (request.kind !== 'read') this.#state = null;
      this.#reject(request, error);
      return null;
    }
  }

  /**
   * The events are recorded, but not necessarily last: another process may have recorded the same ones and more since. So answers
   * that record nothing are returned, to be checked.
   */
  #appended({ answers, startRevision, events }: Turn<T>, position: bigint): Unchecked<T> {
    if (this.#state) {
      this.#state.position = position;
      this.#currentAsOf = this.#turnAsOf;
      this.dependencies.snapshots.offer(this.streamName, this.aggregate, this.#state);
    }
    const unchecked: Answer<T>[] = [];
    for (const answer of answers) {
      if (answer.records) answer.records.position = position;
      else if (needsCheck(answer)) {
        unchecked.push(answer);
        continue;
      }
      this.#resolve(answer);
    }
    return { answers: unchecked, startRevision: startRevision + events.length };
  }

  /** A turn without events: its answers are valid if the stream is still at the revision of the state. */
  async #check({ answers, startRevision }: Unchecked<T>): Promise<void> {
    if (answers.length === 0) return;
    const { store } = this.dependencies;
    const asOf = this.#turnAsOf;
    try {
      const isCurrent = (await store.streamRevision(this.streamName)) === startRevision;
      if (!isCurrent && this.#state) await catchUp(this.#state, this.streamName, this.aggregate, store);
      this.#currentAsOf = asOf;
      if (isCurrent) for (const answer of answers) this.#resolve(answer);
      else this.#requeue(answers);
    } catch (error) {
      this.#state = null;
      for (const { request } of answers) this.#reject(request, error);
    }
  }

  /** Another writer was first, so the state contains events that were not stored. */
  async #conflicted({ answers }: Turn<T>): Promise<void> {
    this.#state = null;
    this.dependencies.metrics.conflicted?.(this.aggregate.category);
    this.#requeue(answers);
    const tries = this.#waiting[0]?.tries ?? 0;
    // Two processes write to this stream: back off longer after each lost race.
    if (tries > 1) await sleep(Math.random() * tries * 10);
  }

  #failed({ answers }: Turn<T>, error: AppendFailure): void {
    this.#state = null;
    for (const { request, records } of answers) if (records) this.#reject(request, error);
    this.#requeue(answers.filter(({ records }) => !records));
  }

  /** Puts the requests back at the head of the queue, in order, and queries repeatable commands again. */
  #requeue(answers: readonly Answer<T>[]): void {
    const back: Request<T>[] = [];
    for (const { request } of answers) {
      if (request.kind === 'execute') request.accepted = null;
      if (++request.tries < MAX_TRIES) back.push(request);
      else this.#reject(request, new TooManyConflicts(this.streamName, request.tries));
    }
    this.#waiting = [...back, ...this.#waiting];
    this.#lookUp(this.#waiting);
  }

  /**
   * Queries the store for repeatable commands, but only once the state is loaded: a query before that would miss what
   * another process records in between, without any conflict revealing it. Anything recorded after the state was loaded
   * conflicts.
   */
  #lookUp(requests: readonly Request<T>[]): void {
    if (!this.#state) return;
    for (const request of requests)
      if (request.kind === 'execute' && request.repeat)
        this.#repeated.lookUp(request, (error) => this.#lookupFailed(request, error));
  }

  #lookupFailed(request: Execution<T>, error: unknown): void {
    if (!this.#waiting.includes(request)) return;
    this.#waiting = this.#waiting.filter((other) => other !== request);
    this.#reject(request, error);
  }

  #isCurrent(): boolean {
    return this.#state !== null && this.#currentAsOf === this.dependencies.foreignAppends.count;
  }

  #resolve({ request, value }: Answer<T>): void {
    if (request.kind === 'execute') this.#ended(request, (value as Outcome<unknown, unknown>).kind);
    request.resolve(value);
  }

  #reject(request: Request<T>, error: unknown): void {
    if (request.kind === 'execute') {
      request.accepted = null;
      this.#ended(request, 'failed');
    }
    request.reject(error);
  }

  #ended(request: Execution<T>, kind: Outcome<unknown, unknown>['kind'] | 'failed'): void {
    this.#repeated.forget(request);
    this.dependencies.metrics.answered?.(this.aggregate.category, kind, performance.now() - request.since);
  }
}

/**
 * Whether an answer must be verified against the stream even without a hint of a foreign append: hints can arrive late, and
 * no answer to a command must be based on an outdated state: no refusal, no 404, no "already so".
 * The outcome of a repeated command is a fact of the stream.
 */
const needsCheck = <T extends AggregateTypes>({ request, value }: Answer<T>): boolean => {
  if (request.kind === 'read') return request.consistent;
  const outcome = value as Outcome<unknown, unknown>;
  return outcome.kind !== 'accepted' || outcome.events.length === 0;
};

/** Estimated size of a state whose aggregate has no `sizeOf`. */
const estimatedBytes = (events: number): number => 2_048 + 256 * events;
