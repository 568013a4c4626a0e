import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { StateSelector } from '@allotree/event-sourcing';
import { readInSlices } from './read-in-slices.js';

interface State {
  value: number;
}

/** A stream that changes at the reads with these numbers. */
function streamChangingAt(reads: (read: number) => boolean) {
  const state: State = { value: 0 };
  let read = 0;
  return {
    state,
    read: <Result>(_id: string, select: StateSelector<State, Result>): Promise<Result> => {
      read += 1;
      if (reads(read)) state.value += 1;
      return Promise.resolve(select(state, state.value, () => 0));
    },
  };
}

/** What it reads before and after pauses that outlast some slices. */
function* twice(state: State): Generator<undefined, readonly [number, number]> {
  const first = state.value;
  for (let pauses = 0; pauses < 10; pauses += 1) yield;
  return [first, state.value];
}

/** A slice lasts two steps. */
beforeEach(() => {
  let now = 0;
  jest.spyOn(performance, 'now').mockImplementation(() => (now += 10));
});
afterEach(() => {
  jest.restoreAllMocks();
});

describe('a state that is read in slices', () => {
  it('is of one revision, also where the stream changed meanwhile', async () => {
    const stream = streamChangingAt((read) => read === 2);
    expect(await readInSlices(stream, 'a', twice)).toEqual([1, 1]);
  });

  it('is read at once, where the stream changes all the time', async () => {
    const stream = streamChangingAt(() => true);
    const [first, second] = await readInSlices(stream, 'a', twice);
    expect([first, second]).toEqual([stream.state.value, stream.state.value]);
  });

  it('is read again, where another state took its place', async () => {
    const states = [{ value: 1 }, { value: 2 }, { value: 2 }, { value: 2 }, { value: 2 }, { value: 2 }, { value: 2 }];
    const last = states.at(-1)!;
    const read = <Result>(_id: string, select: StateSelector<State, Result>): Promise<Result> =>
      Promise.resolve(select(states.shift() ?? last, 7, () => 0));
    expect(await readInSlices({ read }, 'a', twice)).toEqual([2, 2]);
  });
});
