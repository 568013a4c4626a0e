import {
  Alert,
  Button,
  Group,
  List,
  NumberInput,
  Paper,
  Select,
  SimpleGrid,
  Stack,
  Switch,
  TagsInput,
  Text,
} from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation, useQueryClient, useSuspenseQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api, mustWithTag, Refused } from '../../api/client.js';
import { ProblemText } from '../../parts/problem-text.js';
import type { PanelProps } from '../object-groups.js';
import { AllotmentBlock } from './allotment-block.js';
import { changesBetween } from './restriction-changes.js';
import { Preview, usePreview } from './preview.js';
import {
  entryOf,
  hasTooManyApps,
  isSame,
  NEW_ALLOTMENT,
  NEW_REMINDER,
  over,
  requestOf,
  withAllotment,
  type Reminder,
  type Restriction,
  type RestrictionEntry,
} from './restriction-form.js';
import { useFeaturesAbove } from './features-above.js';

/** Edit group > Licenses: the restriction of a group, with the answer of the server under the form before it is saved. */
export function LicensesPanel(props: PanelProps) {
  const { projectId, groupId } = props;
  const { data } = useSuspenseQuery({
    queryKey: ['restriction', projectId, groupId],
    queryFn: () =>
      mustWithTag(
        api.GET('/api/v1/projects/{p}/groups/{g}/restriction', { params: { path: { p: projectId, g: groupId } } }),
      ),
  });
  return <RestrictionForm {...props} current={entryOf(data.body)} etag={data.etag} />;
}

interface RestrictionFormProps extends PanelProps {
  readonly current: RestrictionEntry;
  readonly etag: string | null;
}

interface Typed {
  readonly entry: RestrictionEntry;
  /** The section in force when typing began. */
  readonly base: RestrictionEntry;
}

const isStale = (error: unknown): boolean => error instanceof Refused && error.problem.code === 'STALE_REVISION';

/** What is entered, what the server says of it, and saving it. */
function useRestrictionForm({ projectId, groupId, current, etag }: RestrictionFormProps) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [typed, setTyped] = useState<Typed | null>(null);
  const [cascade, setCascade] = useState(false);
  const { entry, base } = typed ?? { entry: current, base: current };
  const setEntered = (next: RestrictionEntry | null) => setTyped(next && { entry: next, base });
  const isChanged = !isSame(entry, current);
  const isValid = !entry.allotments.some(hasTooManyApps);
  const preview = usePreview({
    projectId,
    groupId,
    entry,
    cascade,
    isAsked: isChanged && isValid && isSame(base, current),
  });
  const save = useMutation({
    mutationFn: (sent: RestrictionEntry) => {
      const header = { 'Idempotency-Key': crypto.randomUUID(), ...(etag !== null && { 'If-Match': etag }) };
      const query = cascade ? { cascade: 'true' as const } : {};
      const params = { path: { p: projectId, g: groupId }, header, query };
      return mustWithTag(api.PUT('/api/v1/projects/{p}/groups/{g}/restriction', { params, body: requestOf(sent) }));
    },
    onSuccess: async ({ body }, sent) => {
      notifications.show({ message: t('licenses.saved'), color: 'teal' });
      await queries.invalidateQueries();
      // Typing can have gone on meanwhile, and somebody else can have saved as well. Only a dry run answers anything but the section.
      const base = entryOf(body as Restriction);
      setTyped((now) => (now === null || now.entry === sent ? null : { ...now, base }));
      setCascade(false);
    },
    // Somebody else was faster: shows what is in force now.
    onError: async (error) => {
      if (isStale(error)) await queries.invalidateQueries({ queryKey: ['restriction', projectId, groupId] });
    },
  });
  /** Somebody else changed the section while this person typed: one decides which of both goes on before anything is saved. */
  const isOvertaken = !save.isPending && !isSame(base, current);
  /** Goes on with these entries or without, on what is in force now. */
  const takeCurrent = (keep: boolean): void => {
    save.reset();
    setTyped(keep ? { entry: over(current, entry), base: current } : null);
  };
  const canSave = isChanged && isValid && !isOvertaken && preview.error === null && !preview.isFetching;
  return {
    entry,
    base,
    isOvertaken,
    setEntered,
    cascade,
    setCascade,
    isChanged,
    isValid,
    preview,
    save,
    takeCurrent,
    canSave,
  };
}

