import { Anchor, Center, Stack, Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';

export function NotFound() {
  const { t } = useTranslation();
  return (
    <Center mih="40vh">
      <Stack align="center">
        <Text>{t('common.noWhere')}</Text>
        <Anchor component={Link} to="/">
          {t('common.home')}
        </Anchor>
      </Stack>
    </Center>
  );
}
