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
import { useQueryClient, useSuspenseQuery } from '@tanstack/react-query';
import { Link, Outlet, useRouter } from '@tanstack/react-router';
import { Suspense, useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { isSmall, useMe } from '../api/access.js';
import { me } from '../api/me.js';
import { sees } from '../api/pages.js';
import { onSessionEnd, signOut } from '../api/session.js';
import { Administration } from './administration.js';
import { IdleEnd } from './idle.js';
import { useLiveUpdates } from './live-updates.js';
import { Search } from './search.js';
import { StillThere } from './still-there.js';

/** The frame of every page: where to go, who is signed in, and whether there is a connection. */
export function Shell() {
  const { t } = useTranslation();
  const [isOpen, { toggle, close }] = useDisclosure(false);
  const self = useMe();
  const isForResident = isSmall(self);
  useSessionEnd();
  const notice = useConnectionNotice();
  return (
    <AppShell
      header={{ height: 56 }}
      navbar={{ width: 200, breakpoint: 'sm', collapsed: { mobile: !isOpen, desktop: isForResident } }}
      footer={{ height: { base: 88, sm: 48 }, collapsed: notice === null }}
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
          {sees(self, 'statements') && <NavLink component={Link} to="/statements" label={t('titles.statements')} />}
          <Administration />
          <NavLink component={Link} to="/account" label={t('shell.account')} />
        </AppShell.Navbar>
      )}
      {!isForResident && <IdleEnd />}
      <AppShell.Main id="content" tabIndex={-1}>
        <Suspense fallback={<Loader aria-label={t('common.loading')} />}>
          <StillThere>
            <Outlet />
          </StillThere>
        </Suspense>
      </AppShell.Main>
      <ConnectionNotice text={notice} />
    </AppShell>
  );
}

/** Why the page may not show what is in force, or `null`. */
function useConnectionNotice(): string | null {
  const { t } = useTranslation();
  const { online } = useNetwork();
  const isLive = useLiveUpdates(online);
  if (!online) return t('common.offline');
  return isLive ? null : t('common.notLive');
}

/** At the bottom of the window: inserted above the page, it would move what somebody is about to click. */
function ConnectionNotice({ text }: { readonly text: string | null }) {
  return (
    <AppShell.Footer>
      <div role="status">
        {text !== null && (
          <Alert color="orange" radius={0} py="xs">
            {text}
          </Alert>
        )}
      </div>
    </AppShell.Footer>
  );
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
