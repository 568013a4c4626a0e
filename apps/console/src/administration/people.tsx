import { Badge, Button, Group, Select, Stack, Text, Title } from '@mantine/core';
import { useSuspenseQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useDeferredValue, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { ItemOf } from '../api/client.js';
import { holds, topOf, useMe } from '../api/access.js';
import { PageTitle } from '../parts/page-title.js';
import { RowButton } from '../parts/row-button.js';
import { Rows } from '../parts/rows.js';
import { AccountStatus } from './account-status.js';
import { Invitations } from './invitations.js';
import { AddPerson, ChangeRole, RemovePerson } from './person-forms.js';
import { placesQuery, peopleQuery, rolesQuery, type Person, type Place } from './places.js';
import { roleNameOf } from './role-name.js';

interface Window {
  readonly kind: 'role' | 'remove' | 'account';
  readonly person: Person;
}

/** Who has a role at a partner or in a project, and who is invited. */
export function People() {
  const { t } = useTranslation();
  const self = useMe();
  const { place: wanted } = useSearch({ from: '/inside/people' });
  const navigate = useNavigate({ from: '/people' });
  const { data: known } = useSuspenseQuery(placesQuery(holds(self, 'partners:read')));
  // Who has a role in the whole of a project is not shown to people with a role in a part of it.
  const places = known.filter(({ kind, id }) => kind === 'partner' || topOf(self, id) === id);
  const chosen = places.find(({ key }) => key === wanted) ?? places[0];
  const shown = useDeferredValue(chosen);
  if (shown === undefined)
    return (
      <Stack>
        <PageTitle title={t('titles.people')} />
        <Text c="dimmed">{t('people.nowhere')}</Text>
      </Stack>
    );
  const options = (kind: Place['kind']) =>
    places.filter((each) => each.kind === kind).map(({ key, name }) => ({ value: key, label: name }));
  return (
    <Stack>
      <PageTitle title={t('titles.people')} about={t('people.about')} />
      <Select
        label={t('people.place')}
        data={[
          { group: t('partners.title'), items: options('partner') },
          { group: t('projects.title'), items: options('project') },
        ].filter(({ items }) => items.length > 0)}
        value={chosen?.key ?? null}
        onChange={(place) => void navigate({ search: place === null ? {} : { place } })}
        allowDeselect={false}
        searchable
        maw={360}
      />
      <PeopleOf key={shown.key} place={shown} />
    </Stack>
  );
}

function PeopleOf({ place }: { readonly place: Place }) {
  const { t } = useTranslation();
  const self = useMe();
  const canManage = holds(self, place.kind === 'partner' ? 'partners:manage' : 'members:manage');
  const { data: people } = useSuspenseQuery(peopleQuery(place));
  const { data: roles } = useSuspenseQuery(rolesQuery(place.tenantId, holds(self, 'roles:read')));
  const [isAdding, setIsAdding] = useState(false);
  const [open, setOpen] = useState<Window | null>(null);
  return (
    <Stack>
      <Group justify="space-between">
        <Title order={2} size="h4">
          {place.name}
        </Title>
        {canManage && (
          <Button onClick={() => setIsAdding(true)}>
            {place.kind === 'partner' ? t('people.add') : t('people.invite')}
          </Button>
        )}
      </Group>
      <Rows
        label={t('titles.people')}
        rows={people}
        keyOf={({ id }) => id}
        empty={place.kind === 'partner' ? t('people.emptyPartner') : t('people.empty')}
        columns={[
          {
            title: t('common.name'),
            cell: ({ name, email, userId }) => (
              <>
                {name} {userId === self.userId && <Badge tt="none">{t('administration.you')}</Badge>}
                <Text size="xs" c="dimmed">
                  {email}
                </Text>
              </>
            ),
          },
          { title: t('common.role'), cell: ({ role }) => roleNameOf(role, roles, t) },
          {
            title: '',
            cell: (person) => <Actions person={person} canManage={canManage} onChoose={setOpen} />,
          },
        ]}
      />
      {place.kind === 'project' && <Invitations projectId={place.id} roles={roles} canManage={canManage} />}
      {isAdding && <AddPerson place={place} roles={roles} onClose={() => setIsAdding(false)} />}
      {open !== null && <OpenWindow {...open} place={place} roles={roles} onClose={() => setOpen(null)} />}
    </Stack>
  );
}

interface ActionsProps {
  readonly person: Person;
  readonly canManage: boolean;
  readonly onChoose: (window: Window) => void;
}

function Actions({ person, canManage, onChoose }: ActionsProps) {
  const { t } = useTranslation();
  const { serverAdministrator } = useMe();
  return (
    <Group gap="xs" justify="end" wrap="nowrap">
      {canManage && (
        <>
          <RowButton of={person.name} onClick={() => onChoose({ kind: 'role', person })}>
            {t('people.changeRole')}
          </RowButton>
          <RowButton of={person.name} onClick={() => onChoose({ kind: 'remove', person })}>
            {t('common.remove')}
          </RowButton>
        </>
      )}
      {serverAdministrator && (
        <RowButton of={person.name} onClick={() => onChoose({ kind: 'account', person })}>
          {t('people.account')}
        </RowButton>
      )}
    </Group>
  );
}

interface OpenWindowProps extends Window {
  readonly place: Place;
  readonly roles: readonly ItemOf<'/api/v1/roles'>[];
  readonly onClose: () => void;
}

function OpenWindow({ kind, place, person, roles, onClose }: OpenWindowProps) {
  if (kind === 'role') return <ChangeRole place={place} person={person} roles={roles} onClose={onClose} />;
  if (kind === 'remove') return <RemovePerson place={place} person={person} onClose={onClose} />;
  return <AccountStatus person={person} onClose={onClose} />;
}
