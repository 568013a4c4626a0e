export * from './commands.js';
export * from './device.js';
export * from './events.js';
export * from './generation.js';
export * from './group-tree.js';
export * from './names.js';
export * from './queries.js';
export * from './refusals.js';
export { emailKey, type GroupTreeState } from './state.js';
