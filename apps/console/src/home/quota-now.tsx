import { Alert, Group, Paper, Progress, Stack, Text, Title } from '@mantine/core';
import { useSuspenseQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { quotaQuery } from '../groups/quota-query.js';
import { limitText, RESOURCES } from '../parts/limit-text.js';

const share = (consumed: number, limit: number | null): number =>
  limit === null ? 0 : limit === 0 ? 100 : Math.min(100, (100 * consumed) / limit);

/** The limits of a group now, its use, and the features that are switched on. */
export function QuotaNow({ projectId, groupId }: { readonly projectId: string; readonly groupId: string }) {
  const { t } = useTranslation();
  const { data: quota } = useSuspenseQuery(quotaQuery(projectId, groupId));
  return (
    <Stack gap="xs">
      <Title order={2} size="h4">
        {t('home.use')}
      </Title>
      {RESOURCES.map((resource) => {
        const { consumed, effectiveLimit, suspended } = quota.resources[resource];
        const used = t('home.ofLimit', { used: consumed, limit: limitText(effectiveLimit, t) });
        return (
          <Paper key={resource} withBorder p="sm">
            <Group justify="space-between" gap="xs">
              <Text>{t(`resources.${resource}`)}</Text>
              <Text className="numbers">{used}</Text>
            </Group>
            {effectiveLimit !== null && (
              <Progress
                mt={6}
                value={share(consumed, effectiveLimit)}
                aria-label={`${t(`resources.${resource}`)}: ${used}`}
              />
            )}
            {suspended > 0 && (
              <Alert color="orange" mt="xs" p="xs">
                {t('home.suspended', { count: suspended })}
              </Alert>
            )}
          </Paper>
        );
      })}
      <Text size="sm">
        {quota.features.on.length === 0
          ? t('home.noFeatures')
          : t('home.features', { names: quota.features.on.map((feature) => t(`features.${feature}`)).join(', ') })}
      </Text>
    </Stack>
  );
}
