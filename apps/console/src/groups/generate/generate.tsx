import {
  Alert,
  Button,
  Fieldset,
  Group,
  List,
  Loader,
  NumberInput,
  Select,
  SimpleGrid,
  Stack,
  Switch,
  Text,
  TextInput,
  Title,
} from '@mantine/core';
import { useDebouncedValue, useInterval } from '@mantine/hooks';
import {
  keepPreviousData,
  useQuery,
  useQueryClient,
  useSuspenseQuery,
  type UseMutationResult,
  type UseQueryResult,
} from '@tanstack/react-query';
import { useNavigate, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api, mustWithTag, Refused, type Problem } from '../../api/client.js';
import { numberText } from '../../parts/limit-text.js';
import { PageHead } from '../../parts/page-head.js';
import { ProblemText } from '../../parts/problem-text.js';
import { useChange } from '../../parts/use-change.js';
import { projectQuery } from '../../projects/project-query.js';
import { rememberCreated } from '../created.js';
import { groupQuery } from '../group-query.js';
import { LEVELS, newEntry, requestOf, RESTARTS, type Level, type LevelEntry, type Restart } from './generate-form.js';

const FROM = '/inside/projects/$projectId/groups/$groupId/generate';
const PAUSE_MS = 300;

const generate = (p: string, body: ReturnType<typeof requestOf>, options: { dryRun: boolean; key?: string }) => {
  const query = options.dryRun ? { dryRun: 'true' as const } : {};
  const header = options.key === undefined ? {} : { 'Idempotency-Key': options.key };
  return mustWithTag(
    api.POST('/api/v1/projects/{p}/groups/generate', { params: { path: { p }, query, header }, body }),
  );
};

type Created = Awaited<ReturnType<typeof generate>>['body'];

/** Buildings, units, floors and apartments in one request, with their names and numbers before anything is created. */
export function Generate() {
  const { t } = useTranslation();
  const { projectId, groupId } = useParams({ from: FROM });
  const navigate = useNavigate();
  const queries = useQueryClient();
  const { data: project } = useSuspenseQuery(projectQuery(projectId));
  const { data: group } = useSuspenseQuery(groupQuery(projectId, groupId));
  const [entry, setEntry] = useState(() => newEntry(group.type, (level) => t(`generate.patterns.${level}`)));
  const body = requestOf(groupId, entry);
  const [settled] = useDebouncedValue(body, PAUSE_MS);
  const isEmpty = !LEVELS.some((level) => entry[level].isOn);
  const create = useChange({
    send: async (_none: null, key) => {
      const { body: created, etag } = await generate(projectId, body, { dryRun: false, key });
      if (etag !== null) rememberCreated(queries, projectId, groupId, { count: created.created, etag });
    },
    onDone: () => void navigate({ to: '/projects/$projectId/groups/$groupId', params: { projectId, groupId } }),
  });
  const preview = useQuery({
    queryKey: ['generate', projectId, settled],
    queryFn: async () => (await generate(projectId, settled, { dryRun: true })).body,
    // Afterwards its names are taken, by the groups themselves.
    enabled: !isEmpty && ['idle', 'error'].includes(create.status),
    placeholderData: keepPreviousData,
  });
  const count = preview.data?.created ?? 0;
  const canCreate = !isEmpty && preview.isSuccess && !preview.isFetching;
  const problem = preview.error instanceof Refused ? preview.error.problem : null;
  return (
    <Stack>
      <PageHead
        above={[
          { to: `/projects/${projectId}`, name: project.name },
          {
            to: `/projects/${projectId}/groups/${groupId}`,
            name: groupId === projectId ? t('projects.objectGroups') : group.name,
          },
        ]}
        title={t('generate.title')}
        subtitle={t('generate.below', { name: group.path.map(({ name }) => name).join(' / ') })}
      />
      <SimpleGrid cols={{ base: 1, lg: 2 }} spacing="xl">
        <Stack>
          {LEVELS.map((level) => (
            <LevelFields
              key={level}
              level={level}
              entry={entry[level]}
              problem={problem}
              onChange={(change) => setEntry({ ...entry, [level]: { ...entry[level], ...change } })}
            />
          ))}
          {entry.apartments.isOn && (
            <Select
              label={t('generate.restart')}
              data={RESTARTS.map((each) => ({ value: each, label: t(`generate.restarts.${each}`) }))}
              value={entry.restart}
              allowDeselect={false}
              onChange={(restart) => setEntry({ ...entry, restart: restart as Restart })}
              maw={360}
            />
          )}
          <Text size="sm" c="dimmed">
            {t('generate.patternHint')}
          </Text>
        </Stack>
        <Stack className="outcome">
          <Title order={2} size="h4">
            {t('generate.preview')}
          </Title>
          {isEmpty ? <Text c="dimmed">{t('generate.empty')}</Text> : <Outcome preview={preview} />}
          <Creation create={create} count={count} />
          <Group>
            <Button onClick={() => create.mutate(null)} loading={create.isPending} disabled={!canCreate}>
              {t('generate.submit', { count })}
            </Button>
          </Group>
        </Stack>
      </SimpleGrid>
    </Stack>
  );
}

