export * from './decision.js';
export * from './words.js';
export * from './licensing/events.js';
export * from './licensing/commands.js';
export * from './licensing/refusals.js';
export * from './licensing/views.js';
export * from './stock/index.js';
