import {
  deviceAggregate,
  deviceCatalogueAggregate,
  groupTreeAggregate,
  joinRequestAggregate,
  partnerAggregate,
  partnerStockAggregate,
  projectAggregate,
  tenantRolesAggregate,
  userAggregate,
} from '@allotree/domain';
import type { AggregateOf, AggregateTypes } from '@allotree/event-sourcing';

/** An aggregate whose types do not matter: every function gets what another of the same aggregate returned. */
export type AnyAggregate = AggregateOf<AggregateTypes & { state: never; command: never; event: never }>;

const ALL = [
  deviceAggregate,
  deviceCatalogueAggregate,
  groupTreeAggregate,
  joinRequestAggregate,
  partnerAggregate,
  partnerStockAggregate,
  projectAggregate,
  tenantRolesAggregate,
  userAggregate,
];

/** Every aggregate of the system, by the category of its streams. */
export const AGGREGATES: ReadonlyMap<string, AnyAggregate> = new Map(
  ALL.map((aggregate) => [aggregate.category, aggregate as unknown as AnyAggregate]),
);
