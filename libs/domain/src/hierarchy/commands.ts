import type { GroupType } from '../words.js';
import type { DeviceFacts, GroupFacts, MemberFacts, ProjectFacts } from './events.js';
import type { Departure } from './departure.js';
import type { Generation } from './generation.js';

/**
 * What a caller lacks of each role, by role (P2): members with such a role are not moved or removed with their
 * group. A role that is not named was unknown when this was determined, and stays as well. Absent: the system itself.
 */
export type CarryingAuthority = Readonly<Record<string, readonly string[]>>;

interface TreeCommands {
  /** `administrator`: becomes the first member of the root. `postpaidAllowed`: by whoever creates it (L1). */
  CreateProject: ProjectFacts & {
    name: string;
    administrator: Omit<MemberFacts, 'groupId'> | null;
    postpaidAllowed: boolean;
  };
  /** From then on the project can be read, and nothing about it changes. */
  CloseProject: { reason: string };
  /** Of people whose partner was closed, in a project that is closed as well. */
  EndMemberships: { userIds: readonly string[] };
  CreateGroup: Omit<GroupFacts, 'type'> & { groupType: GroupType };
  GenerateGroups: Generation;
  /** Takes in what left another project of the tenant (G3, P4): groups get the ids `<newId>_<n>`, no member comes along. */
  AdoptSubtree: Departure & { newId: string; parentId: string };
  /** `null` leaves it as it is. */
  ChangeGroupDetails: { groupId: string; groupType: GroupType | null; name: string | null };
  MoveGroup: { groupId: string; parentId: string; authority?: CarryingAuthority };
  RemoveSubtree: { groupId: string; authority?: CarryingAuthority };
  /** One membership for each e-mail address and group: put again, it changes the name and the role of the one there is. */
  AddMember: MemberFacts;
  RemoveMember: { groupId: string; memberId: string };
  /** Does nothing where this claim was already used, even if the device left since. */
  AddDevice: DeviceFacts;
  RemoveDevice: { groupId: string; serialNumber: string };
}

export type TreeCommandType = keyof TreeCommands;
export type TreeCommand = {
  [Type in TreeCommandType]: { readonly type: Type; readonly projectId: string } & Readonly<TreeCommands[Type]>;
}[TreeCommandType];
export type TreeCommandOf<Type extends TreeCommandType> = Extract<TreeCommand, { type: Type }>;
