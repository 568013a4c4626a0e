import { NavLink, Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { holds, useMe, type Permission } from '../api/access.js';

/** Each page with the permissions of which one opens it; `routes.tsx` asks for the same. */
const PAGES = [
  ['/people', 'people', ['members:read', 'partners:manage']],
  ['/roles', 'rolesPage', ['roles:read']],
  ['/api-keys', 'apiKeys', ['api-keys:manage']],
  ['/mail-templates', 'templates', ['mail:read']],
  ['/deliveries', 'deliveries', ['mail:read']],
  ['/webhooks', 'webhooks', ['webhooks:manage']],
  ['/exports', 'exports', ['events:read']],
  ['/audit', 'audit', ['audit:read']],
] as const satisfies readonly (readonly [string, string, readonly Permission[]])[];

/** The way to the administration pages that somebody can use. */
export function Administration() {
  const { t } = useTranslation();
  const self = useMe();
  const pages = PAGES.filter(([, , permissions]) => holds(self, ...permissions));
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
