import { EventStoreDbDouble, eventStoreContract } from '@allotree/testing';
import { EventStoreDbEventStore } from './eventstoredb-event-store.js';

eventStoreContract('EventStoreDB, its double', async () => {
  const double = await EventStoreDbDouble.start();
  const store = await EventStoreDbEventStore.open({ connectionString: double.url });
  return { store, cleanUp: () => double.stop() };
});