function Outcome({ preview: { data, error } }: { readonly preview: UseQueryResult<Created> }) {
  if (error !== null)
    return (
      <Alert color="red" role="alert">
        <ProblemText error={error} />
      </Alert>
    );
  return data && <Preview preview={data} />;
}

interface CreationProps {
  readonly create: UseMutationResult<unknown, unknown, null>;
  readonly count: number;
}

/** That it is in progress and for how long, or why it failed. How far the server is, it does not say. */
function Creation({ create: { error, isPending }, count }: CreationProps) {
  if (error !== null)
    return (
      <Alert color="red" role="alert">
        <ProblemText error={error} />
      </Alert>
    );
  return isPending && <Running count={count} />;
}

function Running({ count }: { readonly count: number }) {
  const { t } = useTranslation();
  const [seconds, setSeconds] = useState(0);
  useInterval(() => setSeconds((before) => before + 1), 1_000, { autoInvoke: true });
  return (
    <Group gap="sm" wrap="nowrap">
      <Loader size="sm" />
      <div>
        <Text size="sm" role="status">
          {t('generate.running', { number: numberText(count) })}
        </Text>
        <Text size="xs" c="dimmed">
          {t('generate.since', { count: seconds })}
        </Text>
      </div>
    </Group>
  );
}

interface LevelFieldsProps {
  readonly level: Level;
  readonly entry: LevelEntry;
  readonly problem: Problem | null;
  readonly onChange: (change: Partial<LevelEntry>) => void;
}

function LevelFields({ level, entry: { isOn, count, firstNumber, namePattern }, problem, onChange }: LevelFieldsProps) {
  const { t } = useTranslation();
  const name = t(`generate.levels.${level}`);
  const isWrong = (field: string): boolean =>
    problem?.errors?.some((each) => each.field === `${level}.${field}`) ?? false;
  return (
    <Fieldset legend={name}>
      <Stack gap="xs">
        <Switch
          label={t('generate.include')}
          aria-label={`${name}: ${t('generate.include')}`}
          checked={isOn}
          onChange={({ currentTarget }) => onChange({ isOn: currentTarget.checked })}
        />
        {isOn && (
          <SimpleGrid cols={{ base: 1, xs: 3 }} style={{ alignItems: 'end' }}>
            <NumberInput
              label={t(`generate.counts.${level}`)}
              min={1}
              allowDecimal={false}
              value={count}
              error={isWrong('count')}
              onChange={(value) => onChange({ count: Number(value) })}
            />
            <NumberInput
              label={t('generate.firstNumber')}
              aria-label={`${name}: ${t('generate.firstNumber')}`}
              min={0}
              allowDecimal={false}
              value={firstNumber}
              error={isWrong('firstNumber')}
              onChange={(value) => onChange({ firstNumber: Number(value) })}
            />
            <TextInput
              label={t('generate.pattern')}
              aria-label={`${name}: ${t('generate.pattern')}`}
              value={namePattern}
              error={isWrong('namePattern')}
              onChange={({ currentTarget }) => onChange({ namePattern: currentTarget.value })}
            />
          </SimpleGrid>
        )}
      </Stack>
    </Fieldset>
  );
}

function Preview({ preview: { created, levels, sample } }: { readonly preview: Created }) {
  const { t, i18n } = useTranslation();
  const number = new Intl.NumberFormat(i18n.language);
  return (
    <>
      <Text role="status" fw={600}>
        {t('generate.total', { number: number.format(created) })}
      </Text>
      <List size="sm">
        {levels.map(({ type, count, first, last }) => (
          <List.Item key={type}>
            {t(`types.${type}`)}: {number.format(count)} ({first === last ? first : `${first} – ${last}`})
          </List.Item>
        ))}
      </List>
      <div>
        <Text size="sm" c="dimmed">
          {t('generate.sample')}
        </Text>
        {sample.map((path) => (
          <Text key={path.join('/')} size="sm" ps={`${(path.length - 1) * 20}px`}>
            {path.at(-1)}
          </Text>
        ))}
        {created > sample.length && <Text size="sm">…</Text>}
      </div>
    </>
  );
}
