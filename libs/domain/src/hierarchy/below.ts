import { refuse } from '../decision.js';
import { externalIdOf } from '../external-ids.js';
import type { CarryingAuthority } from './commands.js';
import type { DeviceFacts, MemberFacts } from './events.js';
import { factOfExternalId } from './external-ids.js';
import type { TreeRefusal } from './refusals.js';
import type { GroupTreeState } from './state.js';
import { idOf, subtree } from './tree.js';

type Refused = { readonly ok: false; readonly refusal: TreeRefusal };

export const slotOf = (state: GroupTreeState, groupId: string): number | undefined => state.tree.slots.get(groupId);

/** The members of a group and of those below it. O(size of the subtree). */
export const membersBelow = (state: GroupTreeState, root: number): MemberFacts[] => {
  if (state.membersOf.size === 0) return [];
  return [...subtree(state.tree, root)].flatMap((slot) => membersAt(state, idOf(state.tree, slot)));
};

export const membersAt = (state: GroupTreeState, groupId: string): MemberFacts[] =>
  [...(state.membersOf.get(groupId)?.values() ?? [])].map((id) => state.members.get(id) as MemberFacts);

/** P2: refuses to move or remove a membership that permits more than the caller holds. O(size of the subtree). */
export const membersHoldMore = (
  state: GroupTreeState,
  root: number,
  authority: CarryingAuthority | undefined,
): Refused | null => {
  if (authority === undefined) return null;
  const isBeyond = ({ role }: MemberFacts): boolean => authority[role]?.length !== 0;
  const beyond = membersBelow(state, root).filter(isBeyond);
  const role = beyond[0]?.role;
  if (role === undefined) return null;
  const missing = authority[role] ?? [];
  return refuse({ code: 'MEMBERS_HOLD_MORE', groupId: idOf(state.tree, root), role, missing, count: beyond.length });
};

export const deviceExternalIdOf = (state: GroupTreeState, serialNumber: string): { readonly externalId?: string } =>
  factOfExternalId(externalIdOf(state.externalIds.device, serialNumber));

/** The devices of a group and of those below it. O(size of the subtree). */
export const devicesBelow = (state: GroupTreeState, root: number): DeviceFacts[] => {
  if (state.devicesOf.size === 0) return [];
  return [...subtree(state.tree, root)].flatMap((slot) => devicesAt(state, idOf(state.tree, slot)));
};

export const devicesAt = (state: GroupTreeState, groupId: string): DeviceFacts[] =>
  [...(state.devicesOf.get(groupId) ?? [])].map((serialNumber) => {
    const { claimId, model } = state.devices.get(serialNumber) as { claimId: string; model: string };
    return { serialNumber, groupId, model, claimId, ...deviceExternalIdOf(state, serialNumber) };
  });
