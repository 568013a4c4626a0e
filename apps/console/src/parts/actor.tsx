import { Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { useMe } from '../api/access.js';
import { actorNameQuery } from '../api/names.js';

interface ActorProps {
  /** `user:<id>`, `service:<name>` or `unknown` */
  readonly actor: string;
  /** Partners whose administrators it can be. */
  readonly partnerIds?: readonly string[];
  /** Shown where the reader sees no name. */
  readonly otherwise?: string;
}

const ADMINISTRATOR = 'server-administrator';
/** The command line on the server itself. */
const TOOLS = 'local-tools';

/** Who did something: a person, a machine or the system itself; by name, where the reader may see it. */
export function Actor({ actor, partnerIds = [], otherwise }: ActorProps) {
  const { t } = useTranslation();
  const self = useMe();
  const id = actor.startsWith('user:') ? actor.slice('user:'.length) : null;
  if (id === null) return actor.startsWith('service:') ? t('actors.system') : t('actors.signedOut');
  if (id === self.userId) return t('actors.you');
  if (id === ADMINISTRATOR) return t('roles.server_administrator');
  if (id === TOOLS) return t('actors.tools');
  return <Person id={id} partnerIds={partnerIds} otherwise={otherwise} />;
}

interface PersonProps {
  readonly id: string;
  readonly partnerIds: readonly string[];
  readonly otherwise: string | undefined;
}

function Person({ id, partnerIds, otherwise }: PersonProps) {
  const { t } = useTranslation();
  const { data, isPending } = useQuery(actorNameQuery(useMe(), id, partnerIds));
  if (isPending) return '…';
  if (data === null || data === undefined)
    return (
      <Text component="span" inherit c="dimmed">
        {otherwise ?? t('actors.hidden')}
      </Text>
    );
  return (
    <span style={{ overflowWrap: 'anywhere' }}>
      {data.kind === 'key' ? t('actors.key', { name: data.name }) : data.name}
    </span>
  );
}
