import type { AggregateOf, AggregateTypes } from '../aggregate.js';
import type { EventStore } from '../event-store.js';
import type { Snapshots } from './snapshots.js';
import { fold, initialState } from './state.js';

export interface ReplayedStream<T extends AggregateTypes> {
  readonly streamName: string;
  readonly aggregate: AggregateOf<T>;
  readonly store: EventStore;
  readonly snapshots: Snapshots;
}

/**
 * Reads the state as it was at revisions of a stream, in rising order: from a snapshot taken before all of them, or from the
 * beginning. The state is discarded afterwards.
 */
export async function replay<T extends AggregateTypes, Result>(
  { streamName, aggregate, store, snapshots }: ReplayedStream<T>,
  revisions: readonly number[],
  select: (state: T['state'], index: number) => Result,
): Promise<Result[]> {
  const results: Result[] = [];
  const [first] = revisions;
  if (first === undefined) return results;
  const state = (await snapshots.before(streamName, aggregate, first)) ?? initialState(aggregate);
  const take = (): void => {
    if (state.revision === revisions[results.length]) results.push(select(state.value, results.length));
  };
  take();
  if (results.length === revisions.length) return results;
  for await (const event of store.readStream(streamName, state.revision + 1)) {
    fold(state, event, aggregate);
    take();
    if (results.length === revisions.length) break;
  }
  return results;
}
