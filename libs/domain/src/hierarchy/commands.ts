import type { GroupType } from '../words.js';
import type { DeviceFacts, GroupFacts, MemberFacts, ProjectFacts } from './events.js';
import type { Departure } from './departure.js';
import type { Generation } from './generation.js';

interface TreeCommands {
  /** `administrator`: becomes the first member of the root. `postpaidAllowed`: by whoever creates it (domain.md L1). */
  CreateProject: ProjectFacts & {
    name: string;
    administrator: Omit<MemberFacts, 'groupId'> | null;
    postpaidAllowed: boolean;
  };
  CreateGroup: Omit<GroupFacts, 'type'> & { groupType: GroupType };
  GenerateGroups: Generation;
  /** Takes in what left another project (domain.md G3): groups and members get the ids `<newId>_<n>` and `<newId>-m<n>`. */
  AdoptSubtree: Departure & { newId: string; parentId: string };
  /** `null` leaves it as it is. */
  ChangeGroupDetails: { groupId: string; groupType: GroupType | null; name: string | null };
  MoveGroup: { groupId: string; parentId: string };
  RemoveSubtree: { groupId: string };
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
