import { PasswordInput } from '@mantine/core';
import type { TFunction } from 'i18next';
import { useTranslation } from 'react-i18next';
import { Refused } from '../api/client.js';
import type { linksEn } from '../words/links.en.js';

/** What the service says about a password that it refuses, and the text for it. */
const FAULTS: Readonly<Record<string, keyof typeof linksEn.links.faults>> = {
  'must have at least 10 characters': 'short',
  'must have at least 10 characters, not counting blanks': 'blanks',
  'must not be blank': 'empty',
  'must not be your own e-mail address, or little more than the part before the @': 'address',
  'is one of the passwords most often used: choose another': 'common',
};

/** Why a new password is refused; `null`: it is not. */
export function passwordFault(error: unknown, t: TFunction): string | null {
  if (!(error instanceof Refused)) return null;
  const fault = (error.problem.errors ?? []).find(({ field }) => /password/i.test(field));
  if (fault === undefined) return null;
  const key = FAULTS[fault.message];
  return key === undefined ? fault.message : t(`links.faults.${key}`);
}

interface NewPasswordProps {
  readonly label?: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  /** Of the request that sent it. */
  readonly error: unknown;
}

/** A field for a new password, with the rule and what is wrong with it. */
export function NewPassword({ label, value, onChange, error }: NewPasswordProps) {
  const { t } = useTranslation();
  return (
    <PasswordInput
      label={label ?? t('signIn.password')}
      description={t('links.passwordHint')}
      autoComplete="new-password"
      required
      value={value}
      onChange={({ currentTarget }) => onChange(currentTarget.value)}
      error={passwordFault(error, t)}
      visibilityToggleButtonProps={{ 'aria-label': t('links.showPassword') }}
    />
  );
}
