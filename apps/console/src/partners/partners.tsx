import { Anchor, Button, Group, Select, Stack, TextInput, Title } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useDisclosure } from '@mantine/hooks';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useHolds } from '../api/access.js';
import { api, must, type ItemOf } from '../api/client.js';
import { FormModal } from '../parts/form-modal.js';
import { Rows, usePages } from '../parts/rows.js';
import { StatusBadge } from '../parts/status-badge.js';
import { useChange } from '../parts/use-change.js';
import { inTreeOrder } from './tree-order.js';

type PartnerRow = ItemOf<'/api/v1/partners'>;

const KINDS = ['distributor', 'dealer', 'management_company'] as const;

/** The tree of partners, each below the one it belongs to. */
export function Partners() {
  const { t } = useTranslation();
  const [isCreating, creating] = useDisclosure(false);
  const canCreate = useHolds('partners:manage');
  const { rows, more } = usePages(['partners'], (page) =>
    must(api.GET('/api/v1/partners', { params: { query: page } })),
  );
  return (
    <Stack>
      <Group justify="space-between">
        <Title order={1} size="h2">
          {t('partners.title')}
        </Title>
        {canCreate && <Button onClick={creating.open}>{t('partners.create')}</Button>}
      </Group>
      <Rows
        label={t('partners.title')}
        rows={inTreeOrder(rows)}
        keyOf={({ partner }) => partner.partnerId}
        empty={t('partners.empty')}
        more={more}
        minWidth={480}
        columns={[
          {
            title: t('common.name'),
            isHead: true,
            cell: ({ partner: { partnerId, name }, level }) => (
              <Anchor
                component={Link}
                to={`/partners/${partnerId}`}
                size="sm"
                ml={`calc(${level} * var(--mantine-spacing-lg))`}
              >
                {name}
              </Anchor>
            ),
          },
          { title: t('partners.kind'), cell: ({ partner: { kind } }) => t(`partners.kinds.${kind}`) },
          { title: t('common.status'), cell: ({ partner: { status } }) => <StatusBadge status={status} /> },
        ]}
      />
      {isCreating && <CreatePartner partners={rows} onClose={creating.close} />}
    </Stack>
  );
}

interface CreatePartnerProps {
  readonly partners: readonly PartnerRow[];
  readonly onClose: () => void;
}

interface NewPartner {
  readonly name: string;
  readonly kind: (typeof KINDS)[number];
  readonly parentPartnerId: string | null;
  readonly adminName: string;
  readonly adminEmail: string;
}

function CreatePartner({ partners, onClose }: CreatePartnerProps) {
  const { t } = useTranslation();
  const form = useForm<NewPartner>({
    initialValues: { name: '', kind: 'dealer', parentPartnerId: null, adminName: '', adminEmail: '' },
  });
  const change = useChange({
    send: ({ name, kind, parentPartnerId, adminName, adminEmail }: typeof form.values, key) => {
      const administrator = { name: adminName, email: adminEmail };
      const body = { name, kind, administrator, ...(parentPartnerId !== null && { parentPartnerId }) };
      return must(api.POST('/api/v1/partners', { body, params: { header: { 'Idempotency-Key': key } } }));
    },
    onDone: onClose,
  });
  return (
    <FormModal
      title={t('partners.create')}
      onClose={onClose}
      change={change}
      input={form.values}
      submit={t('common.add')}
    >
      <TextInput label={t('common.name')} required data-autofocus {...form.getInputProps('name')} />
      <Select
        label={t('partners.kind')}
        data={KINDS.map((kind) => ({ value: kind, label: t(`partners.kinds.${kind}`) }))}
        allowDeselect={false}
        {...form.getInputProps('kind')}
      />
      <Select
        label={t('partners.above')}
        data={partners.map(({ partnerId, name }) => ({ value: partnerId, label: name }))}
        clearable
        searchable
        {...form.getInputProps('parentPartnerId')}
      />
      <TextInput label={t('partners.administratorName')} required {...form.getInputProps('adminName')} />
      <TextInput label={t('partners.administratorEmail')} type="email" required {...form.getInputProps('adminEmail')} />
    </FormModal>
  );
}
