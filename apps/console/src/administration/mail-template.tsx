import {
  Alert,
  Anchor,
  Badge,
  Button,
  Group,
  Paper,
  SegmentedControl,
  Stack,
  Text,
  Textarea,
  TextInput,
  Title,
} from '@mantine/core';
import { useForm } from '@mantine/form';
import { useDebouncedValue, useDisclosure } from '@mantine/hooks';
import { keepPreviousData, useQuery, useSuspenseQuery } from '@tanstack/react-query';
import { Link, useParams, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api, must, mustWithTag, type AnswerOf } from '../api/client.js';
import { useHolds, useMe } from '../api/access.js';
import { FormModal } from '../parts/form-modal.js';
import { PageTitle } from '../parts/page-title.js';
import { ProblemText } from '../parts/problem-text.js';
import { Rows } from '../parts/rows.js';
import { useChange } from '../parts/use-change.js';
import { LANGUAGES, languageOf, type Language } from '../words/index.js';

type Template = AnswerOf<'/api/v1/mail-templates/{mailType}'>;
type MailType = Template['mailType'];

interface Content {
  readonly subject: string;
  readonly html: string;
}

/** One mail: its template, the markers in it, how it looks, and a test. */
export function MailTemplate() {
  const { t, i18n } = useTranslation();
  const { mailType } = useParams({ from: '/inside/mail-templates/$mailType' });
  const { tenant } = useSearch({ from: '/inside/mail-templates/$mailType' });
  const [language, setLanguage] = useState<Language>(languageOf(i18n.language));
  const query = { language, ...(tenant !== undefined && { tenantId: tenant }) };
  const { data } = useSuspenseQuery({
    queryKey: ['mail template', mailType, tenant, language],
    queryFn: () =>
      mustWithTag(
        api.GET('/api/v1/mail-templates/{mailType}', { params: { path: { mailType: mailType as MailType }, query } }),
      ),
  });
  const { body: template, etag } = data;
  return (
    <Stack>
      <Anchor component={Link} to="/mail-templates" size="sm">
        {t('titles.templates')}
      </Anchor>
      <PageTitle title={t(`mails.${template.mailType}`)} about={t('templates.oneAbout')}>
        <SegmentedControl
          aria-label={t('account.language')}
          value={language}
          onChange={(value) => setLanguage(value)}
          data={LANGUAGES.map((each) => ({ value: each, label: t(`account.languages.${each}`) }))}
        />
      </PageTitle>
      <Editor
        // What was typed belongs to one state of one template.
        key={`${language} ${etag} ${String(template.custom)}`}
        template={template}
        query={query}
        etag={etag}
      />
    </Stack>
  );
}

interface EditorProps {
  readonly template: Template;
  readonly query: { readonly language: Language; readonly tenantId?: string };
  readonly etag: string | null;
}

function Editor({ template, query, etag }: EditorProps) {
  const { t } = useTranslation();
  const { mailType, custom, customizable, markers, subject, html } = template;
  const canChange = useHolds('mail:manage') && customizable;
  const tenantQuery = query.tenantId === undefined ? {} : { tenantId: query.tenantId };
  const form = useForm<Content>({ initialValues: { subject, html } });
  const missing = markers.filter(
    ({ marker, required }) => required && !`${form.values.subject} ${form.values.html}`.includes(marker),
  );
  const save = useChange({
    send: (body: Content, key) => {
      const header = { 'Idempotency-Key': key, ...(etag !== null && { 'If-Match': etag }) };
      const params = { path: { mailType }, query: tenantQuery, header };
      return must(api.PUT('/api/v1/mail-templates/{mailType}', { params, body }));
    },
    done: () => t('administration.saved'),
  });
  const test = useChange({
    send: (body: Content, key) => {
      const params = { path: { mailType }, query, header: { 'Idempotency-Key': key } };
      return must(api.POST('/api/v1/mail-templates/{mailType}/test', { params, body }));
    },
    done: () => t('templates.testSent'),
  });
  const refusal = save.error ?? test.error;
  return (
    <Group align="start" gap="lg">
      <Stack flex="1 1 380px" miw={0}>
        {!customizable && <Alert color="gray">{t('templates.fixedHint')}</Alert>}
        <form
          onSubmit={form.onSubmit((values) => {
            test.reset();
            save.mutate(values);
          })}
        >
          <Stack>
            <TextInput
              label={t('templates.subject')}
              required
              readOnly={!canChange}
              {...form.getInputProps('subject')}
            />
            <Textarea
              label={t('templates.html')}
              description={t('templates.htmlHint')}
              required
              readOnly={!canChange}
              rows={18}
              spellCheck={false}
              styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)', fontSize: 13 } }}
              {...form.getInputProps('html')}
            />
            {missing.length > 0 && (
              <Alert color="red" role="status">
                {t('templates.missing', { markers: missing.map(({ marker }) => marker).join(', ') })}
              </Alert>
            )}
            {refusal !== null && (
              <Alert color="red" role="alert">
                <ProblemText error={refusal} />
              </Alert>
            )}
            {canChange && (
              <Group>
                <Button type="submit" loading={save.isPending} disabled={missing.length > 0}>
                  {t('common.save')}
                </Button>
                <SendTest
                  isPending={test.isPending}
                  onSend={() => {
                    save.reset();
                    test.mutate(form.values);
                  }}
                />
                {custom && <Reset mailType={mailType} query={tenantQuery} />}
              </Group>
            )}
          </Stack>
        </form>
        <Markers template={template} content={form.values} />
      </Stack>
      <Preview mailType={mailType} query={query} content={form.isDirty() ? form.values : null} />
    </Group>
  );
}

