/** Checks of settings and heap, and signals: small enough to report a wrong setting before the services are loaded. */
export { misspelled, misspelledWarning, type Misspelled } from '@allotree/basics/misspelled';
export * from './heap.js';
export * from './run-service.js';
export * from './start-error.js';
export * from './start-failure.js';
export * from './stop-signals.js';
