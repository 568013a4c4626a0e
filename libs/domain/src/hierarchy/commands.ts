import type { GroupType } from '../words.js';
import type { DeviceFacts, GroupFacts, MemberFacts, ProjectFacts } from './events.js';
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
