export * from './words.js';
export * from './requests.js';
export * from './responses.js';
export * from './lists.js';
export * from './events.js';
export * from './plans.js';
