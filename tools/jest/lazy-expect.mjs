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
  toEqual: (actual, expected) => equals(actual, expected, testers(EQUAL)),
  toStrictEqual: (actual, expected) => equals(actual, expected, testers(STRICTLY_EQUAL), true),
};

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