function RestrictionForm(props: RestrictionFormProps) {
  const { projectId, groupId, timeZone, current } = props;
  const { t } = useTranslation();
  const form = useRestrictionForm(props);
  const { entry, setEntered, cascade, setCascade, isChanged, isValid, preview, save, canSave } = form;
  return (
    <Stack>
      <RestrictionFields
        projectId={projectId}
        groupId={groupId}
        timeZone={timeZone}
        entry={entry}
        onChange={setEntered}
      />
      <Paper withBorder p="sm" className="outcome">
        <Stack gap="sm">
          <div aria-live="polite" role="status">
            {form.isOvertaken ? null : isChanged && isValid ? (
              <Preview
                projectId={projectId}
                preview={preview}
                entry={entry}
                timeZone={timeZone}
                cascade={cascade}
                onCascade={setCascade}
                onMend={setEntered}
              />
            ) : (
              <Text size="sm" c={isValid ? 'dimmed' : 'red'}>
                {t(isValid ? 'licenses.unchanged' : 'licenses.appsTooMany')}
              </Text>
            )}
          </div>
          {form.isOvertaken && (
            <Overtaken before={form.base} after={current} timeZone={timeZone} onTake={form.takeCurrent} />
          )}
          {save.error !== null && !form.isOvertaken && <SaveProblem error={save.error} />}
          <Group>
            <Button onClick={() => save.mutate(entry)} loading={save.isPending} disabled={!canSave}>
              {t('common.save')}
            </Button>
            {isChanged && (
              <Button variant="default" onClick={() => setEntered(null)}>
                {t('licenses.restore')}
              </Button>
            )}
          </Group>
        </Stack>
      </Paper>
    </Stack>
  );
}

/** Why it was not saved. */
function SaveProblem({ error }: { readonly error: unknown }) {
  const { t } = useTranslation();
  return (
    <Alert color={isStale(error) ? 'orange' : 'red'} role="alert">
      {isStale(error) ? <Text size="sm">{t('licenses.changedElsewhere')}</Text> : <ProblemText error={error} />}
    </Alert>
  );
}

interface OvertakenProps {
  readonly before: RestrictionEntry;
  readonly after: RestrictionEntry;
  readonly timeZone: string;
  readonly onTake: (mine: boolean) => void;
}

/** What somebody else changed meanwhile, with the choice between both. */
function Overtaken({ before, after, timeZone, onTake }: OvertakenProps) {
  const { t, i18n } = useTranslation();
  const changes = changesBetween(before, after, { t, timeZone, language: i18n.language });
  return (
    <Alert color="orange" role="alert">
      <Text size="sm">{t('licenses.conflict')}</Text>
      <List size="sm" mt="xs">
        {changes.map(({ key, label, before: was, after: is }) => (
          <List.Item key={key}>
            {label}: <s>{was ?? t('licenses.absent')}</s> → {is ?? t('licenses.absent')}
          </List.Item>
        ))}
      </List>
      <Group mt="xs">
        <Button size="compact-sm" onClick={() => onTake(true)}>
          {t('licenses.takeMine')}
        </Button>
        <Button size="compact-sm" variant="default" onClick={() => onTake(false)}>
          {t('licenses.takeTheirs')}
        </Button>
      </Group>
    </Alert>
  );
}

interface RestrictionFieldsProps extends PanelProps {
  readonly entry: RestrictionEntry;
  readonly onChange: (entry: RestrictionEntry) => void;
}

