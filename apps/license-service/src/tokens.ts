import type { PartnerStockCommand, PartnerStockEvent, PartnerStockRefusal, PartnerStockState } from '@allotree/domain';
import type { ProjectCommand, ProjectEvent, ProjectRefusal, ProjectState } from '@allotree/domain';
import type { Handler } from '@allotree/event-sourcing';

export const EVENT_STORE = Symbol('event store of the license service');
export const SNAPSHOT_STORE = Symbol('snapshot store of the license service');
export const PROJECT_HANDLER = Symbol('project handler');
export const STOCK_HANDLER = Symbol('partner stock handler');

export type ProjectHandler = Handler<ProjectState, ProjectCommand, ProjectEvent, ProjectRefusal>;
export type StockHandler = Handler<PartnerStockState, PartnerStockCommand, PartnerStockEvent, PartnerStockRefusal>;
