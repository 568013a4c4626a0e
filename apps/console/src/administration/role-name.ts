import type { TFunction } from 'i18next';
import { en } from '../words/en.js';

type BuiltIn = keyof typeof en.roles;

const isBuiltIn = (role: string): role is BuiltIn => Object.hasOwn(en.roles, role);

interface Named {
  readonly roleId: string;
  readonly name: string;
  readonly custom: boolean;
}

/** A role as people read it. */
export const roleName = ({ roleId, name, custom }: Named, t: TFunction): string =>
  !custom && isBuiltIn(roleId) ? t(`roles.${roleId}`) : name;

/** The role of a membership, by its id. @param known those of the tenant */
export const roleNameOf = (role: string, known: readonly Named[], t: TFunction): string =>
  isBuiltIn(role) ? t(`roles.${role}`) : (known.find(({ roleId }) => roleId === role)?.name ?? t('common.ownRole'));
