import { refuse } from '../decision.js';
import { externalIdOf, refuseExternalId, tidyExternalId, type ExternalIdKind } from '../external-ids.js';
import type { TreeRefusal } from './refusals.js';
import type { GroupTreeState } from './state.js';

type KindInTree = Extract<ExternalIdKind, keyof GroupTreeState['externalIds']>;
type Refused = { readonly ok: false; readonly refusal: TreeRefusal };

const GROUP_OF: { readonly [Kind in KindInTree]: (state: GroupTreeState, holder: string) => string | null } = {
  group: (_state, holder) => holder,
  member: ({ members }, holder) => members.get(holder)?.groupId ?? null,
  device: ({ devices }, holder) => devices.get(holder)?.groupId ?? null,
};

/** Refuses a malformed external id and one that another thing of its kind has. `null`: it is accepted, or there is none. O(1). */
export const externalIdFault = (
  state: GroupTreeState,
  kind: KindInTree,
  self: string | null,
  externalId: string | null | undefined,
): Refused | null => {
  if (externalId === null || externalId === undefined) return null;
  const malformed = refuseExternalId('externalId', externalId);
  const holderId = state.externalIds[kind].holders.get(externalId);
  if (malformed || holderId === undefined || holderId === self) return malformed;
  return refuse({ code: 'EXTERNAL_ID_TAKEN', kind, externalId, holderId, groupId: GROUP_OF[kind](state, holderId) });
};

/** What a command makes of the external id of a holder; `undefined`: it stays as it is. */
export const externalIdChange = (
  state: GroupTreeState,
  kind: KindInTree,
  holder: string,
  sent: string | null | undefined,
): string | null | undefined => {
  if (sent === undefined) return undefined;
  const externalId = sent === null ? null : tidyExternalId(sent);
  return externalId === externalIdOf(state.externalIds[kind], holder) ? undefined : externalId;
};

/** As facts carry it: absent where there is none. */
export const factOfExternalId = (externalId: string | null | undefined): { readonly externalId?: string } =>
  externalId === null || externalId === undefined ? {} : { externalId };
