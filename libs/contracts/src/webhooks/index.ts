export * from './requests.js';
export * from './responses.js';
export * from './lists.js';
export * from './pulled-event-of.js';
