import { Alert, Autocomplete, Button, Group, PasswordInput, Stack, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useDisclosure } from '@mantine/hooks';
import { useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { api, must } from '../api/client.js';
import { useMe } from '../api/access.js';
import { me } from '../api/me.js';
import { NewPassword } from '../links/new-password.js';
import { FormModal } from '../parts/form-modal.js';
import { ProblemText } from '../parts/problem-text.js';
import { useChange } from '../parts/use-change.js';

const zones = (): string[] => Intl.supportedValuesOf('timeZone');

/** Name and time zone of somebody, and their password. */
export function OwnDetails() {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const self = useMe();
  const form = useForm({ initialValues: { name: self.name ?? '', timeZone: self.timeZone ?? '' } });
  const [isChanging, changing] = useDisclosure(false);
  const change = useChange({
    send: async ({ name, timeZone }: typeof form.values, key) => {
      const body = { name, ...(timeZone !== '' && { timeZone }) };
      await must(api.PATCH('/api/v1/me', { params: { header: { 'Idempotency-Key': key } }, body }));
      await queries.invalidateQueries(me);
    },
    done: () => t('administration.saved'),
  });
  return (
    <form onSubmit={form.onSubmit((values) => change.mutate(values))}>
      <Stack maw={360}>
        <TextInput label={t('self.name')} autoComplete="name" required {...form.getInputProps('name')} />
        <Autocomplete
          label={t('self.timeZone')}
          description={t('self.timeZoneHint')}
          data={zones()}
          limit={30}
          {...form.getInputProps('timeZone')}
        />
        {change.error !== null && (
          <Alert color="red" role="alert">
            <ProblemText error={change.error} />
          </Alert>
        )}
        <Group>
          <Button type="submit" loading={change.isPending}>
            {t('common.save')}
          </Button>
          <Button variant="default" onClick={changing.open}>
            {t('self.changePassword')}
          </Button>
        </Group>
      </Stack>
      {isChanging && <ChangePassword onClose={changing.close} />}
    </form>
  );
}

function ChangePassword({ onClose }: { readonly onClose: () => void }) {
  const { t } = useTranslation();
  const form = useForm({ initialValues: { currentPassword: '', newPassword: '' } });
  const change = useChange({
    send: (body: typeof form.values) => must(api.POST('/api/v1/me/password', { body })),
    done: () => t('self.passwordChanged'),
    onDone: onClose,
  });
  return (
    <FormModal
      title={t('self.changePassword')}
      onClose={onClose}
      change={change}
      input={form.values}
      submit={t('links.savePassword')}
    >
      <PasswordInput
        label={t('self.currentPassword')}
        autoComplete="current-password"
        required
        data-autofocus
        {...form.getInputProps('currentPassword')}
      />
      <NewPassword
        label={t('self.newPassword')}
        value={form.values.newPassword}
        onChange={(value) => form.setFieldValue('newPassword', value)}
        error={change.error}
      />
    </FormModal>
  );
}
