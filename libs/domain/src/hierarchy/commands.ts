import type { GroupType } from '../words.js';
import type { DeviceFacts, GeneratedGroups, GroupFacts, MemberFacts, ProjectFacts } from './events.js';
import type { Departure } from './departure.js';
import type { Generation } from './generation.js';

/**
 * By role, the permissions of that role which the caller lacks (P2): members with such a role are not moved or removed
 * with their group. A role without an entry was unknown to the check and stays as well. Absent: the system itself.
 */
export type CarryingAuthority = Readonly<Record<string, readonly string[]>>;

/** The external id that a command sets. Absent: it stays as it is, and something new has none; `null` removes it. */
interface NamedExternalId {
  readonly externalId?: string | null | undefined;
}

/**
 * Many changes of a tree, decided on the tree after all of them, so that their order changes nothing and two siblings can
 * exchange names.
 */
export interface TreeShape {
  /** New groups below a group that is there, parents first. */
  readonly added: readonly Omit<GeneratedGroups, 'first'>[];
  /** Groups that get another parent, which may be a new one: from the top of the new tree down. */
  readonly moved: readonly {
    readonly groupId: string;
    readonly parentId: string;
    readonly authority?: CarryingAuthority;
  }[];
  /** A type or name that is `null` stays unchanged. */
  readonly changed: readonly (NamedExternalId & {
    readonly groupId: string;
    readonly groupType: GroupType | null;
    readonly name: string | null;
  })[];
  /** Groups that go with everything below them, apart from what `moved` takes out. */
  readonly removed: readonly { readonly groupId: string; readonly authority?: CarryingAuthority }[];
}

interface TreeCommands {
  /** `administrator` becomes the first member of the root. `postpaidAllowed`: the caller can create postpaid projects (L1). */
  CreateProject: ProjectFacts & {
    name: string;
    administrator: Omit<MemberFacts, 'groupId'> | null;
    postpaidAllowed: boolean;
  };
  /** Afterwards the project can be read but not changed. */
  CloseProject: { reason: string };
  /** Of people whose partner was closed, in a project that is closed as well. */
  EndMemberships: { userIds: readonly string[] };
  CreateGroup: Omit<GroupFacts, 'type' | 'externalId'> & NamedExternalId & { groupType: GroupType };
  GenerateGroups: Generation;
  /** Adopts a subtree of another project of the tenant (G3, P4): groups get the ids `<newId>_<n>`, no member comes along. */
  AdoptSubtree: Departure & { newId: string; parentId: string };
  /** A type or name that is `null` stays unchanged. */
  ChangeGroupDetails: NamedExternalId & { groupId: string; groupType: GroupType | null; name: string | null };
  MoveGroup: { groupId: string; parentId: string; authority?: CarryingAuthority };
  RemoveSubtree: { groupId: string; authority?: CarryingAuthority };
  /** All of it or none; `BATCH_REFUSED` names everything that was refused. */
  ReshapeTree: TreeShape;
  /** One membership for each e-mail address and group: put again, it changes the name, role and external id of the one there is. */
  AddMember: Omit<MemberFacts, 'externalId'> & NamedExternalId;
  RemoveMember: { groupId: string; memberId: string };
  /** Does nothing if this claim has been used already, even if the device has left since. */
  AddDevice: Omit<DeviceFacts, 'externalId'> & NamedExternalId;
  /** `null` removes it. */
  SetDeviceExternalId: { groupId: string; serialNumber: string; externalId: string | null };
  RemoveDevice: { groupId: string; serialNumber: string };
}

export type TreeCommandType = keyof TreeCommands;
export type TreeCommand = {
  [Type in TreeCommandType]: { readonly type: Type; readonly projectId: string } & Readonly<TreeCommands[Type]>;
}[TreeCommandType];
export type TreeCommandOf<Type extends TreeCommandType> = Extract<TreeCommand, { type: Type }>;
