export * from './permissions.js';
export * from './reach.js';
