import { Stack, Title, UnstyledButton, Group, Paper, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { api, must } from '../api/client.js';
import { usePages } from '../parts/rows.js';

interface GroupsBelowProps {
  readonly projectId: string;
  readonly groupId: string;
  readonly onOpen: (groupId: string) => void;
}

/** The groups directly below, each opens its own page. */
export function GroupsBelow({ projectId, groupId, onOpen }: GroupsBelowProps) {
  const { t } = useTranslation();
  const { rows, more } = usePages(['groups below', projectId, groupId], (page) => {
    const params = { path: { p: projectId }, query: { ...page, parentId: groupId } };
    return must(api.GET('/api/v1/projects/{p}/groups', { params }));
  });
  if (rows.length === 0) return null;
  return (
    <Stack gap="xs">
      <Title order={2} size="h4">
        {t('home.below')}
      </Title>
      {rows.map((group) => (
        <Paper key={group.groupId} withBorder>
          <UnstyledButton p="sm" w="100%" onClick={() => onOpen(group.groupId)}>
            <Group justify="space-between" wrap="nowrap">
              <Text style={{ overflowWrap: 'anywhere' }}>{group.name}</Text>
              <Text size="xs" c="dimmed">
                {t(`types.${group.type}`)}
              </Text>
            </Group>
          </UnstyledButton>
        </Paper>
      ))}
      {more}
    </Stack>
  );
}
