// @ts-expect-error: the package has no types for its inner modules.
import Inner from 'kafkajs/src/network/requestQueue/index.js';

/** The requests of one connection to a broker. */
export interface RequestQueue {
  readonly pending: readonly unknown[];
  scheduleCheckPendingRequests: (this: RequestQueue) => void;
}

/** The class of the client. */
export const RequestQueue = Inner as { readonly prototype: RequestQueue };

const schedule = RequestQueue.prototype.scheduleCheckPendingRequests;

/**
 * kafkajs 2.2.4 looks for waiting requests every millisecond on each connection for as long as it exists, also where none waits
 * (https://github.com/tulios/kafkajs/issues/1704). A request that has to wait causes the look anyway.
 */
RequestQueue.prototype.scheduleCheckPendingRequests = function () {
  if (this.pending.length > 0) schedule.call(this);
};
