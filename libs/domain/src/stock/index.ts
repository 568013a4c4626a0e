export * from './events.js';
export * from './commands.js';
export * from './refusals.js';
export { initialPartnerStock, evolvePartnerStock, availableUnits, datesIn } from './state.js';
export type { PartnerStockState, StockPartner, StockPackage } from './state.js';
export { decidePartnerStock } from './decide.js';
export * from './views.js';
export { encodePartnerStockEvent, decodePartnerStockEvent, type StoredPartnerStockEvent } from './codec.js';
export { partnerStockAggregate } from './partner-stock.aggregate.js';
