import { Badge, Button, Code, Group, Modal, Select, Stack, Text, TextInput } from '@mantine/core';
import { DateTimePicker } from '@mantine/dates';
import { useForm } from '@mantine/form';
import { useSuspenseQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api, must, type ItemOf } from '../api/client.js';
import { useMe } from '../api/access.js';
import { instantText, zoneOf } from '../parts/dates.js';
import { DayInput, useCalendarWords } from '../parts/day-input.js';
import { download } from '../parts/download.js';
import { FormModal } from '../parts/form-modal.js';
import { PageTitle } from '../parts/page-title.js';
import { RowButton } from '../parts/row-button.js';
import { Rows } from '../parts/rows.js';
import { useChange } from '../parts/use-change.js';
import { endOfDay, instantOf, startOfDay } from '../parts/zoned.js';

type Export = ItemOf<'/api/v1/exports'>;
type Manifest = NonNullable<Export['manifest']>;
type Dataset = Export['dataset'];

const OF_AN_INSTANT = [
  'partners',
  'projects',
  'groups',
  'members',
  'devices',
  'licenses',
  'allotments',
  'assignments',
] as const satisfies readonly Dataset[];
const OF_A_PERIOD = ['usage_of_projects', 'usage_of_groups', 'events'] as const satisfies readonly Dataset[];
const FORMATS = ['csv', 'xlsx', 'ndjson', 'parquet'] as const satisfies readonly Export['format'][];
const WINDOWS = ['none', 'P1D', 'P1W', 'P1M'] as const;

const COLORS = { queued: 'blue', running: 'blue', done: 'teal', failed: 'red' } as const;
const ASK_AGAIN_MS = 1_000;

const isOfPeriod = (dataset: Dataset): boolean => (OF_A_PERIOD as readonly Dataset[]).includes(dataset);
const isUnfinished = ({ status }: Export): boolean => status === 'queued' || status === 'running';

/** Files of rows about the past. */
export function Exports() {
  const { t, i18n } = useTranslation();
  const zone = zoneOf(useMe());
  const { data } = useSuspenseQuery({
    queryKey: ['exports'],
    queryFn: () => must(api.GET('/api/v1/exports')),
    refetchInterval: ({ state }) => (state.data?.items.some(isUnfinished) === true ? ASK_AGAIN_MS : false),
  });
  const [isOrdering, setIsOrdering] = useState(false);
  const [manifest, setManifest] = useState<Manifest | null>(null);
  const save = useChange({
    send: (exported: Export) => saveFile(exported),
    saysRefusal: true,
  });
  const remove = useChange({
    send: (exportId: string) => must(api.DELETE('/api/v1/exports/{exportId}', { params: { path: { exportId } } })),
    done: () => t('administration.removed'),
    saysRefusal: true,
  });
  const at = (instant: string): string => instantText(instant, zone, i18n.language);
  return (
    <Stack>
      <PageTitle title={t('titles.exports')} about={t('exports.about')}>
        <Button onClick={() => setIsOrdering(true)}>{t('exports.order')}</Button>
      </PageTitle>
      <Rows
        label={t('titles.exports')}
        rows={data.items}
        keyOf={({ exportId }) => exportId}
        empty={t('exports.empty')}
        minWidth={760}
        columns={[
          {
            title: t('exports.dataset'),
            cell: ({ dataset, format }) => `${t(`exports.datasets.${dataset}`)} (${format.toUpperCase()})`,
          },
          { title: t('exports.ordered'), cell: ({ createdAt }) => at(createdAt) },
          {
            title: t('common.status'),
            cell: ({ status, reason, rows }) => (
              <>
                <Badge variant="light" color={COLORS[status]} tt="none">
                  {t(`exports.states.${status}`)}
                </Badge>
                <Text size="xs" c="dimmed">
                  {reason ?? t('exports.rows', { count: rows })}
                </Text>
              </>
            ),
          },
          { title: t('exports.removed'), cell: ({ expiresAt }) => at(expiresAt) },
          {
            title: '',
            cell: (row) => {
              const of = `${t(`exports.datasets.${row.dataset}`)} ${at(row.createdAt)}`;
              return (
                <Group gap="xs" justify="end" wrap="nowrap">
                  {row.manifest !== null && (
                    <>
                      <RowButton of={of} loading={save.isPending} onClick={() => save.mutate(row)}>
                        {t('exports.download')}
                      </RowButton>
                      <RowButton of={of} onClick={() => setManifest(row.manifest)}>
                        {t('exports.manifest')}
                      </RowButton>
                    </>
                  )}
                  <RowButton of={of} onClick={() => remove.mutate(row.exportId)}>
                    {t('common.remove')}
                  </RowButton>
                </Group>
              );
            },
          },
        ]}
      />
      {isOrdering && <OrderForm onClose={() => setIsOrdering(false)} />}
      {manifest !== null && <ShowManifest manifest={manifest} at={at} onClose={() => setManifest(null)} />}
    </Stack>
  );
}

