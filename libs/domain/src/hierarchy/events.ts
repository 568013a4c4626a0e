import type { Role } from '../access/roles.js';
import type { BillingMode, GroupType } from '../words.js';

/** The facts of a project in its group tree. Its name is the name of its root group, whose id is the project's. */
export interface ProjectFacts {
  readonly projectId: string;
  readonly tenantId: string;
  readonly partnerId: string;
  readonly timeZone: string;
  readonly billingMode: BillingMode;
  /** Created by a partner's registration, which brings a trial (L1). */
  readonly trial: boolean;
}

export interface GroupFacts {
  readonly groupId: string;
  readonly parentId: string;
  readonly type: GroupType;
  readonly name: string;
  /** Absent: none. */
  readonly externalId?: string;
}

export interface MemberFacts {
  readonly memberId: string;
  readonly groupId: string;
  readonly userId: string;
  readonly email: string;
  readonly name: string;
  readonly role: Role;
  /** Absent: none. */
  readonly externalId?: string;
}

export interface DeviceFacts {
  readonly serialNumber: string;
  readonly groupId: string;
  readonly model: string;
  /** The claim on the serial number this device came in by (see `device.aggregate.ts`). */
  readonly claimId: string;
  /** Absent: none. */
  readonly externalId?: string;
}

/**
 * A run of generated groups, in columns: group `i` has the id `<newId>_<base36(first + i)>`, the type
 * `levels[level[i]]`, the name `names[i]` and the parent `<newId>_<base36(parents[i])>`, or `parentId` where `parents[i]`
 * is -1. Parents come before their children.
 */
export interface GeneratedGroups {
  readonly newId: string;
  readonly parentId: string;
  readonly levels: readonly GroupType[];
  readonly first: number;
  readonly level: readonly number[];
  readonly parents: readonly number[];
  readonly names: readonly string[];
  /** Absent: none of these groups has one. */
  readonly externalIds?: readonly (string | null)[];
}

/** The previous place of groups that came from another project. */
export interface SubtreeOrigin {
  readonly projectId: string;
  readonly groupId: string;
}

/** The events of a project's group tree, in the order of its life. */
interface TreeEvents {
  ProjectCreated: ProjectFacts & { name: string };
  /** Afterwards the project can be read; every command on it is refused. */
  ProjectClosed: { projectId: string; reason: string };
  GroupCreated: GroupFacts;
  GroupsGenerated: GeneratedGroups;
  /** Groups that came from another project, parents first; those of one arrival are appended together. */
  SubtreeAdopted: GeneratedGroups & { origin: SubtreeOrigin };
  /** `externalId` is absent where it stays as it was; `null`: the group has none any more. */
  GroupDetailsChanged: { groupId: string; type: GroupType; name: string; externalId?: string | null };
  GroupMoved: { groupId: string; parentId: string };
  /** A group with everything below it left the tree; its devices and members left just before, each with its own event. */
  SubtreeRemoved: { groupId: string };
  /** Recorded again for a known member: with a new name, role or external id. */
  MemberAdded: MemberFacts;
  MemberRemoved: MemberFacts;
  DeviceAdded: DeviceFacts;
  /** `null`: the device has none any more. */
  DeviceExternalIdChanged: { serialNumber: string; groupId: string; externalId: string | null };
  DeviceRemoved: DeviceFacts;
}

export type TreeEventType = keyof TreeEvents;
export type TreeEvent = {
  [Type in TreeEventType]: { readonly type: Type; readonly data: Readonly<TreeEvents[Type]> };
}[TreeEventType];
export type TreeEventOf<Type extends TreeEventType> = Extract<TreeEvent, { type: Type }>;

/** The id of the generated group number `n`: short, and the same whenever the command is repeated. */
export const generatedId = (newId: string, n: number): string => `${newId}_${n.toString(36)}`;

/** Generated groups one by one, parents first. */
export const generatedGroups = (run: GeneratedGroups): GroupFacts[] =>
  run.names.map((name, i) => {
    const parent = run.parents[i] as number;
    const externalId = run.externalIds?.[i] ?? null;
    return {
      groupId: generatedId(run.newId, run.first + i),
      parentId: parent < 0 ? run.parentId : generatedId(run.newId, parent),
      type: run.levels[run.level[i] as number] as GroupType,
      name,
      ...(externalId !== null && { externalId }),
    };
  });
