import type { ExternalIdTaken } from '../external-ids.js';

/** Why a command on a group tree was refused. Nothing was recorded. */
export type TreeRefusal = SingleTreeRefusal | RefusedShape;

/** Of many changes: all that were refused, by the group each is about. */
export interface RefusedShape {
  readonly code: 'BATCH_REFUSED';
  readonly items: readonly { readonly groupId: string; readonly refusal: SingleTreeRefusal }[];
}

/** Why one change was refused. */
export type SingleTreeRefusal =
  /** The names that siblings already carry, at most `MAX_NAMED_CLASHES` of `count`. */
  | {
      readonly code: 'NAME_TAKEN';
      readonly parentId: string;
      readonly names: readonly string[];
      readonly count: number;
    }
  | ExternalIdTaken
  /** The new parent is the group itself or below it. */
  | { readonly code: 'CYCLE'; readonly groupId: string; readonly parentId: string }
  /** `groupId`: where in this project the serial number is; `null`: it is in another project. */
  | { readonly code: 'DEVICE_ELSEWHERE'; readonly serialNumber: string; readonly groupId: string | null }
  /** The serial number is missing from the vendor's catalogue of devices, or has another code; the refusal does not say which. */
  | { readonly code: 'CLAIM_CODE_INVALID'; readonly serialNumber: string }
  | { readonly code: 'NOT_TRANSFERABLE'; readonly groupId: string; readonly reason: string }
  /** `count` members of the group or below it have a role that permits `missing`, which the caller does not hold. */
  | {
      readonly code: 'MEMBERS_HOLD_MORE';
      readonly groupId: string;
      readonly role: string;
      readonly missing: readonly string[];
      readonly count: number;
    }
  /** The project would lose the last administrator at its root. */
  | { readonly code: 'LAST_ADMINISTRATOR'; readonly projectId: string; readonly memberId: string }
  /** A postpaid project has unlimited capacity, so it needs permission of the server administrator (L1). */
  | { readonly code: 'POSTPAID_NOT_ALLOWED'; readonly partnerId: string }
  /** A closed project can be read but not changed. */
  | { readonly code: 'PROJECT_CLOSED'; readonly projectId: string; readonly reason: string }
  | { readonly code: 'NOT_FOUND'; readonly what: 'project' | 'group' | 'member' | 'device'; readonly id: string }
  | { readonly code: 'VALIDATION'; readonly field: string; readonly message: string };

/** How many clashing names a refusal lists. */
export const MAX_NAMED_CLASHES = 20;
