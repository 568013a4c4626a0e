import { Badge, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { ItemOf } from '../api/client.js';

type Endpoint = ItemOf<'/api/v1/webhook-endpoints'>;

const COLORS = { active: 'teal', paused: 'blue', disabled: 'red' } as const;

/** Whether events are sent to an endpoint, and why not. */
export function EndpointStatus({ endpoint }: { readonly endpoint: Pick<Endpoint, 'status' | 'disabledReason'> }) {
  const { t } = useTranslation();
  const { status, disabledReason } = endpoint;
  return (
    <>
      <Badge variant="light" color={COLORS[status]} tt="none">
        {t(`webhooks.states.${status}`)}
      </Badge>
      {disabledReason !== null && (
        <Text size="xs" c="dimmed">
          {t(`webhooks.reasons.${disabledReason}`)}
        </Text>
      )}
    </>
  );
}
