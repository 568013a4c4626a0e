import { Anchor, Stack, Table, Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { api, must } from '../api/client.js';
import { PageHead } from '../parts/page-head.js';
import { usePages } from '../parts/rows.js';
import { WideTable } from '../parts/wide-table.js';
import { usePartyNames } from './parties.js';

/** Who bills whom, wherever the person may read statements. */
export function Accounts() {
  const { t } = useTranslation();
  const { rows: accounts, more } = usePages(['accounts'], (page) =>
    must(api.GET('/api/v1/accounts', { params: { query: { ...page, limit: 25 } } })),
  );
  const nameOf = usePartyNames(
    accounts.flatMap(({ sellerKind, sellerId, buyerKind, buyerId }) => [
      { kind: sellerKind, id: sellerId },
      { kind: buyerKind, id: buyerId },
    ]),
  );
  return (
    <Stack>
      <PageHead above={[]} title={t('titles.statements')} subtitle={t('statements.hint')} />
      {accounts.length === 0 ? (
        <Text c="dimmed">{t('statements.noAccounts')}</Text>
      ) : (
        <WideTable minWidth={480} label={t('titles.statements')}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{t('statements.buyer')}</Table.Th>
              <Table.Th>{t('statements.seller')}</Table.Th>
              <Table.Th className="numbers">{t('statements.documents')}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {accounts.map(({ accountId, sellerKind, sellerId, buyerKind, buyerId, documents }) => (
              <Table.Tr key={accountId}>
                <Table.Td>
                  <Anchor component={Link} to={`/statements/${accountId}`} size="sm">
                    {nameOf({ kind: buyerKind, id: buyerId })}
                  </Anchor>
                </Table.Td>
                <Table.Td>{nameOf({ kind: sellerKind, id: sellerId })}</Table.Td>
                <Table.Td className="numbers">{documents}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </WideTable>
      )}
      {more}
    </Stack>
  );
}
