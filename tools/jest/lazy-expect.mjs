/**
 * Jest's `expect` builds every matcher anew, and takes a stack, for each value: in generated cases this costs more than the code under
 * test. Here the three most frequent matchers pass without them; whatever fails, or is another matcher, goes through `expect` itself.
 */
import { arrayBufferEquality, equals, iterableEquality, sparseArrayEquality, typeEquality } from '@jest/expect-utils';

const TESTERS = Symbol.for('$$jest-matchers-object');

const EQUAL = [iterableEquality];
const STRICTLY_EQUAL = [iterableEquality, typeEquality, sparseArrayEquality, arrayBufferEquality];
const testers = (own) => [...globalThis[TESTERS].customEqualityTesters, ...own];

const holds = {
  toBe: (actual, expected) => Object.is(actual, expected),
  toEqual: (actual, expected) => isSameData(actual, expected) || equals(actual, expected, testers(EQUAL)),
  toStrictEqual: (actual, expected) =>
    isSameData(actual, expected) || equals(actual, expected, testers(STRICTLY_EQUAL), true),
};

/**
 * Whether both are the same data, by every meaning of it: arrays and records of such, as most are that specs compare. It takes a fifth of
 * the time. `false` may be said of equals.
 */
export function isSameData(a, b, depth = 0) {
  if (Object.is(a, b)) return true;
  const kind = kindOf(a);
  if (kind === null || kind !== kindOf(b) || depth > MAX_DEPTH) return false;
  let left = Object.keys(b).length;
  for (const key in a) {
    if (!Object.hasOwn(b, key) || !isSameData(a[key], b[key], depth + 1)) return false;
    left -= 1;
  }
  return left === 0;
}

/** The length of an array, or `'record'`; `null` for everything else, and where symbols are keys. */
function kindOf(value) {
  if (typeof value !== 'object' || value === null) return null;
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== Array.prototype) return null;
  if (Object.getOwnPropertySymbols(value).length > 0) return null;
  return prototype === Array.prototype ? value.length : 'record';
}

/** Deeper ones may contain themselves. */
const MAX_DEPTH = 100;

/** The same as this `expect`, with each matcher made when it is used. */
export function lazily(expect) {
  const matcherOf = (actual, name) => {
    const passes = holds[name];
    if (passes === undefined) return expect(actual)[name];
    return function matcher(...args) {
      if (args.length !== 1 || !passes(actual, args[0])) return failing(expect(actual)[name], args, matcher);
      const state = expect.getState();
      state.assertionCalls += 1;
      state.numPassingAsserts += 1;
    };
  };
  const handler = { get: ({ actual }, name) => matcherOf(actual, name) };
  const lazy = (actual, ...rest) => (rest.length > 0 ? expect(actual, ...rest) : new Proxy({ actual }, handler));
  return Object.assign(lazy, expect);
}

/** The stack of the failure begins in the spec. */
function failing(matcher, args, caller) {
  try {
    matcher(...args);
  } catch (error) {
    Error.captureStackTrace(error, caller);
    throw error;
  }
}
