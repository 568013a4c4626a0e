import type { RecipientsName } from '@allotree/contracts';
import { emailKey } from '@allotree/domain';

export interface Person {
  readonly email: string;
  readonly name: string;
  /** Of the account, if it is known. */
  readonly userId?: string | null;
}

export interface Member extends Person {
  readonly role: string;
}

/** A group and those above it, the group itself first. Of those above only the administrators are known. */
export interface GroupPath {
  readonly groups: readonly { readonly name: string; readonly removed: boolean; readonly members: readonly Member[] }[];
  /** Who administers the project's partner and its tenant, the nearest first, as far as that is known. */
  readonly partners: readonly Person[];
}

export const ADMINISTRATORS = ['site_administrator', 'company_administrator'];

/**
 * The recipients of notices about a group (E3): its administrators, where it has none those of the nearest
 * group above, and where nobody is found up to the root, the administrators of the partner; with `members` also everybody
 * who is a member of the group. Nobody twice.
 */
export function recipientsOf({ groups, partners }: GroupPath, wanted: RecipientsName): readonly Person[] {
  const administrators = groups
    .map(({ members }) => members.filter(({ role }) => ADMINISTRATORS.includes(role)))
    .find((found) => found.length > 0);
  const members = wanted === 'members' ? (groups[0]?.members ?? []) : [];
  const people: readonly Person[] = [...(administrators ?? partners.slice(0, 1)), ...members];
  const known = new Map<string, Person>();
  for (const { email, name, userId = null } of people) {
    const key = emailKey(email);
    if (!known.has(key)) known.set(key, { email, name, userId });
  }
  return [...known.values()];
}

/** `Building A › Unit 1`: where the group lies below the project. */
export const placeOf = ({ groups }: GroupPath): string =>
  groups
    .slice(0, Math.max(1, groups.length - 1))
    .map(({ name }) => name)
    .reverse()
    .join(' › ');
