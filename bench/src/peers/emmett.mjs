import { CommandHandler } from '@event-driven-io/emmett';
import { getPostgreSQLEventStore } from '@event-driven-io/emmett-postgresql';

/**
 * The command handler of Emmett on its PostgreSQL store, with the same decision and stored form of the aggregate.
 * Retries version conflicts as documented (`onVersionConflict: true`: three times).
 */
export async function openEmmett(connectionString, aggregate) {
  const store = getPostgreSQLEventStore(connectionString);
  await store.schema.migrate();
  const handle = CommandHandler({
    initialState: () => aggregate.initial(),
    evolve: (state, event) => aggregate.evolve(state, aggregate.decode(event.type, event.data)),
    mapToStreamId: (id) => `${aggregate.category}-${id}`,
    retry: { onVersionConflict: true },
  });
  return {
    /** True when the command was accepted and recorded. */
    async execute(id, command) {
      await handle(store, id, (state) => {
        const decision = aggregate.decide(state, command);
        if (!decision.ok) throw new Error(decision.refusal.code);
        return decision.events.map((event) => aggregate.encode(event));
      });
      return true;
    },
    close: () => store.close(),
  };
}
