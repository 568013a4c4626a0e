import {
  Alert,
  Anchor,
  AppShell,
  Burger,
  Button,
  Group,
  Loader,
  Menu,
  NavLink,
  Text,
  useMantineColorScheme,
} from '@mantine/core';
import { useDisclosure, useNetwork } from '@mantine/hooks';
import { useQuery, useQueryClient, useSuspenseQuery } from '@tanstack/react-query';
import { Link, Outlet, useRouter } from '@tanstack/react-router';
import { Suspense, useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { isSmall, useMe } from '../api/access.js';
import { api, must } from '../api/client.js';
import { me } from '../api/me.js';
import { sees } from '../api/pages.js';
import { onSessionEnd, signOut } from '../api/session.js';
import { Administration } from './administration.js';
import { IdleEnd } from './idle.js';
import { LiveUpdates } from './live-updates.js';
import { Search } from './search.js';
import { StillThere } from './still-there.js';

/** The frame of every page: where to go, who is signed in, and whether there is a connection. */
export function Shell() {
  const { t } = useTranslation();
  const [isOpen, { toggle, close }] = useDisclosure(false);
  const { online } = useNetwork();
  const self = useMe();
  const isForResident = isSmall(self);
  useSessionEnd();
  return (
    <AppShell
      header={{ height: 56 }}
      navbar={{ width: 200, breakpoint: 'sm', collapsed: { mobile: !isOpen, desktop: isForResident } }}
      padding="md"
    >
      <a href="#content" className="skip">
        {t('shell.skip')}
      </a>
      <AppShell.Header>
        <Group h="100%" px="md" wrap="nowrap" justify="space-between">
          <Group wrap="nowrap" gap="xs">
            {!isForResident && (
              <Burger opened={isOpen} onClick={toggle} hiddenFrom="sm" size="sm" aria-label={t('shell.menu')} />
            )}
            <Anchor component={Link} to="/" fw={700} underline="never" c="bright">
              Allotree
            </Anchor>
          </Group>
          {!isForResident && <Search />}
          <AccountMenu hasSearchBeside={!isForResident} />
        </Group>
      </AppShell.Header>
      {!isForResident && (
        <AppShell.Navbar p="xs" onClick={close}>
          <NavLink component={Link} to="/" label={t('shell.overview')} activeOptions={{ exact: true }} />
          {sees(self, 'projects') && <NavLink component={Link} to="/projects" label={t('shell.projects')} />}
          {sees(self, 'partners') && <NavLink component={Link} to="/partners" label={t('shell.partners')} />}
          {sees(self, 'statements') && <StatementsLink />}
          <Administration />
          <NavLink component={Link} to="/account" label={t('shell.account')} />
        </AppShell.Navbar>
      )}
      {!isForResident && <IdleEnd />}
      <AppShell.Main id="content" tabIndex={-1}>
        {online ? (
          <LiveUpdates />
        ) : (
          <Alert color="orange" role="status" mb="md">
            {t('common.offline')}
          </Alert>
        )}
        <Suspense fallback={<Loader aria-label={t('common.loading')} />}>
          <StillThere>
            <Outlet />
          </StillThere>
        </Suspense>
      </AppShell.Main>
    </AppShell>
  );
}

/** Where there is an account: one begins with the first project or partner that is billed. */
function StatementsLink() {
  const { t } = useTranslation();
  const { data } = useQuery({
    queryKey: ['accounts', 'any'],
    queryFn: () => must(api.GET('/api/v1/accounts', { params: { query: { limit: 1 } } })),
    staleTime: Number.POSITIVE_INFINITY,
  });
  if (data === undefined || data.items.length === 0) return null;
  return <NavLink component={Link} to="/statements" label={t('titles.statements')} />;
}

/** Shows the sign-in page when the session ends, wherever that was decided. */
function useSessionEnd(): void {
  const router = useRouter();
  const queries = useQueryClient();
  useEffect(
    () =>
      onSessionEnd(() => {
        const to = router.state.location.href;
        queries.clear();
        void router.navigate({ to: '/sign-in', search: { to } });
      }),
    [router, queries],
  );
}

function AccountMenu({ hasSearchBeside }: { readonly hasSearchBeside: boolean }) {
  const { t } = useTranslation();
  const { data } = useSuspenseQuery(me);
  const { toggleColorScheme } = useMantineColorScheme();
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button variant="subtle" color="gray" size="compact-md">
          <Text truncate maw={{ base: hasSearchBeside ? 72 : 160, sm: 180 }} size="sm">
            {data.name ?? data.email}
          </Text>
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item component={Link} to="/account">
          {t('shell.account')}
        </Menu.Item>
        <Menu.Item onClick={() => toggleColorScheme()}>{t('shell.theme')}</Menu.Item>
        <Menu.Item onClick={() => void signOut()}>{t('shell.signOut')}</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
