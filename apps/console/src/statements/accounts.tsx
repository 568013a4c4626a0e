import { Anchor, Stack } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { api, must } from '../api/client.js';
import { PageHead } from '../parts/page-head.js';
import { Rows, usePages } from '../parts/rows.js';
import { buyerOf, sellerOf, usePartyNames } from './parties.js';

/** Who bills whom, wherever the person may read statements. */
export function Accounts() {
  const { t } = useTranslation();
  const { rows: accounts, more } = usePages(['accounts'], (page) =>
    must(api.GET('/api/v1/accounts', { params: { query: page } })),
  );
  const nameOf = usePartyNames(accounts.flatMap((account) => [sellerOf(account), buyerOf(account)]));
  return (
    <Stack>
      <PageHead above={[]} title={t('titles.statements')} subtitle={t('statements.hint')} />
      <Rows
        label={t('titles.statements')}
        rows={accounts}
        keyOf={({ accountId }) => accountId}
        empty={t('statements.noAccounts')}
        more={more}
        minWidth={480}
        columns={[
          {
            title: t('statements.buyer'),
            isHead: true,
            cell: (account) => (
              <Anchor component={Link} to={`/statements/${account.accountId}`} size="sm">
                {nameOf(buyerOf(account))}
              </Anchor>
            ),
          },
          {
            title: t('statements.seller'),
            cell: (account) => nameOf(sellerOf(account)),
          },
          { title: t('statements.documents'), numbers: true, cell: ({ documents }) => documents },
        ]}
      />
    </Stack>
  );
}
