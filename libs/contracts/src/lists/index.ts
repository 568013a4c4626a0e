export { selected } from './in-memory.js';
export * from './list.js';
export { listQuery, ordersOf, pageQuery, type Order } from './list-query.js';
