import { Badge, Button, Group, Select, Stack, Text, Title } from '@mantine/core';
import { useQueryClient, useSuspenseQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { api, must } from '../api/client.js';
import { me } from '../api/me.js';
import { signOut } from '../api/session.js';
import { instantText, zoneOf } from '../parts/dates.js';
import { RowButton } from '../parts/row-button.js';
import { Rows } from '../parts/rows.js';
import { useChange } from '../parts/use-change.js';
import { browserText } from './browser-text.js';
import { OwnDetails } from './own-details.js';
import { LANGUAGES, showLanguageOf, type Language } from '../words/index.js';

/** Somebody's own account: the language, and where they are signed in. */
export function Account() {
  const { t, i18n } = useTranslation();
  const queries = useQueryClient();
  const { data: self } = useSuspenseQuery(me);
  const { data: sessions } = useSuspenseQuery({
    queryKey: ['sessions'],
    queryFn: () => must(api.GET('/api/v1/me/sessions')),
  });
  const language = useChange({
    send: async (chosen: Language, key) => {
      const params = { header: { 'Idempotency-Key': key } };
      await must(api.PATCH('/api/v1/me', { params, body: { language: chosen } }));
      await queries.invalidateQueries(me);
      await showLanguageOf(chosen);
    },
  });
  const endOthers = useChange({
    send: () => must(api.DELETE('/api/v1/me/sessions')),
    done: () => t('account.ended'),
  });
  const endAll = useChange({
    send: async () => {
      await must(api.DELETE('/api/v1/me/sessions'));
      await signOut();
    },
    saysRefusal: true,
  });
  const end = useChange({
    send: (sessionId: string) =>
      must(api.DELETE('/api/v1/me/sessions/{sessionId}', { params: { path: { sessionId } } })),
    done: () => t('self.endedOne'),
    saysRefusal: true,
  });
  const zone = zoneOf(self);
  return (
    <Stack>
      <Title order={1} size="h2">
        {t('account.title')}
      </Title>
      <Text>{self.email}</Text>
      {!self.serverAdministrator && <OwnDetails />}
      <Select
        label={t('account.language')}
        data={LANGUAGES.map((each) => ({ value: each, label: t(`account.languages.${each}`) }))}
        value={i18n.language}
        allowDeselect={false}
        onChange={(value) => language.mutate(value as Language)}
        maw={240}
      />
      <Group justify="space-between">
        <div>
          <Title order={2} size="h4">
            {t('account.sessions')}
          </Title>
          <Text size="xs" c="dimmed">
            {t('common.timeZone', { zone })}
          </Text>
        </div>
        <Group gap="xs">
          <Button variant="default" onClick={() => endOthers.mutate(undefined)} loading={endOthers.isPending}>
            {t('account.endOthers')}
          </Button>
          <Button variant="default" onClick={() => endAll.mutate(undefined)} loading={endAll.isPending}>
            {t('self.endEverywhere')}
          </Button>
        </Group>
      </Group>
      <Rows
        label={t('account.sessions')}
        rows={sessions.items}
        keyOf={({ sessionId }) => sessionId}
        minWidth={320}
        columns={[
          {
            title: t('account.browser'),
            isHead: true,
            cell: ({ userAgent, current }) => (
              <>
                {browserText(userAgent, t)} {current && <Badge tt="none">{t('account.current')}</Badge>}
              </>
            ),
          },
          {
            title: t('account.lastUsed'),
            cell: ({ lastUsedAt, address }) => (
              <>
                {instantText(lastUsedAt, zone, i18n.language)}
                <Text size="xs" c="dimmed">
                  {address}
                </Text>
              </>
            ),
          },
          {
            title: '',
            cell: ({ sessionId, userAgent, current }) =>
              !current && (
                <RowButton of={browserText(userAgent, t)} onClick={() => end.mutate(sessionId)}>
                  {t('self.end')}
                </RowButton>
              ),
          },
        ]}
      />
    </Stack>
  );
}
