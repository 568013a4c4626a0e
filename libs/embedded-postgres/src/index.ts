export * from './database-url.js';
export * from './embedded-postgres.js';
export { isAlive } from './postgres-cluster.js';
export * from './supervised-postgres.js';
