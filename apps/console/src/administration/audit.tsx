import { Select, Stack, Text } from '@mantine/core';
import type { TFunction } from 'i18next';
import { useDeferredValue, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api, must } from '../api/client.js';
import { useMe } from '../api/access.js';
import { Actor } from '../parts/actor.js';
import { instantText, zoneOf } from '../parts/dates.js';
import { FactList } from '../parts/fact-list.js';
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
            cell: ({ actor, address, ...row }) => (
              <>
                <Actor actor={actor} partnerIds={partnersOf(row)} />
                <Text size="xs" c="dimmed">
                  {address}
                </Text>
              </>
            ),
          },
          { title: t('history.what'), cell: (row) => actionText(row.action, t) },
          {
            title: t('audit.whom'),
            cell: (row) =>
              row.userId !== null &&
              `user:${row.userId}` !== row.actor && <Actor actor={`user:${row.userId}`} partnerIds={partnersOf(row)} />,
          },
          {
            title: t('audit.facts'),
            cell: ({ facts, action: what, at }) => (
              <FactList
                after={facts}
                timeZone={zone}
                of={`${actionText(what, t)}, ${instantText(at, zone, i18n.language)}`}
              />
            ),
          },
        ]}
      />
      {more}
    </Stack>
  );
}

interface OfPartners {
  readonly tenantId: string | null;
  readonly facts: Readonly<Record<string, unknown>>;
}

/** The partners whose administrators an entry can be about. */
const partnersOf = ({ tenantId, facts: { partnerId } }: OfPartners): readonly string[] => [
  ...new Set([partnerId, tenantId].filter((id) => typeof id === 'string')),
];
