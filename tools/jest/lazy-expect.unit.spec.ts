import { describe, expect, it } from '@jest/globals';
import { arrayBufferEquality, equals, iterableEquality, sparseArrayEquality, typeEquality } from '@jest/expect-utils';
import fc from 'fast-check';
import { isSameData } from './lazy-expect.mjs';

const STRICTLY = [iterableEquality, typeEquality, sparseArrayEquality, arrayBufferEquality];
const anything = fc.anything({
  maxDepth: 3,
  withBigInt: true,
  withDate: true,
  withMap: true,
  withSet: true,
  withNullPrototype: true,
  withObjectString: true,
  withSparseArray: true,
  withTypedArray: true,
});

describe('the same data', () => {
  it('is equal in every way for Jest', () => {
    const isEqual = fc.property(anything, anything, (one, other) => {
      expect(isSameData(one, other) && !equals(one, other, STRICTLY, true)).toBe(false);
    });
    fc.assert(isEqual, { numRuns: 500 });
  });

  it('is seen in whatever JSON can say', () => {
    fc.assert(fc.property(fc.clone(fc.jsonValue(), 2), ([one, other]) => isSameData(one, other)));
  });

  it.each([
    ['a record', { a: [1, { b: null }], c: undefined }, { c: undefined, a: [1, { b: null }] }],
    ['an empty array', [], []],
    ['a record with a length', { length: [] }, { length: [] }],
    ['a number that is none', [NaN], [NaN]],
  ])('is seen in %s', (_what, one, other) => {
    expect(isSameData(one, other)).toBe(true);
  });

  const cyclic = (): object => {
    const record: Record<string, unknown> = {};
    record.itself = record;
    return record;
  };
  it.each<[string, unknown, unknown]>([
    ['a key without a value', { a: undefined }, {}],
    ['another key', { a: undefined }, { b: undefined }],
    ['another type', { 0: 'a' }, ['a']],
    ['a class', new Date(0), new Date(0)],
    ['an error', new Error('a', { cause: 1 }), new Error('a', { cause: 2 })],
    ['a hole', [undefined], new Array(1)],
    ['a longer array', [1], Object.assign([1], { length: 2 })],
    ['a property of an array', [1], Object.assign([1], { index: 0 })],
    ['the sign of zero', 0, -0],
    ['a symbol', { [Symbol.for('a')]: 1 }, { [Symbol.for('a')]: 1 }],
    ['no prototype', Object.create(null), {}],
    ['itself', cyclic(), cyclic()],
    ['a matcher', { a: expect.any(Number) }, { a: 1 }],
  ])('is not seen where %s differs or would have to be known', (_what, one, other) => {
    expect(isSameData(one, other)).toBe(false);
    expect(isSameData(other, one)).toBe(false);
  });
});
