import type { AggregateOf, AggregateTypes, CommandContext, Outcome, Types } from '../aggregate.js';
import { activeTraceparent, inSpan } from '@allotree/tracing';
import { RuntimeStopped } from '../errors.js';
import { replay } from './replay.js';
import type { Request } from './request.js';
import { revisionOf } from './state.js';
import { StreamProcessor, type StreamDependencies } from './stream-processor.js';

/** Reads from a state; `revisionOf` returns the revision of a setting (see `Aggregate.settingsOf`). */
export type StateSelector<State, Result> = (
  state: State,
  revision: number,
  revisionOf: (setting: string) => number,
) => Result;

export interface ReadOptions {
  readonly consistent?: boolean;
}

export interface HandlerOf<T extends AggregateTypes> {
  /**
   * Decides on the stream `<category>-<id>` and resolves once the decision and everything it depends on are durable.
   * Rejects with `Overloaded`, `TooManyConflicts`, `OutcomeUnknown`, `RuntimeStopped`, or whatever the aggregate threw.
   */
  execute(id: string, command: T['command'], context: CommandContext): Promise<Outcome<T['event'], T['refusal']>>;
  /** Decides like `execute` but records nothing (R7); `revision` is the revision it was decided at. */
  dryRun(
    id: string,
    command: T['command'],
    context?: Pick<CommandContext, 'expectedRevision'>,
  ): Promise<Outcome<T['event'], T['refusal']>>;
  /**
   * Reads the state after all requests queued before it; `initial()` and `NO_STREAM` if the stream does not exist. The
   * state is mutable: copy what you need and keep no reference. A state in memory may lack events that another process
   * has just appended; with `consistent` it includes every event appended before this call.
   */
  read<Result>(id: string, select: StateSelector<T['state'], Result>, options?: ReadOptions): Promise<Result>;
  /**
   * Reads the state as it was at each of these revisions of the stream, which rise. Costs nothing if there is one and the
   * state in memory is at it, else the events since the last snapshot before them, or the whole stream if there is none.
   */
  readAt<Result>(
    id: string,
    revisions: readonly number[],
    select: (state: T['state'], index: number) => Result,
  ): Promise<Result[]>;
}

/** The handler of an aggregate by its four types. */
export type Handler<State, Command, Event, Refusal> = HandlerOf<Types<State, Command, Event, Refusal>>;

/** Turns calls into requests and passes each to the processor of its stream. */
export function createHandler<T extends AggregateTypes>(
  aggregate: AggregateOf<T>,
  dependencies: StreamDependencies,
): HandlerOf<T> {
  const { category } = aggregate;
  const { registry, metrics } = dependencies;
  const find = (id: string): StreamProcessor<T> => {
    const streamName = `${category}-${id}`;
    const known = registry.find(streamName) as StreamProcessor<T> | undefined;
    return known ?? new StreamProcessor(streamName, aggregate, dependencies);
  };
  const submit = (id: string, request: (answer: Completion) => Request<T>): Promise<never> =>
    new Promise((resolve, reject) => {
      if (registry.stopped) reject(new RuntimeStopped());
      else find(id).enqueue(request({ tries: 0, resolve, reject }));
    });
  const read: HandlerOf<T>['read'] = async (id, select, { consistent = false } = {}) => {
    const state = registry.stopped || consistent ? null : find(id).idleState;
    if (state) return select(state.value, state.revision, (setting) => revisionOf(state, setting));
    return submit(id, (completion) => ({ kind: 'read', select, consistent, ...completion }));
  };
  return {
    read,
    readAt: async (id, revisions, select) => {
      const [only] = revisions;
      const current =
        revisions.length === 1
          ? await read(id, (state, revision) => (revision === only ? [select(state, 0)] : null))
          : null;
      return current ?? replay({ ...dependencies, streamName: `${category}-${id}`, aggregate }, revisions, select);
    },
    execute: (id, command, given) =>
      inCommandSpan(category, given, (context) =>
        submit(id, (completion) => {
          metrics.received?.(category);
          const since = performance.now();
          return { kind: 'execute', command, context, since, repeat: null, accepted: null, ...completion };
        }),
      ),
    dryRun: (id, command, context) => submit(id, (completion) => ({ kind: 'dryRun', command, context, ...completion })),
  };
}

/** The events of the command belong to the span of the command. */
const inCommandSpan = <Result>(
  category: string,
  context: CommandContext,
  work: (context: CommandContext) => Promise<Result>,
): Promise<Result> =>
  inSpan(`command ${category}`, { parent: context.traceparent }, () => {
    const traceparent = activeTraceparent();
    return work(traceparent === undefined ? context : { ...context, traceparent });
  });

type Completion = Pick<Request<AggregateTypes>, 'tries' | 'reject'> & { resolve(value: unknown): void };
