/** Checks of settings and heap, and signals: small enough to report a wrong setting before the services are loaded. */
export * from './heap.js';
export * from './run-service.js';
export * from './start-failure.js';
export * from './stop-signals.js';
