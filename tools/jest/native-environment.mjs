import { ModuleMocker } from 'jest-mock';

const moduleMocker = new ModuleMocker(globalThis);

/** Jest's `testEnvironment` of specs that Node imports: they use the globals of Node, so making a `vm` context would be in vain. */
export default class NativeEnvironment {
  /** Where Jest leaves its own settings. */
  global = {};
  moduleMocker = moduleMocker;
  fakeTimers = null;
  fakeTimersModern = null;

  getVmContext() {
    return null;
  }

  async setup() {}

  async teardown() {}
}
