export * from './roles.js';
export * from './tenant-roles.aggregate.js';
