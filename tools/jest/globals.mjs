/** Takes the place of `@jest/globals` where specs run outside of Jest's `vm` contexts: passes every use on to the current spec's. */
const globals = globalThis[Symbol.for('allotree.jest-globals')];

const currentOf = (name) => (name === 'jest' ? globals.jest : globals.current[name]);

/** Modules that specs share import these once, so they look up the spec that runs at each use. */
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
