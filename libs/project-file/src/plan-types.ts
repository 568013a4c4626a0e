import type { TreeShape, Resource } from '@allotree/domain';
import type { SectionRequest } from './sections.js';

export type OperationKind = 'group' | 'restriction' | 'device' | 'assignment';

/** One difference between a file and the project. */
export interface Operation {
  readonly op: 'create' | 'update' | 'move' | 'remove';
  readonly kind: OperationKind;
  /** `Building A / Unit 1`: the group, or the one where the restriction, device or units are. */
  readonly path: string;
  /** How many groups, restrictions, devices or units it is about. */
  readonly count: number;
  /** `null`: it is new. */
  readonly before: object | null;
  /** `null`: it goes. */
  readonly after: object | null;
}

/** Something a plan cannot do, by the group it is about. */
export interface PlanRefusal {
  readonly kind: OperationKind;
  readonly path: string;
  readonly code: string;
  readonly detail: string;
  readonly facts: Readonly<Record<string, unknown>>;
}

export interface PlannedDevice {
  readonly groupId: string;
  readonly serialNumber: string;
  readonly model: string;
  readonly claimCode?: string;
  readonly externalId?: string;
}

export interface PlannedUnits {
  readonly groupId: string;
  readonly resource: Resource;
  readonly count: number;
  readonly label?: string;
  readonly holder?: string;
  readonly externalId?: string;
}

export interface Summary {
  readonly create: number;
  readonly update: number;
  readonly move: number;
  readonly remove: number;
  readonly unchanged: number;
}

/** The changes that bring a project to the state of a file, in their order. */
export interface ProjectPlan {
  readonly operations: readonly Operation[];
  readonly refusals: readonly PlanRefusal[];
  readonly summary: Summary;
  readonly tree: TreeShape;
  readonly devices: {
    readonly added: readonly PlannedDevice[];
    readonly changed: readonly {
      readonly groupId: string;
      readonly serialNumber: string;
      readonly externalId: string;
    }[];
    readonly removed: readonly { readonly groupId: string; readonly serialNumber: string }[];
  };
  readonly restrictions: readonly (SectionRequest & { readonly groupId: string })[];
  /** Apps before the numbers they are paired with. */
  readonly releases: readonly { readonly assignmentId: string; readonly groupId: string }[];
  readonly assignments: readonly PlannedUnits[];
  readonly identified: readonly {
    readonly groupId: string;
    readonly assignmentId: string;
    readonly externalId: string;
  }[];
  /** The path of each group that the file names, by its id. */
  readonly paths: ReadonlyMap<string, string>;
}
