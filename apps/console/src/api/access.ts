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

/** Who is signed in, and what they may do. */
export const useMe = (): Me => useSuspenseQuery(me).data;

/** Whether the person who is signed in holds a permission somewhere. */
export const useHolds = (...any: readonly Permission[]): boolean => holds(useMe(), ...any);
