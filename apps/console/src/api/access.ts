import { useSuspenseQuery } from '@tanstack/react-query';
import type { AnswerOf } from './client.js';
import { me } from './me.js';

export type Me = AnswerOf<'/api/v1/me'>;
export type Permission = Me['permissions'][number];

/** Everything that a concierge and a resident hold; people who hold no more see the small console. */
const SMALL: ReadonlySet<Permission> = new Set(['projects:read', 'groups:read', 'quotas:read', 'assignments:read-own']);

export const holds = ({ permissions }: Me, ...any: readonly Permission[]): boolean =>
  any.some((permission) => permissions.includes(permission));

export const isSmall = ({ permissions, memberships }: Me): boolean =>
  memberships.length > 0 && permissions.every((permission) => SMALL.has(permission));

/** The group of a project where somebody begins: its root, or the first group below where they have a role. */
export function topOf({ memberships }: Me, projectId: string): string {
  const groups = memberships.filter((each) => each.projectId === projectId).map(({ groupId }) => groupId ?? projectId);
  const hasAll = groups.includes(projectId) || memberships.some((each) => each.projectId === null);
  return hasAll ? projectId : (groups[0] ?? projectId);
}

/** Who is signed in, and what they may do. */
export const useMe = (): Me => useSuspenseQuery(me).data;

/** Whether the person who is signed in holds a permission somewhere. */
export const useHolds = (...any: readonly Permission[]): boolean => holds(useMe(), ...any);