function RestrictionFields({ projectId, groupId, timeZone, entry, onChange }: RestrictionFieldsProps) {
  const { t } = useTranslation();
  const features = useFeaturesAbove(projectId, groupId);
  const without = (index: number) => entry.allotments.filter((_, other) => other !== index);
  return (
    <>
      <Switch
        label={t('licenses.enable')}
        description={!entry.enabled && t('licenses.disabledHint')}
        checked={entry.enabled}
        onChange={({ currentTarget }) => onChange({ ...entry, enabled: currentTarget.checked })}
      />
      {entry.enabled && (
        <>
          <SimpleGrid cols={{ base: 1, sm: 2 }}>
            <Select
              label={t('licenses.pool')}
              data={POOL_MODES.map((mode) => ({ value: mode, label: t(`licenses.pools.${mode}`) }))}
              value={entry.poolMode}
              allowDeselect={false}
              onChange={(mode) => onChange({ ...entry, poolMode: mode as RestrictionEntry['poolMode'] })}
            />
            <NumberInput
              label={t('licenses.grace')}
              min={0}
              max={365}
              allowDecimal={false}
              value={entry.gracePeriodDays}
              onChange={(days) => onChange({ ...entry, gracePeriodDays: Number(days) })}
            />
          </SimpleGrid>
          <ReminderFields reminder={entry.reminder} onChange={(reminder) => onChange({ ...entry, reminder })} />
          {entry.allotments.map((allotment, index) => (
            <AllotmentBlock
              key={allotment.allotmentId ?? `new ${index}`}
              number={index + 1}
              allotment={allotment}
              timeZone={timeZone}
              features={features}
              onChange={(change) => onChange(withAllotment(entry, index, change))}
              onRemove={() => onChange({ ...entry, allotments: without(index) })}
            />
          ))}
          <Group>
            <Button onClick={() => onChange({ ...entry, allotments: [...entry.allotments, NEW_ALLOTMENT] })}>
              {t('licenses.addLicense')}
            </Button>
          </Group>
        </>
      )}
    </>
  );
}

interface ReminderFieldsProps {
  readonly reminder: Reminder | null;
  readonly onChange: (reminder: Reminder | null) => void;
}

const POOL_MODES = ['shared', 'reserved'] as const;
const RECURRENCES = ['once', 'daily', 'weekly', 'every_30_days'] as const;
const RECIPIENTS = ['administrators', 'members'] as const;
const MAX_DAYS = 5;

function ReminderFields({ reminder, onChange }: ReminderFieldsProps) {
  const { t } = useTranslation();
  return (
    <>
      <Switch
        label={t('licenses.reminder')}
        checked={reminder !== null}
        onChange={({ currentTarget }) => onChange(currentTarget.checked ? NEW_REMINDER : null)}
      />
      {reminder && (
        <SimpleGrid cols={{ base: 1, sm: 3 }}>
          <TagsInput
            label={t('licenses.reminderDays')}
            description={t('licenses.reminderDaysHint')}
            value={reminder.daysBefore.map(String)}
            maxTags={MAX_DAYS}
            splitChars={[',', ' ', ';']}
            onChange={(values) => onChange({ ...reminder, daysBefore: values.map(Number).filter((days) => days > 0) })}
          />
          <Select
            label={t('licenses.recurrence')}
            data={RECURRENCES.map((each) => ({ value: each, label: t(`licenses.recurrences.${each}`) }))}
            value={reminder.recurrence}
            allowDeselect={false}
            onChange={(value) => onChange({ ...reminder, recurrence: value as Reminder['recurrence'] })}
          />
          <Select
            label={t('licenses.recipients')}
            data={RECIPIENTS.map((each) => ({ value: each, label: t(`licenses.recipientsOf.${each}`) }))}
            value={reminder.recipients}
            allowDeselect={false}
            onChange={(value) => onChange({ ...reminder, recipients: value as Reminder['recipients'] })}
          />
        </SimpleGrid>
      )}
    </>
  );
}