/** The download needs the access token, so the page asks for the file and hands it to the browser. */
async function saveFile({ exportId, manifest }: Export): Promise<void> {
  for (const { name } of manifest?.files ?? []) {
    const params = { path: { exportId, file: name } };
    const content = await must(api.GET('/api/v1/exports/{exportId}/files/{file}', { params, parseAs: 'blob' }));
    download(name, content);
  }
}

interface Order {
  readonly dataset: Dataset;
  readonly format: Export['format'];
  readonly at: string | null;
  readonly from: string | null;
  readonly to: string | null;
  readonly window: (typeof WINDOWS)[number];
  readonly filter: string;
}

function OrderForm({ onClose }: { readonly onClose: () => void }) {
  const { t } = useTranslation();
  const form = useForm<Order>({
    initialValues: {
      dataset: 'groups',
      format: 'csv',
      at: null as string | null,
      from: null as string | null,
      to: null as string | null,
      window: 'P1M',
      filter: '',
    },
  });
  const zone = zoneOf(useMe());
  const words = useCalendarWords();
  const { dataset } = form.values;
  const isUse = dataset.startsWith('usage');
  const change = useChange({
    send: (values: Order, key) => {
      const { at, from, to, window, filter } = values;
      const body = {
        dataset: values.dataset,
        format: values.format,
        ...(filter !== '' && { filter }),
        ...(isOfPeriod(values.dataset)
          ? { from: startOfDay(from ?? '', zone), to: endOfDay(to ?? '', zone) }
          : at !== null && { at: instantOf(at, zone) }),
        ...(isUse && { window }),
      };
      return must(api.POST('/api/v1/exports', { params: { header: { 'Idempotency-Key': key } }, body }));
    },
    onDone: onClose,
  });
  return (
    <FormModal
      title={t('exports.order')}
      onClose={onClose}
      change={change}
      input={form.values}
      submit={t('exports.submit')}
    >
      <Select
        label={t('exports.dataset')}
        data={[
          { group: t('exports.ofAnInstant'), items: optionsOf(OF_AN_INSTANT) },
          { group: t('exports.ofAPeriod'), items: optionsOf(OF_A_PERIOD) },
        ]}
        allowDeselect={false}
        {...form.getInputProps('dataset')}
      />
      <Select
        label={t('exports.format')}
        data={FORMATS.map((value) => ({ value, label: t(`exports.formats.${value}`) }))}
        allowDeselect={false}
        {...form.getInputProps('format')}
      />
      {isOfPeriod(dataset) ? (
        <>
          <DayInput label={t('exports.from')} required {...form.getInputProps('from')} />
          <DayInput label={t('exports.to')} required {...form.getInputProps('to')} />
        </>
      ) : (
        <DateTimePicker
          label={t('exports.at')}
          description={t('exports.atHint')}
          clearable
          {...words}
          {...form.getInputProps('at')}
        />
      )}
      {isUse && (
        <Select
          label={t('exports.window')}
          data={WINDOWS.map((value) => ({ value, label: t(`exports.windows.${value}`) }))}
          allowDeselect={false}
          {...form.getInputProps('window')}
        />
      )}
      <TextInput label={t('exports.filter')} description={t('exports.filterHint')} {...form.getInputProps('filter')} />
    </FormModal>
  );

  function optionsOf(datasets: readonly Dataset[]) {
    return datasets.map((value) => ({ value, label: t(`exports.datasets.${value}`) }));
  }
}

interface ShowManifestProps {
  readonly manifest: Manifest;
  readonly at: (instant: string) => string;
  readonly onClose: () => void;
}

/** The contents of the files, for checking them. */
function ShowManifest({ manifest, at, onClose }: ShowManifestProps) {
  const { t, i18n } = useTranslation();
  const number = new Intl.NumberFormat(i18n.language);
  return (
    <Modal
      opened
      onClose={onClose}
      size="lg"
      title={t('exports.manifest')}
      closeButtonProps={{ 'aria-label': t('common.close') }}
    >
      <Stack>
        <Text size="sm">
          {t('exports.asOf', { at: at(manifest.at) })} {manifest.final ? t('exports.final') : t('exports.notFinal')}
        </Text>
        {manifest.files.map(({ name, rows, bytes, sha256 }) => (
          <div key={name}>
            <Text fw={500}>{name}</Text>
            <Text size="sm">
              {t('exports.rows', { count: rows })}, {t('exports.bytes', { bytes: number.format(bytes) })}
            </Text>
            <Text size="sm">SHA-256</Text>
            <Code block style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>
              {sha256}
            </Code>
          </div>
        ))}
        <Rows
          label={t('exports.columns')}
          rows={manifest.schema}
          keyOf={({ name }) => name}
          minWidth={280}
          columns={[
            {
              title: t('exports.column'),
              isHead: true,
              cell: ({ name }) => (
                <Text span inherit ff="monospace">
                  {name}
                </Text>
              ),
            },
            { title: t('common.type'), cell: ({ type }) => type },
          ]}
        />
      </Stack>
    </Modal>
  );
}
