export * from './event-store.js';
export * from './aggregate.js';