/** A test goes to the own address, so an account without one has none. */
function SendTest({ isPending, onSend }: { readonly isPending: boolean; readonly onSend: () => void }) {
  const { t } = useTranslation();
  const { email } = useMe();
  if (email === null) return null;
  return (
    <Button variant="default" loading={isPending} onClick={onSend}>
      {t('templates.test')}
    </Button>
  );
}

function Markers({ template, content }: { readonly template: Template; readonly content: Content }) {
  const { t } = useTranslation();
  return (
    <div>
      <Title order={2} size="h5" mb="xs">
        {t('templates.markers')}
      </Title>
      <Rows
        label={t('templates.markers')}
        rows={template.markers.map((each) => ({
          ...each,
          isUsed: `${content.subject} ${content.html}`.includes(each.marker),
        }))}
        keyOf={({ marker }) => marker}
        minWidth={380}
        columns={[
          {
            title: t('templates.marker'),
            isHead: true,
            cell: ({ marker, required, isUsed }) => (
              <Text
                span
                inherit
                ff="monospace"
                {...(required && !isUsed && { c: 'var(--mantine-color-error)', fw: 700 })}
              >
                {marker}
              </Text>
            ),
          },
          { title: t('templates.meaning'), cell: ({ description }) => description },
          {
            title: t('common.status'),
            cell: ({ required, isUsed }) => (
              <Badge variant="light" tt="none" miw="max-content" color={isUsed ? 'teal' : required ? 'red' : 'gray'}>
                {isUsed ? t('templates.used') : required ? t('templates.isMissing') : t('templates.unused')}
              </Badge>
            ),
          },
        ]}
      />
    </div>
  );
}

interface PreviewProps {
  readonly mailType: MailType;
  readonly query: EditorProps['query'];
  /** `null`: the saved one. */
  readonly content: Content | null;
}

/** The mail with sample data, in a frame that runs no scripts and asks no other address for anything. */
function Preview({ mailType, query, content }: PreviewProps) {
  const { t } = useTranslation();
  const [shown] = useDebouncedValue(content, 400);
  const { data, error } = useQuery({
    queryKey: ['mail preview', mailType, query, shown],
    queryFn: () => {
      const params = { path: { mailType }, query };
      return must(api.POST('/api/v1/mail-templates/{mailType}/preview', { params, body: shown ?? {} }));
    },
    placeholderData: keepPreviousData,
  });
  return (
    <Stack flex="1 1 340px" miw={0} gap="xs">
      <Title order={2} size="h5">
        {t('templates.preview')}
      </Title>
      {error !== null && (
        <Alert color="red" role="status">
          <ProblemText error={error} />
        </Alert>
      )}
      {data !== undefined && (
        <Paper withBorder>
          <Text p="sm" fw={600} style={{ overflowWrap: 'anywhere' }}>
            {data.subject}
          </Text>
          <iframe
            title={t('templates.preview')}
            sandbox=""
            srcDoc={data.html}
            style={{ width: '100%', height: 520, border: 0, background: 'white', colorScheme: 'light' }}
          />
        </Paper>
      )}
    </Stack>
  );
}

interface ResetProps {
  readonly mailType: MailType;
  readonly query: { readonly tenantId?: string };
}

function Reset({ mailType, query }: ResetProps) {
  const { t } = useTranslation();
  const [isOpen, { open, close }] = useDisclosure(false);
  const change = useChange({
    send: (_input: null, key) => {
      const params = { path: { mailType }, query, header: { 'Idempotency-Key': key } };
      return must(api.DELETE('/api/v1/mail-templates/{mailType}', { params }));
    },
    done: () => t('templates.wasReset'),
    onDone: close,
  });
  return (
    <>
      <Button variant="default" onClick={open}>
        {t('templates.reset')}
      </Button>
      {isOpen && (
        <FormModal
          title={t('templates.reset')}
          onClose={close}
          change={change}
          input={null}
          submit={t('templates.reset')}
          isDangerous
        >
          <Text size="sm">{t('templates.resetHint')}</Text>
        </FormModal>
      )}
    </>
  );
}
