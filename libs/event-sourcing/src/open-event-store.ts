import type { EventStore } from './event-store.js';
import type { Logger } from './logger.js';
import { PostgresEventStore } from './postgres/postgres-event-store.js';

/**
 * Opens the event store at a URL: `postgres://`, `postgresql://`, `esdb://` or `esdb+discover://`.
 *
 * @throws if the scheme is unknown or the store cannot be used; the message says why and what to do
 */
export async function openEventStore({ url, logger }: { url: string; logger: Logger }): Promise<EventStore> {
  const scheme = /^([a-z+]+):\/\//i.exec(url)?.[1]?.toLowerCase();
  if (scheme === 'postgres' || scheme === 'postgresql')
    return PostgresEventStore.open({ connectionString: url, logger });
  if (scheme === 'esdb' || scheme === 'esdb+discover') {
    // Its client is 200 files that the other stores need not load at every start.
    const { EventStoreDbEventStore } = await import('./eventstoredb/eventstoredb-event-store.js');
    return EventStoreDbEventStore.open({ connectionString: url, logger });
  }
  throw new Error(
    `unsupported event store URL scheme ${scheme ?? '(none)'}://. Use postgres://, esdb:// or esdb+discover:// ` +
      '(also for KurrentDB).',
  );
}
