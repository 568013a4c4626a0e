import { Anchor, Center, Stack, Text, Title } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';

/** Why a page is not shown: nothing is there, or this person may not see it. */
export const NOT_ALLOWED = 'not allowed';

/** In place of a page that is not shown, with the way to one that is. */
export function NotFound({ data }: { readonly data?: unknown }) {
  const { t } = useTranslation();
  const isRefused = data === NOT_ALLOWED;
  return (
    <Center mih="40vh" p="md">
      <Stack align="center" ta="center" maw={480}>
        <Title order={1} size="h3">
          {isRefused ? t('common.notAllowed') : t('common.noWhere')}
        </Title>
        {isRefused && <Text>{t('common.notAllowedHint')}</Text>}
        <Anchor component={Link} to="/">
          {t('common.home')}
        </Anchor>
      </Stack>
    </Center>
  );
}
