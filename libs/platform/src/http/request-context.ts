import { AsyncLocalStorage } from 'node:async_hooks';

/** What log lines written while a request or message is handled are marked with. */
export interface RequestContext {
  readonly correlationId: string;
  /** Of whoever asks, once that is known; of the event that is handled. */
  tenantId?: string;
}

export const requestContext = new AsyncLocalStorage<RequestContext>();
