import { availableUnits, RESOURCES, type PartnerStockState, type ProjectState } from '@allotree/domain';
import { projectFaults } from './project-invariants.js';

/** No stock goes below zero (L3). */
function* stockFaults({ packages }: PartnerStockState): Generator<string> {
  for (const stocked of packages.values()) {
    const available = availableUnits(stocked);
    for (const resource of RESOURCES)
      if ((available[resource] ?? 0) < 0)
        yield `package ${stocked.packageId} has ${available[resource]} ${resource} left (L3)`;
  }
}

const BY_CATEGORY: Readonly<Record<string, (state: never) => Iterable<string>>> = {
  project: (state: ProjectState) => projectFaults(state),
  partner_stock: (state: PartnerStockState) => stockFaults(state),
};

/** What breaks a rule in the state of a stream. */
export const faultsOfState = (category: string, state: unknown): readonly string[] => [
  ...(BY_CATEGORY[category]?.(state as never) ?? []),
];
