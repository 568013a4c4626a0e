import { Alert, Paper, Skeleton, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { TFunction } from 'i18next';
import { useTranslation } from 'react-i18next';
import { api, must } from '../api/client.js';
import { instantText } from '../parts/dates.js';
import { codeText } from '../parts/happened-words.js';
import { numberText, RESOURCES, type Resource } from '../parts/limit-text.js';
import { ProblemText } from '../parts/problem-text.js';
import { Rows } from '../parts/rows.js';
import { projectPages } from '../words/project-pages.en.js';

const { members } = projectPages.compare;

interface CompareProps {
  readonly projectId: string;
  readonly groupId: string;
  readonly timeZone: string;
  /** The instant that the page shows, and the other one; either can be the earlier. */
  readonly at: string;
  readonly compare: string;
}

/** What differs between two instants, the earlier on the left. */
export function Compare({ projectId, groupId, timeZone, at, compare }: CompareProps) {
  const { t, i18n } = useTranslation();
  const [from, to] = Date.parse(at) < Date.parse(compare) ? [at, compare] : [compare, at];
  const { data, error } = useQuery({
    queryKey: ['diff', projectId, groupId, from, to],
    queryFn: () => {
      const params = { path: { p: projectId, g: groupId }, query: { from, to } };
      return must(api.GET('/api/v1/projects/{p}/groups/{g}/quota/diff', { params }));
    },
  });
  const text = (path: string, value: unknown): string =>
    typeof value === 'string' && path.startsWith('effectivePeriod')
      ? instantText(value, timeZone, i18n.language)
      : valueText(path, value, t);
  return (
    <Paper withBorder p="sm" component="section" aria-label={t('compare.title')}>
      <Title order={2} size="h5">
        {t('compare.title')}
      </Title>
      {error !== null && (
        <Alert color="red" role="alert">
          <ProblemText error={error} />
        </Alert>
      )}
      {error === null && data === undefined && <Skeleton height={80} role="status" aria-label={t('common.loading')} />}
      {data && (
        <>
          <Text size="sm" c="dimmed" role="status">
            {data.changes.length === 0 ? t('compare.same') : t('compare.events', { count: data.events.total })}
          </Text>
          {data.changes.length > 0 && (
            <Rows
              label={t('compare.title')}
              rows={data.changes.filter(({ path }) => !path.endsWith('.groupId'))}
              keyOf={({ path }) => path}
              minWidth={480}
              isCompared
              columns={[
                { title: '', isHead: true, cell: ({ path }) => nameOf(path, t) },
                {
                  title: instantText(from, timeZone, i18n.language),
                  numbers: true,
                  cell: ({ path, before }) => text(path, before),
                },
                {
                  title: instantText(to, timeZone, i18n.language),
                  numbers: true,
                  cell: ({ path, after }) => <mark>{text(path, after)}</mark>,
                },
              ]}
            />
          )}
        </>
      )}
    </Paper>
  );
}

type Member = keyof typeof members;
const isMember = (name: string): name is Member => Object.hasOwn(members, name);
const isResource = (name: string): name is Resource => (RESOURCES as readonly string[]).includes(name);

/** `resources.sip_number.consumed` as `Virtual numbers: In use`. */
function nameOf(path: string, t: TFunction): string {
  const parts = path.split('.').filter((part) => part !== 'resources');
  return parts
    .map((part) => (isResource(part) ? t(`resources.${part}`) : isMember(part) ? t(`compare.members.${part}`) : part))
    .join(': ');
}

/** `null` is unlimited here, and nothing elsewhere. */
const ENDS_UNLIMITED = /\.(effectiveLimit|available)$/;

/** Limits, numbers, features and names, as the answer has them. */
function valueText(path: string, value: unknown, t: TFunction): string {
  if (value === null) return ENDS_UNLIMITED.test(path) ? t('common.unlimited') : '–';
  if (Array.isArray(value)) return value.map((each) => valueText(path, each, t)).join(', ') || '–';
  if (typeof value === 'object') return objectText(path, value, t);
  if (typeof value === 'string') return wordText(path, value, t);
  return typeof value === 'boolean' ? t(value ? 'common.yes' : 'common.no') : numberText(Number(value));
}

/** A name stays as it is; everything else is a code. */
const wordText = (path: string, value: string, t: TFunction): string =>
  /name$/i.test(path) ? value : codeText(value, t);

/** A feature with what switched it off, or a group. */
function objectText(path: string, value: object, t: TFunction): string {
  if ('feature' in value) return valueText(path, value.feature, t);
  return 'name' in value && typeof value.name === 'string' ? value.name : '–';
}
