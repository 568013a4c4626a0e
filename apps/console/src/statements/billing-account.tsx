import { Alert, Anchor, Badge, Stack, Table, Text, Title } from '@mantine/core';
import { useInfiniteQuery, useQuery, useSuspenseQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { Button } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { api, must, type AnswerOf } from '../api/client.js';
import { dayText, instantText, termText } from '../parts/dates.js';
import { PageHead } from '../parts/page-head.js';
import { ProblemText } from '../parts/problem-text.js';
import { WideTable } from '../parts/wide-table.js';
import { Lines, moneyText } from './lines.js';
import { usePartyNames } from './parties.js';

type Account = AnswerOf<'/api/v1/accounts/{accountId}'>;

/** One account: what the period in progress would cost so far, the statements, and whether both computations agree. */
export function BillingAccount() {
  const { t } = useTranslation();
  const { accountId } = useParams({ from: '/inside/statements/$accountId' });
  const { data: account } = useSuspenseQuery({
    queryKey: ['account', accountId],
    queryFn: () => must(api.GET('/api/v1/accounts/{accountId}', { params: { path: { accountId } } })),
  });
  const seller = { kind: account.sellerKind, id: account.sellerId };
  const buyer = { kind: account.buyerKind, id: account.buyerId };
  const nameOf = usePartyNames([seller, buyer]);
  return (
    <Stack>
      <PageHead
        above={[{ to: '/statements', name: t('titles.statements') }]}
        title={nameOf(buyer)}
        subtitle={t('statements.billedBy', { name: nameOf(seller) })}
      />
      {account.terms === null ? (
        <Alert color="gray">{t('statements.noTerms')}</Alert>
      ) : (
        <Running accountId={accountId} account={account} />
      )}
      <Documents account={account} />
      <Verification account={account} />
    </Stack>
  );
}

/** The statement as it would be now. */
function Running({ accountId, account }: { readonly accountId: string; readonly account: Account }) {
  const { t, i18n } = useTranslation();
  const { data, error } = useQuery({
    queryKey: ['running statement', accountId],
    queryFn: () =>
      must(api.GET('/api/v1/accounts/{accountId}/statements/current', { params: { path: { accountId } } })),
  });
  return (
    <section aria-labelledby="running">
      <Title order={2} size="h4" id="running">
        {t('statements.running')}
      </Title>
      {error !== null && (
        <Alert color="red" mt="xs">
          <ProblemText error={error} />
        </Alert>
      )}
      {data && (
        <>
          <Text size="sm" c="dimmed">
            {t('statements.runningHint', {
              term: termText(data.period.from, data.period.until, data.timeZone, i18n.language, ''),
              at: instantText(data.at, data.timeZone, i18n.language),
              zone: data.timeZone,
            })}
          </Text>
          <Lines billed={data} />
        </>
      )}
      {account.pendingTerms !== null && (
        <Text size="sm">
          {t('statements.pendingTerms', {
            date: dayText(account.pendingTerms.effectiveFrom, account.calendar?.timeZone ?? 'UTC', i18n.language),
          })}
        </Text>
      )}
    </section>
  );
}

function Documents({ account: { accountId, calendar } }: { readonly account: Account }) {
  const { t, i18n } = useTranslation();
  const { data, error, hasNextPage, fetchNextPage } = useInfiniteQuery({
    queryKey: ['statements', accountId],
    queryFn: ({ pageParam }) => {
      const query = { limit: 50, orderBy: 'number desc' as const, ...(pageParam !== '' && { cursor: pageParam }) };
      return must(api.GET('/api/v1/accounts/{accountId}/statements', { params: { path: { accountId }, query } }));
    },
    initialPageParam: '',
    getNextPageParam: ({ nextCursor }) => nextCursor,
  });
  const zone = calendar?.timeZone ?? 'UTC';
  const rows = data?.pages.flatMap(({ items }) => items) ?? [];
  return (
    <section aria-labelledby="issued">
      <Title order={2} size="h4" id="issued">
        {t('statements.issued')}
      </Title>
      {error !== null && (
        <Alert color="red">
          <ProblemText error={error} />
        </Alert>
      )}
      {data && rows.length === 0 && <Text c="dimmed">{t('statements.noneIssued')}</Text>}
      {rows.length > 0 && (
        <WideTable minWidth={560} label={t('statements.issued')}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{t('statements.number')}</Table.Th>
              <Table.Th>{t('statements.period')}</Table.Th>
              <Table.Th>{t('statements.issuedAt')}</Table.Th>
              <Table.Th className="numbers">{t('statements.total')}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {rows.map((row) => (
              <Table.Tr key={row.statementId}>
                <Table.Td>
                  <Anchor component={Link} to={`/statements/${accountId}/${row.statementId}`} size="sm">
                    {t(`statements.kinds.${row.kind}`, { number: row.number })}
                  </Anchor>
                </Table.Td>
                <Table.Td>{termText(row.from, row.until, zone, i18n.language, '')}</Table.Td>
                <Table.Td>{instantText(row.issuedAt, zone, i18n.language)}</Table.Td>
                <Table.Td className="numbers">{moneyText(row.total, row.currency, 2, i18n.language)}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </WideTable>
      )}
      {hasNextPage && (
        <Button variant="default" onClick={() => void fetchNextPage()}>
          {t('common.more')}
        </Button>
      )}
    </section>
  );
}

const COLORS = { agreed: 'teal', waiting: 'blue', held: 'red' } as const;

/** Whether both computations of the last period agree, project by project; until they do, no statement is issued. */
function Verification({ account: { accountId, calendar } }: { readonly account: Account }) {
  const { t, i18n } = useTranslation();
  const { data } = useQuery({
    queryKey: ['reconciliation', accountId],
    queryFn: () => must(api.GET('/api/v1/accounts/{accountId}/reconciliation', { params: { path: { accountId } } })),
  });
  const projects = data?.projects ?? [];
  const nameOf = usePartyNames(projects.map(({ projectId }) => ({ kind: 'project', id: projectId })));
  const zone = calendar?.timeZone ?? 'UTC';
  if (projects.length === 0) return null;
  return (
    <section aria-labelledby="verification">
      <Title order={2} size="h4" id="verification">
        {t('statements.verification')}
      </Title>
      <Text size="sm" c="dimmed">
        {t('statements.verificationHint')}
      </Text>
      <WideTable minWidth={480} label={t('statements.verification')}>
        <Table.Tbody>
          {projects.map((each) => (
            <Table.Tr key={each.periodId}>
              <Table.Th scope="row" fw={400}>
                {nameOf({ kind: 'project', id: each.projectId })}
              </Table.Th>
              <Table.Td>{termText(each.from, each.until, zone, i18n.language, '')}</Table.Td>
              <Table.Td>
                <Badge color={COLORS[each.status]} variant="light" tt="none">
                  {t(`statements.reconciled.${each.status}`)}
                </Badge>
                {each.divergesAt !== null && (
                  <Text size="xs">
                    {t('statements.divergesAt', { at: instantText(each.divergesAt, zone, i18n.language) })}
                  </Text>
                )}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </WideTable>
    </section>
  );
}
