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

/** What a log with these ids in the stream `s` says to an append of others, and what the stream holds then. */
function appending(held: string, expected: Expected, ids: string) {
  const log = new Log();
  if (held !== '') log.write('s', [...held].map(event));
  const result = log.append('s', expected, [...ids].map(event));
  const stream = log.stream('s').map(({ id }) => id);
  return `${result.ok ? `at ${result.revision}` : `not at ${result.current}`}: ${stream.join('')}`;
}

/** The node's documentation, "Optimistic concurrency and idempotence", and its code where that is silent. */
describe('Log', () => {
  const table: readonly [held: string, expected: Expected, ids: string, says: string][] = [
    // What is new.
    ['', 'no stream', 'ab', 'at 1: ab'],
    ['', 'any', 'ab', 'at 1: ab'],
    ['ab', 1, 'c', 'at 2: abc'],
    ['ab', 'any', 'c', 'at 2: abc'],
    ['ab', 'stream exists', 'c', 'at 2: abc'],
    // What is not as expected.
    ['', 0, 'a', 'not at -1: '],
    ['', 'stream exists', 'a', 'not at -1: '],
    ['ab', 'no stream', 'c', 'not at 1: ab'],
    ['ab', 0, 'c', 'not at 1: ab'],
    ['ab', 5, 'c', 'not at 1: ab'],
    // All of it is there already.
    ['ab', 'no stream', 'ab', 'at 1: ab'],
    ['abc', 'no stream', 'ab', 'at 1: abc'],
    ['abc', 0, 'bc', 'at 2: abc'],
    ['abcd', 0, 'bc', 'at 2: abcd'],
    ['abc', 'any', 'ab', 'at 1: abc'],
    ['abc', 'stream exists', 'bc', 'at 2: abc'],
    // A part of it is there.
    ['ab', 'no stream', 'abc', 'not at 1: ab'],
    ['abc', 0, 'bx', 'not at 2: abc'],
    ['ab', 'any', 'bc', 'not at 1: ab'],
    // It is there, but in another place.
    ['abc', 0, 'c', 'not at 2: abc'],
    // The stream is where it was expected: then nobody looks.
    ['ab', 1, 'b', 'at 2: abb'],
  ];
  it.each(table)('with "%s", expecting %s, is asked for "%s": %s', (held, expected, ids, says) => {
    expect(appending(held, expected, ids)).toBe(says);
  });

  it('gives growing positions, and says that of the last event', () => {
    const log = new Log();
    const first = log.append('s', 'no stream', [event('a'), event('b')]);
    const positions = log.entries.map(({ position }) => position);
    expect(positions).toEqual([...positions].sort((a, b) => Number(a - b)));
    expect(new Set(positions).size).toBe(positions.length);
    expect(first).toEqual({ ok: true, revision: 1, position: log.stream('s')[1]!.position });
    expect(log.append('s', 'no stream', [event('a'), event('b')])).toEqual(first);
  });
});
