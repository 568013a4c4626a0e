import type { EventStore } from '../event-store.js';
import type { Logger } from '../logger.js';

export interface PostgresEventStoreOptions {
  readonly connectionString: string;
  /** Default `events`. */
  readonly schema?: string;
  readonly logger?: Logger;
}

export const PostgresEventStore = {
  async open(_options: PostgresEventStoreOptions): Promise<EventStore> {
    throw new Error('not built yet');
  },
};
