export * from './roles.js';
export * from './tenant-roles.js';
