import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import stringify from 'safe-stable-stringify';
import { stableText } from './stable-text.js';

describe('the text of a JSON value in pieces', () => {
  it('is the one that is made at once, whatever the value', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
        // As a body arrives: without -0 and members named __proto__.
        const body = JSON.parse(JSON.stringify(value).replaceAll('__proto__', 'proto')) as unknown;
        expect([...stableText(body)].join('')).toBe(stringify(body));
      }),
      { numRuns: 500 },
    );
  });

  it('is the same for every order of members, and comes in many pieces', () => {
    const rooms = Array.from({ length: 1_000 }, (_, n) => ({ name: `Room ${n}`, type: 'custom' }));
    const reversed = rooms.map(({ name, type }) => ({ type, name }));
    const pieces = [...stableText({ groups: rooms, name: 'House' })];
    expect(pieces.join('')).toBe([...stableText({ name: 'House', groups: reversed })].join(''));
    expect(pieces.length).toBeGreaterThan(1_000);
  });
});
