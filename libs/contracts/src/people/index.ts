export * from './requests.js';
export * from './responses.js';
export * from './link-paths.js';
