export * from './test-database.js';
export * from './given.js';
