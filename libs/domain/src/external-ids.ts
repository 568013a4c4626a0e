import { refuse } from './decision.js';
import { hasUnseenCharacters } from './names.js';

/** What has an external id, the id by which another system (an ERP, say) knows it. Unique in a project among things of one kind. */
export type ExternalIdKind = 'group' | 'member' | 'device' | 'license' | 'assignment';

/** Longest external id, in UTF-16 code units after trimming. */
export const MAX_EXTERNAL_ID_LENGTH = 128;

/** Another thing of the kind has the external id. */
export interface ExternalIdTaken {
  readonly code: 'EXTERNAL_ID_TAKEN';
  readonly kind: ExternalIdKind;
  readonly externalId: string;
  /** The id of the group, member, license or assignment that has it, or the serial number of the device. */
  readonly holderId: string | null;
  /** Where the holder is; `null`: it is a license, which belongs to the project. */
  readonly groupId: string | null;
}

/** The external ids of one kind in a project. Something that leaves the project frees its own. */
export interface ExternalIds {
  readonly holders: Map<string, string>;
  readonly ids: Map<string, string>;
}

export const noExternalIds = (): ExternalIds => ({ holders: new Map(), ids: new Map() });

/** In place. `null`: the holder has none any more. */
export const putExternalId = ({ holders, ids }: ExternalIds, holder: string, externalId: string | null): void => {
  const former = ids.get(holder);
  if (former !== undefined) holders.delete(former);
  if (externalId === null) {
    ids.delete(holder);
    return;
  }
  ids.set(holder, externalId);
  holders.set(externalId, holder);
};

/** `null`: it has none. */
export const externalIdOf = ({ ids }: ExternalIds, holder: string): string | null => ids.get(holder) ?? null;

/** The stored form: as sent, in Unicode NFC, trimmed. Case and inner spaces count. */
export const tidyExternalId = (externalId: string): string => externalId.normalize('NFC').trim();

const faultOf = (externalId: string): string | null => {
  if (externalId === '') return 'must not be empty';
  if (externalId.length > MAX_EXTERNAL_ID_LENGTH) return `must have at most ${MAX_EXTERNAL_ID_LENGTH} characters`;
  return hasUnseenCharacters(externalId) ? 'must not contain characters that cannot be seen' : null;
};

/** Refuses a malformed external id (in its stored form); `null`: it is accepted, or there is none. */
export const refuseExternalId = (
  field: string,
  externalId: string | null,
): {
  readonly ok: false;
  readonly refusal: { readonly code: 'VALIDATION'; readonly field: string; readonly message: string };
} | null => {
  const message = externalId === null ? null : faultOf(externalId);
  return message === null ? null : refuse({ code: 'VALIDATION', field, message });
};
