import { Select, Spoiler, Stack, Text } from '@mantine/core';
import type { TFunction } from 'i18next';
import { useDeferredValue, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api, must } from '../api/client.js';
import { useMe } from '../api/access.js';
import { Actor } from '../parts/actor.js';
import { instantText, zoneOf } from '../parts/dates.js';
import { PageTitle } from '../parts/page-title.js';
import { Rows, usePages } from '../parts/rows.js';
import { administrationEn } from '../words/administration.en.js';

const { actions } = administrationEn.audit;

type Action = keyof typeof actions;

const ACTIONS = Object.keys(actions) as readonly Action[];

const isKnown = (action: string): action is Action => Object.hasOwn(actions, action);

const actionText = (action: string, t: TFunction): string =>
  isKnown(action) ? t(`audit.actions.${action}`) : action.replaceAll('_', ' ');

/** Who signed in, and who changed what anybody may do. */
export function Audit() {
  const { t, i18n } = useTranslation();
  const zone = zoneOf(useMe());
  const [action, setAction] = useState<string | null>(null);
  const shown = useDeferredValue(action);
  const { rows, more } = usePages(['audit', shown], (page) =>
    must(api.GET('/api/v1/audit', { params: { query: { ...page, ...(shown !== null && { action: shown }) } } })),
  );
  return (
    <Stack>
      <PageTitle title={t('titles.audit')} about={`${t('audit.about')} ${t('common.timeZone', { zone })}.`} />
      <Select
        label={t('audit.filter')}
        placeholder={t('administration.any')}
        data={ACTIONS.map((value) => ({ value, label: actionText(value, t) }))}
        value={action}
        onChange={setAction}
        clearable
        searchable
        maw={320}
      />
      <Rows
        label={t('titles.audit')}
        rows={rows.map((row, index) => ({ ...row, index }))}
        keyOf={({ at, index }) => `${at} ${index}`}
        empty={t('audit.empty')}
        minWidth={720}
        columns={[
          { title: t('history.when'), cell: ({ at }) => instantText(at, zone, i18n.language) },
          {
            title: t('history.who'),
            cell: ({ actor, address }) => (
              <>
                <Actor actor={actor} />
                <Text size="xs" c="dimmed">
                  {address}
                </Text>
              </>
            ),
          },
          { title: t('history.what'), cell: (row) => actionText(row.action, t) },
          { title: t('audit.facts'), cell: ({ facts }) => <Facts facts={facts} /> },
        ]}
      />
      {more}
    </Stack>
  );
}

function Facts({ facts }: { readonly facts: object }) {
  const { t } = useTranslation();
  const lines = Object.entries(facts).map(([name, value]) => `${name}: ${JSON.stringify(value)}`);
  if (lines.length === 0) return null;
  return (
    <Spoiler
      maxHeight={34}
      showLabel={t('administration.all', { count: lines.length })}
      hideLabel={t('administration.fewer')}
    >
      <Text size="xs" ff="monospace" style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>
        {lines.join('\n')}
      </Text>
    </Spoiler>
  );
}
