export * from './lease.js';
export * from './leases.js';
