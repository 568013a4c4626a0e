export * from './permissions.js';
export * from './permission-checks.js';
