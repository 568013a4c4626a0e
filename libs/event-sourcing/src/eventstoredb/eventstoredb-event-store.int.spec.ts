import { EventStoreDbDouble, eventStoreContract, sharedEventStoreContract } from '@allotree/testing';
import type { MakeStore } from '@allotree/testing';
import { EventStoreDbEventStore } from './eventstoredb-event-store.js';

const onTheDouble: MakeStore = async () => {
  const double = await EventStoreDbDouble.start();
  return {
    open: () => EventStoreDbEventStore.open({ connectionString: double.url }),
    cleanUp: () => double.stop(),
  };
};

const double = "EventStoreDB's double, and a server where EVENTSTOREDB_URL names one";
eventStoreContract(double, onTheDouble);
sharedEventStoreContract(double, onTheDouble);

const connectionString = process.env['EVENTSTOREDB_URL'];
if (connectionString !== undefined && connectionString !== '') {
  const onTheServer: MakeStore = async () => ({ open: () => EventStoreDbEventStore.open({ connectionString }) });
  eventStoreContract('EventStoreDB, a server', onTheServer);
  sharedEventStoreContract('EventStoreDB, a server', onTheServer);
}
