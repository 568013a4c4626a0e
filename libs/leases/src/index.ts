export * from './lease.js';
export type { Fenced, LeaseHolder, LeaseStore } from './lease-store.js';
export * from './leases.js';
