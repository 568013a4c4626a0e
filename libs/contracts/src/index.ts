export * from './http/common.js';
export * from './cloud-event.js';
export * from './problems.js';
export * from './access/index.js';
export * from './topics.js';
export * from './licensing/index.js';
export * from './groups/index.js';
export * from './notifications/index.js';
