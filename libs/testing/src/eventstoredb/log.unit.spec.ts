import { describe, expect, it } from '@jest/globals';
import { Log } from './log.js';
import type { Expected, Proposed } from './log.js';

const event = (id: string): Proposed => ({
  id,
  type: 'A',
  contentType: 'application/json',
  data: Buffer.from('{}'),
  metadata: new Uint8Array(),
});

/** Appends ids to a log with these ids in stream `s`; returns the result and the stream afterwards. */
function appending(held: string, expected: Expected, ids: string) {
  const log = new Log();
  if (held !== '') log.write('s', [...held].map(event));
  const result = log.append('s', expected, [...ids].map(event));
  const stream = log.stream('s').map(({ id }) => id);
  return `${result.ok ? `at ${result.revision}` : `not at ${result.current}`}: ${stream.join('')}`;
}

/**
 * According to the documentation of EventStoreDB, "Optimistic concurrency and idempotence", and otherwise its source
 * code.
 */
describe('Log', () => {
  const table: readonly [held: string, expected: Expected, ids: string, says: string][] = [
    // New events.
    ['', 'no stream', 'ab', 'at 1: ab'],
    ['', 'any', 'ab', 'at 1: ab'],
    ['ab', 1, 'c', 'at 2: abc'],
    ['ab', 'any', 'c', 'at 2: abc'],
    ['ab', 'stream exists', 'c', 'at 2: abc'],
    // Unexpected revisions.
    ['', 0, 'a', 'not at -1: '],
    ['', 'stream exists', 'a', 'not at -1: '],
    ['ab', 'no stream', 'c', 'not at 1: ab'],
    ['ab', 0, 'c', 'not at 1: ab'],
    ['ab', 5, 'c', 'not at 1: ab'],
    // All events are already stored.
    ['ab', 'no stream', 'ab', 'at 1: ab'],
    ['abc', 'no stream', 'ab', 'at 1: abc'],
    ['abc', 0, 'bc', 'at 2: abc'],
    ['abcd', 0, 'bc', 'at 2: abcd'],
    ['abc', 'any', 'ab', 'at 1: abc'],
    ['abc', 'stream exists', 'bc', 'at 2: abc'],
    // Some events are already stored.
    ['ab', 'no stream', 'abc', 'not at 1: ab'],
    ['abc', 0, 'bx', 'not at 2: abc'],
    ['ab', 'any', 'bc', 'not at 1: ab'],
    // The events are stored at another revision.
    ['abc', 0, 'c', 'not at 2: abc'],
    // The stream is at the expected revision, so ids are not compared.
    ['ab', 1, 'b', 'at 2: abb'],
  ];
  it.each(table)('with "%s" expected at %s handles an append of "%s": %s', (held, expected, ids, says) => {
    expect(appending(held, expected, ids)).toBe(says);
  });

  it('assigns increasing positions and returns that of the last event', () => {
    const log = new Log();
    const first = log.append('s', 'no stream', [event('a'), event('b')]);
    const positions = log.entries.map(({ position }) => position);
    expect(positions).toEqual([...positions].sort((a, b) => Number(a - b)));
    expect(new Set(positions).size).toBe(positions.length);
    expect(first).toEqual({ ok: true, revision: 1, position: log.stream('s')[1]!.position });
    expect(log.append('s', 'no stream', [event('a'), event('b')])).toEqual(first);
  });
});
