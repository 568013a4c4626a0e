import { Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { useMe } from '../api/access.js';

/** Who did something: a person, a machine or the system itself. */
export function Actor({ actor }: { readonly actor: string }) {
  const { t } = useTranslation();
  const { userId } = useMe();
  if (actor === `user:${userId}`) return t('administration.you');
  if (actor === 'user:server-administrator') return t('roles.server_administrator');
  return (
    <Text size="sm" style={{ overflowWrap: 'anywhere' }}>
      {actor}
    </Text>
  );
}
