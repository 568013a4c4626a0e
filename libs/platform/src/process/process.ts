/** What a process needs before it loads a service: most of a start is loading, and a wrong setting is known without it. */
export { misspelled, misspelledWarning, type Misspelled } from '../configuration/misspelled.js';
export * from './heap.js';
export * from './run-service.js';
export * from './start-error.js';
export * from './start-failure.js';
export * from './stop-signals.js';
