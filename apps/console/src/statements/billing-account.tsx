import { Alert, Anchor, Badge, Stack, Text, Title } from '@mantine/core';
import { useQuery, useSuspenseQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { api, must, type AnswerOf } from '../api/client.js';
import { PanelBoundary } from '../groups/panel-boundary.js';
import { dayText, instantText, termText } from '../parts/dates.js';
import { PageHead } from '../parts/page-head.js';
import { ProblemText } from '../parts/problem-text.js';
import { Rows, usePages } from '../parts/rows.js';
import { Lines, moneyText } from './lines.js';
import { accountQuery, buyerOf, sellerOf, usePartyNames } from './parties.js';

type Account = AnswerOf<'/api/v1/accounts/{accountId}'>;

/** One account: what the period in progress would cost so far, the statements, and whether both computations agree. */
export function BillingAccount() {
  const { t } = useTranslation();
  const { accountId } = useParams({ from: '/inside/statements/$accountId' });
  const { data: account } = useSuspenseQuery(accountQuery(accountId));
  const [seller, buyer] = [sellerOf(account), buyerOf(account)];
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
      <PanelBoundary>
        <Documents account={account} />
      </PanelBoundary>
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
  const { rows, more } = usePages(['statements', accountId], (page) => {
    const query = { ...page, orderBy: 'number desc' as const };
    return must(api.GET('/api/v1/accounts/{accountId}/statements', { params: { path: { accountId }, query } }));
  });
  const zone = calendar?.timeZone ?? 'UTC';
  return (
    <section aria-labelledby="issued">
      <Title order={2} size="h4" id="issued">
        {t('statements.issued')}
      </Title>
      <Rows
        label={t('statements.issued')}
        rows={rows}
        keyOf={({ statementId }) => statementId}
        empty={t('statements.noneIssued')}
        more={more}
        minWidth={560}
        columns={[
          {
            title: t('statements.number'),
            isHead: true,
            cell: ({ statementId, kind, number }) => (
              <Anchor component={Link} to={`/statements/${accountId}/${statementId}`} size="sm">
                {t(`statements.kinds.${kind}`, { number })}
              </Anchor>
            ),
          },
          {
            title: t('statements.period'),
            cell: ({ from, until }) => termText(from, until, zone, i18n.language, ''),
          },
          { title: t('statements.issuedAt'), cell: ({ issuedAt }) => instantText(issuedAt, zone, i18n.language) },
          {
            title: t('statements.total'),
            numbers: true,
            cell: ({ total, currency }) => moneyText(total, currency, 2, i18n.language),
          },
        ]}
      />
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
      <Rows
        label={t('statements.verification')}
        rows={projects}
        keyOf={({ periodId }) => periodId}
        minWidth={480}
        columns={[
          {
            title: t('statements.project'),
            isHead: true,
            cell: ({ projectId }) => nameOf({ kind: 'project', id: projectId }),
          },
          {
            title: t('statements.period'),
            cell: ({ from, until }) => termText(from, until, zone, i18n.language, ''),
          },
          {
            title: t('common.status'),
            cell: ({ status, divergesAt }) => (
              <>
                <Badge color={COLORS[status]} variant="light" tt="none">
                  {t(`statements.reconciled.${status}`)}
                </Badge>
                {divergesAt !== null && (
                  <Text size="xs">
                    {t('statements.divergesAt', { at: instantText(divergesAt, zone, i18n.language) })}
                  </Text>
                )}
              </>
            ),
          },
        ]}
      />
    </section>
  );
}
