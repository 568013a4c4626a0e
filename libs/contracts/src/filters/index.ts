export * from './filter-fields.js';
export * from './filter.js';
export { matches } from './matches.js';
export * from './parse-filter.js';
export * from './list-query.js';
