/**
 * Replaces `@jest/globals` for specs that run outside the `vm` contexts of Jest: forwards every use to the current
 * spec.
 */
const globals = globalThis[Symbol.for('allotree.jest-globals')];

const currentOf = (name) => (name === 'jest' ? globals.jest : globals.current[name]);

/** Shared modules import these once, so each use must look up the running spec. */
const forwarded = (name) =>
  new Proxy(function () {}, {
    apply: (_target, _self, args) => currentOf(name)(...args),
    get: (_target, key) => currentOf(name)[key],
  });

export const describe = forwarded('describe');
export const it = forwarded('it');
export const test = forwarded('test');
export const expect = forwarded('expect');
export const beforeAll = forwarded('beforeAll');
export const beforeEach = forwarded('beforeEach');
export const afterAll = forwarded('afterAll');
export const afterEach = forwarded('afterEach');
export const jest = forwarded('jest');
