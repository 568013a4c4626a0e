import { AsyncLocalStorage } from 'node:async_hooks';

/** The fields added to log lines that are written while a request or message is handled. */
export interface RequestContext {
  readonly correlationId: string;
  /** Of the caller, once known, or of the event being handled. */
  tenantId?: string;
}

export const requestContext = new AsyncLocalStorage<RequestContext>();
