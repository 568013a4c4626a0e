import { Select, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useTranslation } from 'react-i18next';
import { api, must, type ItemOf } from '../api/client.js';
import { useMe } from '../api/access.js';
import { FormModal } from '../parts/form-modal.js';
import { useChange } from '../parts/use-change.js';
import type { Person, Place } from './places.js';
import { roleName } from './role-name.js';

type Role = ItemOf<'/api/v1/roles'>;

interface RoleFieldProps {
  readonly place: Place;
  readonly roles: readonly Role[];
  readonly value: string;
  readonly onChange: (role: string) => void;
}

/** Roles with no more than the person who is signed in holds: nobody gives what they lack. */
function RoleField({ place, roles, value, onChange }: RoleFieldProps) {
  const { t } = useTranslation();
  const { permissions } = useMe();
  const given = roles.filter(
    (role) =>
      (role.custom || place.builtInRoles.includes(role.roleId)) &&
      role.permissions.every((permission) => permissions.includes(permission)),
  );
  return (
    <Select
      label={t('common.role')}
      description={t('people.roleHint')}
      data={given.map((role) => ({ value: role.roleId, label: roleName(role, t) }))}
      value={value}
      onChange={(role) => role !== null && onChange(role)}
      allowDeselect={false}
      required
    />
  );
}

interface AddPersonProps {
  readonly place: Place;
  readonly roles: readonly Role[];
  readonly onClose: () => void;
}

/** Adds an administrator to a partner, or invites somebody to a project. */
export function AddPerson({ place, roles, onClose }: AddPersonProps) {
  const { t } = useTranslation();
  const isPartner = place.kind === 'partner';
  const form = useForm({ initialValues: { name: '', email: '', role: place.builtInRoles[0] ?? '' } });
  const change = useChange({
    send: (person: typeof form.values, key) => {
      const header = { 'Idempotency-Key': key };
      if (isPartner) {
        const params = { path: { partnerId: place.id }, header };
        return must(api.POST('/api/v1/partners/{partnerId}/administrators', { params, body: person }));
      }
      const params = { path: { p: place.id, g: place.id }, header };
      const body = { invitations: [person] };
      return must(api.POST('/api/v1/projects/{p}/groups/{g}/invitations', { params, body }));
    },
    done: ({ email }) => (isPartner ? t('people.added') : t('people.invited', { email })),
    onDone: onClose,
  });
  return (
    <FormModal
      title={isPartner ? t('people.add') : t('people.invite')}
      onClose={onClose}
      change={change}
      input={form.values}
      submit={isPartner ? t('common.add') : t('people.sendInvitation')}
    >
      <TextInput label={t('common.name')} required data-autofocus {...form.getInputProps('name')} />
      <TextInput label={t('common.email')} type="email" required {...form.getInputProps('email')} />
      <RoleField
        place={place}
        roles={roles}
        value={form.values.role}
        onChange={(role) => form.setFieldValue('role', role)}
      />
      {!isPartner && (
        <Text size="sm" c="dimmed">
          {t('people.inviteHint')}
        </Text>
      )}
    </FormModal>
  );
}

interface ChangeRoleProps extends AddPersonProps {
  readonly person: Person;
}

export function ChangeRole({ place, person, roles, onClose }: ChangeRoleProps) {
  const { t } = useTranslation();
  const form = useForm({ initialValues: { role: person.role } });
  const change = useChange({
    send: ({ role }: typeof form.values, key) => {
      const body = { name: person.name, email: person.email ?? '', role };
      const header = { 'Idempotency-Key': key };
      if (place.kind === 'partner') {
        const params = { path: { partnerId: place.id }, header };
        return must(api.POST('/api/v1/partners/{partnerId}/administrators', { params, body }));
      }
      const params = { path: { p: place.id, g: place.id }, header };
      return must(api.POST('/api/v1/projects/{p}/groups/{g}/members', { params, body }));
    },
    done: () => t('administration.saved'),
    onDone: onClose,
  });
  return (
    <FormModal
      title={t('people.roleOf', { name: person.name })}
      onClose={onClose}
      change={change}
      input={form.values}
      submit={t('common.save')}
    >
      <RoleField
        place={place}
        roles={roles}
        value={form.values.role}
        onChange={(role) => form.setFieldValue('role', role)}
      />
    </FormModal>
  );
}

interface RemovePersonProps {
  readonly place: Place;
  readonly person: Person;
  readonly onClose: () => void;
}

export function RemovePerson({ place, person, onClose }: RemovePersonProps) {
  const { t } = useTranslation();
  const change = useChange({
    send: (_input: null, key) => {
      const header = { 'Idempotency-Key': key };
      if (place.kind === 'partner') {
        const params = { path: { partnerId: place.id, userId: person.userId }, header };
        return must(api.DELETE('/api/v1/partners/{partnerId}/administrators/{userId}', { params }));
      }
      const params = { path: { p: place.id, g: place.id, memberId: person.id }, header };
      return must(api.DELETE('/api/v1/projects/{p}/groups/{g}/members/{memberId}', { params }));
    },
    done: () => t('administration.removed'),
    onDone: onClose,
  });
  return (
    <FormModal
      title={t('people.removeTitle', { name: person.name })}
      onClose={onClose}
      change={change}
      input={null}
      submit={t('common.remove')}
      isDangerous
    >
      <Text size="sm">{t(place.kind === 'partner' ? 'people.removePartnerHint' : 'people.removeHint')}</Text>
    </FormModal>
  );
}
