import { NavLink, Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useMe } from '../api/access.js';
import { sees, type Page } from '../api/pages.js';

const PAGES = [
  ['/people', 'people', 'people'],
  ['/roles', 'rolesPage', 'roles'],
  ['/api-keys', 'apiKeys', 'apiKeys'],
  ['/mail-templates', 'templates', 'templates'],
  ['/deliveries', 'deliveries', 'deliveries'],
  ['/webhooks', 'webhooks', 'webhooks'],
  ['/exports', 'exports', 'exports'],
  ['/audit', 'audit', 'audit'],
] as const satisfies readonly (readonly [string, string, Page])[];

/** The way to the administration pages that somebody can use. */
export function Administration() {
  const { t } = useTranslation();
  const self = useMe();
  const pages = PAGES.filter(([, , page]) => sees(self, page));
  if (pages.length === 0) return null;
  return (
    <>
      <Text size="xs" c="dimmed" px="sm" pt="sm">
        {t('titles.administration')}
      </Text>
      {pages.map(([to, words]) => (
        <NavLink key={to} component={Link} to={to} label={t(`titles.${words}`)} />
      ))}
    </>
  );
}
