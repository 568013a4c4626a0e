export * from './test-database.js';
export * from './given.js';
export * from './in-memory-event-store.js';
export * from './event-store-contract.js';
export * from './bus-contract.js';
export * from './seats.js';
export * from './jobs-contract.js';
export { EventStoreDbDouble, USER as EVENTSTOREDB_USER } from './eventstoredb/double.js';
export type { EventStoreDbDoubleOptions } from './eventstoredb/double.js';
