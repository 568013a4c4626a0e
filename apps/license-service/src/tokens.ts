import type { partnerStockAggregate, projectAggregate } from '@allotree/domain';
import type { HandlerOf, TypesOf } from '@allotree/event-sourcing';

export const EVENT_STORE = Symbol('event store of the license service');
export const SNAPSHOT_STORE = Symbol('snapshot store of the license service');
export const PROJECT_HANDLER = Symbol('project handler');
export const STOCK_HANDLER = Symbol('partner stock handler');

export type ProjectHandler = HandlerOf<TypesOf<typeof projectAggregate>>;
export type StockHandler = HandlerOf<TypesOf<typeof partnerStockAggregate>>;
