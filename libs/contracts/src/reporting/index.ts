export * from './exports.js';
export * from './requests.js';
export * from './responses.js';
