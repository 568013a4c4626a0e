import { Alert, Button, Code, Group, List, Menu, Stack, Text, Title } from '@mantine/core';
import { useMutation, usePrefetchQuery, useQuery, useSuspenseQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { api, must, type AnswerOf } from '../api/client.js';
import { instantText, termText } from '../parts/dates.js';
import { PageHead } from '../parts/page-head.js';
import { ProblemText } from '../parts/problem-text.js';
import { saveFile } from '../parts/save-file.js';
import { checkDocument, type Checked } from './check-document.js';
import { Lines } from './lines.js';
import { accountQuery, buyerOf, sellerOf, usePartyNames } from './parties.js';

type Document = AnswerOf<'/api/v1/statements/{statementId}'>;

const FORMATS = ['json', 'csv', 'focus.csv', 'parquet'] as const;
type Format = (typeof FORMATS)[number];

async function fileOf(statementId: string, format: Format): Promise<Blob> {
  const options = { params: { path: { statementId } }, parseAs: 'blob' } as const;
  switch (format) {
    case 'json':
      return must(api.GET('/api/v1/statements/{statementId}.json', options));
    case 'csv':
      return must(api.GET('/api/v1/statements/{statementId}.csv', options));
    case 'focus.csv':
      return must(api.GET('/api/v1/statements/{statementId}.focus.csv', options));
    case 'parquet':
      return must(api.GET('/api/v1/statements/{statementId}.parquet', options));
  }
}

/** An issued statement or credit note, checked by the browser itself; made to be printed as well. */
export function Statement() {
  const { t, i18n } = useTranslation();
  const { accountId, statementId } = useParams({ from: '/inside/statements/$accountId/$statementId' });
  // Both are asked for at once.
  usePrefetchQuery(accountQuery(accountId));
  const { data: document } = useSuspenseQuery({
    queryKey: ['statement', statementId],
    queryFn: () => must(api.GET('/api/v1/statements/{statementId}', { params: { path: { statementId } } })),
    staleTime: Number.POSITIVE_INFINITY,
  });
  const { data: account } = useSuspenseQuery(accountQuery(accountId));
  const { content, issuedAt } = document;
  const { period, timeZone, kind, number } = content;
  const [seller, buyer] = [sellerOf(account), buyerOf(account)];
  const nameOf = usePartyNames([seller, buyer]);
  return (
    <Stack>
      <PageHead
        above={[
          { to: '/statements', name: t('titles.statements') },
          { to: `/statements/${accountId}`, name: nameOf(buyer) },
        ]}
        title={t(`statements.kinds.${kind}`, { number })}
        subtitle={`${termText(period.from, period.until, timeZone, i18n.language, '')} · ${t('common.timeZone', { zone: timeZone })}`}
      >
        <Download document={document} />
        <Button onClick={() => window.print()}>{t('statements.print')}</Button>
      </PageHead>
      <Group gap="xl" align="start">
        <Fact name={t('statements.seller')} value={nameOf(seller)} />
        <Fact name={t('statements.buyer')} value={nameOf(buyer)} />
        <Fact name={t('statements.issuedAt')} value={instantText(issuedAt, timeZone, i18n.language)} />
      </Group>
      {content.reason !== null && <Text>{content.reason}</Text>}
      <Lines billed={content} />
      <Check document={document} />
    </Stack>
  );
}

const Fact = ({ name, value }: { readonly name: string; readonly value: string }) => (
  <div>
    <Text size="xs" c="dimmed">
      {name}
    </Text>
    <Text>{value}</Text>
  </div>
);

function Download({ document: { statementId, content } }: { readonly document: Document }) {
  const { t } = useTranslation();
  const download = useMutation({
    mutationFn: async (format: Format) =>
      saveFile(await fileOf(statementId, format), `${content.kind}-${content.number}.${format}`),
  });
  return (
    <>
      {download.error !== null && <ProblemText error={download.error} />}
      <Menu position="bottom-end">
        <Menu.Target>
          <Button variant="default" loading={download.isPending}>
            {t('statements.download')}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {FORMATS.map((format) => (
            <Menu.Item key={format} onClick={() => download.mutate(format)}>
              {t(`statements.formats.${format}`)}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
    </>
  );
}

/** The hash and the signature, computed again in this browser from the file that is downloaded. */
function Check({ document: { statementId, hash, signature, content } }: { readonly document: Document }) {
  const { t } = useTranslation();
  const { data, error } = useQuery({
    queryKey: ['checked statement', statementId],
    queryFn: async () => checkDocument(await (await fileOf(statementId, 'json')).text(), hash, signature),
    staleTime: Number.POSITIVE_INFINITY,
  });
  return (
    <section aria-labelledby="check">
      <Title order={2} size="h4" id="check">
        {t('statements.check')}
      </Title>
      {error !== null && (
        <Alert color="red">
          <ProblemText error={error} />
        </Alert>
      )}
      {data === null && <Text size="sm">{t('statements.noCryptography')}</Text>}
      {data && <Verdict {...data} />}
      <Text size="xs" c="dimmed">
        SHA-256
      </Text>
      <Code block fz="xs" style={{ overflowWrap: 'anywhere', whiteSpace: 'pre-wrap' }}>
        {hash}
      </Code>
      {content.previousHash !== null && (
        <>
          <Text size="xs" c="dimmed" mt="xs">
            {t('statements.previousHash')}
          </Text>
          <Code block fz="xs" style={{ overflowWrap: 'anywhere', whiteSpace: 'pre-wrap' }}>
            {content.previousHash}
          </Code>
        </>
      )}
    </section>
  );
}

function Verdict({ hash, signature }: Checked) {
  const { t } = useTranslation();
  const isGood = hash && signature;
  return (
    <Alert color={isGood ? 'teal' : 'red'} role={isGood ? 'status' : 'alert'} my="xs">
      <List size="sm">
        <List.Item>{t(hash ? 'statements.hashGood' : 'statements.hashBad')}</List.Item>
        <List.Item>{t(signature ? 'statements.signatureGood' : 'statements.signatureBad')}</List.Item>
      </List>
    </Alert>
  );
}
