export * from './usage.js';
export * from './windows.js';
export * from './billing-period.js';
export * from './quantity.js';
export * from './joined.js';
export * from './resource-totals.js';
