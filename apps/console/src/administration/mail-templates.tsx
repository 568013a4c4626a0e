import { Anchor, Badge, Stack } from '@mantine/core';
import { useSuspenseQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useDeferredValue } from 'react';
import { useTranslation } from 'react-i18next';
import { api, must } from '../api/client.js';
import { useMe } from '../api/access.js';
import { dayText, zoneOf } from '../parts/dates.js';
import { PageTitle } from '../parts/page-title.js';
import { Rows } from '../parts/rows.js';
import { languageOf } from '../words/index.js';
import { TenantSelect, useTenant } from './tenants.js';

/** The mails that are sent, each with the way to its template. */
export function MailTemplates() {
  const { t, i18n } = useTranslation();
  const zone = zoneOf(useMe());
  const { tenants, tenantId, setTenantId } = useTenant(true);
  const shown = useDeferredValue(tenantId);
  const language = languageOf(i18n.language);
  const { data } = useSuspenseQuery({
    queryKey: ['mail templates', shown, language],
    queryFn: () => {
      const query = { language, ...(shown !== null && { tenantId: shown }) };
      return must(api.GET('/api/v1/mail-templates', { params: { query } }));
    },
  });
  return (
    <Stack>
      <PageTitle title={t('titles.templates')} about={t('templates.about')} />
      <TenantSelect tenants={tenants} value={tenantId} onChange={setTenantId} all={t('templates.vendor')} />
      <Rows
        label={t('titles.templates')}
        rows={data.items}
        keyOf={({ mailType }) => mailType}
        empty={t('templates.empty')}
        columns={[
          {
            title: t('templates.mail'),
            cell: ({ mailType }) => (
              <Anchor
                size="sm"
                renderRoot={(props) => (
                  <Link
                    to="/mail-templates/$mailType"
                    params={{ mailType }}
                    search={shown === null ? {} : { tenant: shown }}
                    {...props}
                  />
                )}
              >
                {t(`mails.${mailType}`)}
              </Anchor>
            ),
          },
          { title: t('templates.subject'), cell: ({ subject }) => subject },
          {
            title: t('common.status'),
            cell: ({ custom, customizable, changedAt }) => (
              <>
                <Badge variant="light" color={custom ? 'teal' : 'gray'} tt="none">
                  {custom ? t('templates.own') : customizable ? t('templates.standard') : t('templates.fixed')}
                </Badge>{' '}
                {changedAt !== null && dayText(changedAt, zone, i18n.language)}
              </>
            ),
          },
        ]}
      />
    </Stack>
  );
}
