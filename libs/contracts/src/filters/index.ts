export * from './filter-fields.js';
export * from './filter.js';
export { matches, valueAt } from './matches.js';
export * from './parse-filter.js';
