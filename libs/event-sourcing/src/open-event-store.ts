import type { EventStore } from './event-store.js';
import { EventStoreDbEventStore } from './eventstoredb/eventstoredb-event-store.js';
import type { Logger } from './logger.js';
import { PostgresEventStore } from './postgres/postgres-event-store.js';

/**
 * Opens the event store that a URL names: `postgres://` or `postgresql://`, `esdb://` or `esdb+discover://`.
 *
 * @throws when the URL names none of them, or the store cannot be used: the message says why and what to do
 */
export async function openEventStore({ url, logger }: { url: string; logger: Logger }): Promise<EventStore> {
  const scheme = /^([a-z+]+):\/\//i.exec(url)?.[1]?.toLowerCase();
  if (scheme === 'postgres' || scheme === 'postgresql')
    return PostgresEventStore.open({ connectionString: url, logger });
  if (scheme === 'esdb' || scheme === 'esdb+discover')
    return EventStoreDbEventStore.open({ connectionString: url, logger });
  throw new Error(
    `no event store has URLs that begin with ${scheme ?? '(nothing)'}://, but with postgres://, esdb:// or ` +
      'esdb+discover:// (so has a KurrentDB)',
  );
}
