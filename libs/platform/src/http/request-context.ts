import { AsyncLocalStorage } from 'node:async_hooks';

/** What log lines written while a request or message is handled are marked with. */
export interface RequestContext {
  readonly correlationId: string;
}

export const requestContext = new AsyncLocalStorage<RequestContext>();
